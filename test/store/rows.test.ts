import { expect, test } from 'vitest';
import {
  epoch,
  executionId,
  generation,
  hostName,
  incarnationId,
  methodId,
  nonce,
  packageHash,
  rackName,
  snapshotDigest,
  term,
} from '../../src/core/ids.ts';
import type { LeaseRow } from '../../src/protocols/lease/row.ts';
import type { RegisterRow } from '../../src/protocols/ownership/register.ts';
import type { SeatRow } from '../../src/protocols/seats/candidate.ts';
import { rowCodecs, RowUnreadableError } from '../../src/store/rows.ts';

const lease: LeaseRow = {
  host: {
    name: hostName('h1'),
    incarnation: incarnationId('h1.1'),
    rack: rackName('r1'),
    address: '127.0.0.1:1',
  },
  phase: 'live',
  renewals: 7,
};
const register: RegisterRow = {
  execution: executionId('x-1'),
  method: { package: packageHash('p'), method: methodId('a.ts#m') },
  deployment: {
    durable: false,
    deathsMax: 9,
    host: hostName('h1'),
    affinity: {
      hosts: [],
      racks: [rackName('r1')],
      labels: ['gpu'],
      near: [methodId('b.ts#n')],
      apart: [methodId('a.ts#m')],
      data: ['orders'],
      matching: 1,
      otherwise: 0.5,
    },
  },
  parent: { execution: executionId('x-0'), epoch: epoch(2), generation: generation(1) },
  owner: incarnationId('h1.1'),
  epoch: epoch(3),
  generation: generation(2),
  nonce: nonce('n'),
  recovery: {
    kind: 'snapshot',
    vaultKey: 'snapshot/x-1/3-a',
    digest: snapshotDigest('d'),
    epoch: epoch(3),
    generation: generation(2),
    effectSequence: 4,
  },
  deaths: 0,
  standing: {
    phase: 'settled',
    result: { vaultKey: 'result/x-1', outcome: 'threw', endedAtMs: 5 },
    fate: 'read',
  },
};
const seat: SeatRow = {
  seat: 'rack/r1',
  standing: 'held',
  holder: incarnationId('h1.1'),
  term: term(2),
  nonce: nonce('n'),
};

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('every kind of row comes back as it was', () => {
  const { leases, registers, seats } = rowCodecs;
  expect(leases.decode('k', leases.encode(lease))).toEqual(lease);
  expect(registers.decode('k', registers.encode(register))).toEqual(register);
  const fresh: RegisterRow = {
    ...register,
    parent: null,
    recovery: { kind: 'arguments', vaultKey: 'arguments/x-1' },
    standing: { phase: 'live' },
  };
  expect(registers.decode('k', registers.encode(fresh))).toEqual(fresh);
  expect(seats.decode('k', seats.encode(seat))).toEqual(seat);
});

test('a register that was written before nearness could be declared asks for none', () => {
  const { hosts, racks, labels, matching, otherwise } = register.deployment.affinity;
  const old = { hosts, racks, labels, matching, otherwise };
  const row = { ...register, deployment: { ...register.deployment, affinity: old } };
  expect(rowCodecs.registers.decode('k', bytesOf({ version: 1, row })).deployment.affinity).toEqual({
    ...old,
    near: [],
    apart: [],
    data: [],
  });
});

const written = (row: unknown): { version: number; row: Record<string, unknown> } => ({
  version: 1,
  row: structuredClone(row) as Record<string, unknown>,
});

test('rows are written at version 1', () => {
  expect(JSON.parse(new TextDecoder().decode(rowCodecs.seats.encode(seat)))).toEqual(written(seat));
});

const { leases, registers, seats } = rowCodecs;
const refused: readonly (readonly [
  string,
  typeof leases | typeof registers | typeof seats,
  unknown,
  string,
])[] = [
  ['a later version', leases, { ...written(lease), version: 2 }, 'version'],
  ['no version', leases, lease, 'version'],
  ['an unknown phase', leases, { ...written({ ...lease, phase: 'paused' }) }, 'row.phase'],
  ['half a renewal', leases, { ...written({ ...lease, renewals: 0.5 }) }, 'row.renewals'],
  [
    'a host without an address',
    leases,
    written({ ...lease, host: { ...lease.host, address: '' } }),
    'row.host.address',
  ],
  ['a key too many', seats, written({ ...seat, since: 1 }), 'row.since'],
  ['a term below 0', seats, written({ ...seat, term: -1 }), 'row.term'],
  ['no owner', registers, written({ ...register, owner: '' }), 'row.owner'],
  ['an epoch as text', registers, written({ ...register, epoch: '3' }), 'row.epoch'],
  [
    'an unknown recovery',
    registers,
    written({ ...register, recovery: { kind: 'log', vaultKey: 'v' } }),
    'row.recovery.kind',
  ],
  [
    'a snapshot without a digest',
    registers,
    written({ ...register, recovery: { ...register.recovery, digest: '' } }),
    'row.recovery.digest',
  ],
  [
    'a result without an outcome',
    registers,
    written({ ...register, standing: { phase: 'settled', result: { vaultKey: 'v' } } }),
    'row.standing.result.outcome',
  ],
];

test.each(refused)('%s is refused, with key and path', (_name, codec, value, path) => {
  const read = (): unknown => codec.decode('execution/x-1', bytesOf(value));
  expect(read).toThrow(RowUnreadableError);
  expect(read).toThrow('Registry row execution/x-1 cannot be read');
  expect(read).toThrow(path);
});

test('bytes that are no JSON, or no text, are refused', () => {
  expect(() => leases.decode('lease/h1', new TextEncoder().encode('{'))).toThrow(RowUnreadableError);
  expect(() => leases.decode('lease/h1', Uint8Array.of(0xff, 0xfe))).toThrow(RowUnreadableError);
});
