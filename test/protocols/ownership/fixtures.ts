import {
  codeId,
  epoch,
  executionId,
  generation,
  hostName,
  incarnationId,
  methodId,
  migrationId,
  nonce,
  packageHash,
  snapshotDigest,
} from '../../../src/core/ids.ts';
import type { OwnershipAsk, OwnershipState } from '../../../src/protocols/ownership/ownership.ts';
import type { RegisterRow } from '../../../src/protocols/ownership/register.ts';

export const execution = executionId('x-1');
/** The host whose state is stepped. */
export const self = incarnationId('r1-h1.a1');
export const other = incarnationId('r1-h2.b1');
export const third = incarnationId('r1-h3.c1');
export const m1 = migrationId('m-1');
export const m2 = migrationId('m-2');
export const d1 = snapshotDigest('d1');
export const d2 = snapshotDigest('d2');
export const fresh = nonce('n-1');

export const tenure = { execution, epoch: epoch(1), generation: generation(1) };
export const method = { package: packageHash('p'), method: methodId('census.ts#census') };
export const cargo = {
  method,
  codeIds: [codeId('c')],
  estimatedBytes: 100,
  strategy: 'stopAndCopy',
} as const;

export const row: RegisterRow = {
  execution,
  method,
  deployment: {
    durable: false,
    deathsMax: 9,
    host: hostName('r1-h1'),
    affinity: { hosts: [], racks: [], labels: [], near: [], apart: [], data: [], matching: 1, otherwise: 1 },
  },
  parent: null,
  owner: self,
  epoch: epoch(1),
  generation: generation(1),
  nonce: nonce('n-0'),
  recovery: { kind: 'arguments', vaultKey: 'arguments/x-1' },
  deaths: 0,
  standing: { phase: 'live' },
};

/** The register after another host's claim. */
export const taken: RegisterRow = { ...row, owner: other, epoch: epoch(2), nonce: nonce('n-9') };
/** The same, with the new owner's first checkpoint. */
export const covered: RegisterRow = {
  ...taken,
  recovery: {
    kind: 'snapshot',
    vaultKey: 'checkpoint/x-1/2',
    digest: d2,
    epoch: epoch(2),
    generation: generation(1),
    effectSequence: 3,
  },
};

export const copy = { migration: m1, from: other, epoch: epoch(1), generation: generation(1), digest: d1 };
export const result = { vaultKey: 'result/x-1', outcome: 'returned', endedAtMs: null } as const;
export const point = {
  kind: 'snapshot',
  vaultKey: 'checkpoint/x-1/1',
  digest: d1,
  epoch: epoch(1),
  generation: generation(1),
  effectSequence: 2,
} as const;

const base = { execution, self };
const pointer = { owner: other, epoch: epoch(2) };
const expected = { nonce: fresh, epoch: epoch(1), generation: generation(1) };

export const states = {
  absent: { ...base, phase: 'absent', pointer: null },
  running: { ...base, phase: 'running', tenure, arrival: null, change: null },
  writing: {
    ...base,
    phase: 'running',
    tenure,
    arrival: null,
    change: { kind: 'checkpoint', point, proven: true },
  },
  freezing: { ...base, phase: 'freezing', tenure, migration: m1, request: fresh },
  frozen: { ...base, phase: 'frozen', tenure, migration: m1, digest: d1, sizeBytes: 100 },
  released: { ...base, phase: 'released', tenure, migration: m1, digest: d1 },
  receiving: { ...base, phase: 'receiving', copy },
  received: { ...base, phase: 'received', copy },
  retained: { ...base, phase: 'retained', tenure, pointer },
  settling: { ...base, phase: 'settling', tenure, result },
  settled: { ...base, phase: 'settled', result },
  restoring: { ...base, phase: 'restoring', tenure, point },
  ended: { ...base, phase: 'ended' },
  claimingMigration: {
    ...base,
    phase: 'claiming',
    claim: { kind: 'migration', owner: other, ...expected },
    copy: { kind: 'received', copy },
    migration: m1,
  },
  claimingBack: {
    ...base,
    phase: 'claiming',
    claim: { kind: 'takeBack', owner: self, ...expected },
    copy: { kind: 'own', tenure },
    migration: m1,
  },
  claimingRecovery: {
    ...base,
    phase: 'claiming',
    claim: { kind: 'recovery', owner: other, ...expected },
    copy: { kind: 'none' },
    migration: null,
  },
  claimingRecoveryFromCopy: {
    ...base,
    phase: 'claiming',
    claim: { kind: 'recovery', owner: other, ...expected, epoch: epoch(2) },
    copy: { kind: 'own', tenure },
    migration: null,
  },
  claimingStart: {
    ...base,
    phase: 'claiming',
    claim: { kind: 'start', nonce: row.nonce, row },
    copy: { kind: 'none' },
    migration: null,
  },
} as const satisfies Record<string, OwnershipState>;

export function asked(ask: OwnershipAsk) {
  return { kind: 'asked', ask, nonce: fresh } as const;
}

export function found(shown: RegisterRow | null) {
  return { kind: 'found', row: shown, revision: 7 } as const;
}
