import type { MethodRef, Tenure } from '../../core/execution.ts';
import { epoch, generation, hostOf } from '../../core/ids.ts';
import type {
  Epoch,
  ExecutionId,
  Generation,
  HostName,
  IncarnationId,
  Nonce,
  SnapshotDigest,
} from '../../core/ids.ts';
import type { AffinityDeclaration } from '../messages.ts';

/** Where a recovery starts from. There is one from the first write on, so no execution is ever without. */
export type RecoveryPoint =
  /** No checkpoint yet: the encoded arguments, which start the method from its beginning. */
  | { readonly kind: 'arguments'; readonly vaultKey: string }
  | {
      readonly kind: 'snapshot';
      readonly vaultKey: string;
      readonly digest: SnapshotDigest;
      /** The tenure under which it was captured. */
      readonly epoch: Epoch;
      readonly generation: Generation;
      /** The highest effect sequence that the snapshot covers; 0 when none. */
      readonly effectSequence: number;
    };

/** What its starter declared; it never changes. */
export interface Deployment {
  readonly host: HostName;
  readonly affinity: AffinityDeclaration;
  /** Whether all that it does waits for a durable checkpoint (rules 11, 12). */
  readonly durable: boolean;
  /** Deaths in a row after which it is quarantined; at least 1. */
  readonly deathsMax: number;
}

/** How an execution ended; the value (or the error) stands in the vault. */
export interface ResultPointer {
  readonly vaultKey: string;
  readonly outcome: 'returned' | 'threw';
  /** In store time; null where it is not known: then the result is kept for ever. */
  readonly endedAtMs: number | null;
}

/**
 * The register of one execution (rule 1): the only truth about who owns it. Only a compare-and-set changes it, and only
 * the changes below exist.
 */
export interface RegisterRow {
  readonly execution: ExecutionId;
  readonly method: MethodRef;
  /** Where it was first placed, and where it may go. */
  readonly deployment: Deployment;
  /** The tenure of the execution that started this one; null for one started from outside. */
  readonly parent: Tenure | null;
  readonly owner: IncarnationId;
  readonly epoch: Epoch;
  readonly generation: Generation;
  /** Which claim wrote owner and epoch. */
  readonly nonce: Nonce;
  readonly recovery: RecoveryPoint;
  /** How many hosts or lanes died with it on them, one after the other, since it last stood the test of some time. */
  readonly deaths: number;
  readonly standing:
    | { readonly phase: 'live' }
    | {
        readonly phase: 'settled';
        readonly result: ResultPointer;
        /** Whether somebody has read the result; and that the vault holds it no more. */
        readonly fate: 'unread' | 'read' | 'gone';
      }
    /** Nobody runs or recovers it until somebody releases it. Owner, epoch and generation stay as they were. */
    | { readonly phase: 'quarantined'; readonly reason: string }
    /** Released from quarantine: nobody runs it, and its owner, or whoever survives it, is to recover it. */
    | { readonly phase: 'released' };
}

/** Where registers stand in the registry; list or watch this prefix to find every execution. */
export const registerPrefix = 'execution/';

/** What every claim says: fresh, so that its own row is recognised; and the tenure that must still stand there. */
interface Expected {
  readonly nonce: Nonce;
  readonly owner: IncarnationId;
  readonly epoch: Epoch;
  readonly generation: Generation;
}

/** A claim to the register: what must stand there, and what is written. */
export type Claim =
  /** The first owner creates the row. */
  | { readonly kind: 'start'; readonly nonce: Nonce; readonly row: RegisterRow }
  /** Rule 5: the target of a migration, after a `resume` that named this migration and the digest of its copy. */
  | (Expected & { readonly kind: 'migration' })
  /** Rule 6: the source, after it sent `resume`. */
  | (Expected & { readonly kind: 'takeBack' })
  /** Rule 4: anybody, after the lease of `owner` was read as ended; or the owner itself, when its copy is gone. */
  | (Expected & { readonly kind: 'recovery' });

/** What a linearizable read of the register means for a claim. */
export type ClaimVerdict =
  /** Still unclaimed: write this. */
  | { readonly kind: 'write'; readonly row: RegisterRow }
  /** This claim stands in the register. */
  | { readonly kind: 'won'; readonly row: RegisterRow }
  /** Somebody else's higher epoch, or a result; null: the row is gone, and the execution with it. */
  | { readonly kind: 'lost'; readonly row: RegisterRow | null }
  /** An answer from before the claimed epoch: it decides nothing, read again. */
  | { readonly kind: 'stale' };

/** The tenure that a claim gives: a move raises the epoch, a recovery raises epoch and generation (rule 1). */
export function claimedTenure(execution: ExecutionId, claim: Claim): Tenure {
  if (claim.kind === 'start') return tenureOf(claim.row);
  const raised = claim.kind === 'recovery' ? claim.generation + 1 : claim.generation;
  return { execution, epoch: epoch(claim.epoch + 1), generation: generation(raised) };
}

export function tenureOf(row: RegisterRow): Tenure {
  return { execution: row.execution, epoch: row.epoch, generation: row.generation };
}

/** Rules 4 to 7: decides what a claim may do, from a linearizable read alone. */
export function judgeClaim(row: RegisterRow | null, claim: Claim, self: IncarnationId): ClaimVerdict {
  if (claim.kind === 'start') {
    if (row === null) return { kind: 'write', row: claim.row };
    return row.nonce === claim.nonce ? { kind: 'won', row } : { kind: 'lost', row };
  }
  if (row === null || row.standing.phase === 'quarantined') return { kind: 'lost', row };
  // A quarantine bears the nonce of the claim that wrote it, also once it is lifted; and won is only what raised the epoch.
  if (row.nonce === claim.nonce && row.epoch > claim.epoch) return { kind: 'won', row };
  if (row.epoch < claim.epoch) return { kind: 'stale' };
  const unclaimed =
    row.epoch === claim.epoch &&
    row.generation === claim.generation &&
    row.owner === claim.owner &&
    (row.standing.phase === 'live' || (row.standing.phase === 'released' && claim.kind === 'recovery'));
  if (!unclaimed) return { kind: 'lost', row };
  const deaths = claim.kind === 'recovery' ? row.deaths + 1 : row.deaths;
  if (claim.kind === 'recovery' && deaths >= row.deployment.deathsMax) {
    return { kind: 'write', row: quarantined({ ...row, deaths, nonce: claim.nonce }) };
  }
  const { epoch: raisedEpoch, generation: raisedGeneration } = claimedTenure(row.execution, claim);
  return {
    kind: 'write',
    row: {
      ...row,
      owner: self,
      epoch: raisedEpoch,
      generation: raisedGeneration,
      nonce: claim.nonce,
      deaths,
      standing: { phase: 'live' },
    },
  };
}

function quarantined(row: RegisterRow): RegisterRow {
  const reason =
    `each of the last ${row.deaths} times that it ran, its host or lane died before it had run for long; ` +
    `the last host was ${hostOf(row.owner)}`;
  return { ...row, standing: { phase: 'quarantined', reason } };
}

/** What releases an execution: it goes on from its recovery point, and has all its lives again. */
export function released(row: RegisterRow): RegisterRow {
  return { ...row, deaths: 0, standing: { phase: 'released' } };
}

/** A change by the owner itself, checked against owner, epoch and generation at every attempt. */
export type OwnerChange =
  /** `proven`: taken after it had run here for long enough to be no danger to its host. */
  | { readonly kind: 'checkpoint'; readonly point: RecoveryPoint; readonly proven: boolean }
  /** It has run here for so long, and no checkpoint can say so: it is pinned, or too large. */
  | { readonly kind: 'prove' }
  | { readonly kind: 'settle'; readonly result: ResultPointer };

export type ChangeVerdict =
  | { readonly kind: 'write'; readonly row: RegisterRow }
  /** It stands there already. */
  | { readonly kind: 'done' }
  /** The tenure is over: this host must not write, and its copy is stale. */
  | { readonly kind: 'fenced'; readonly row: RegisterRow | null }
  | { readonly kind: 'stale' };

/** The vault key that a change points at is fresh, so it identifies the change; to prove twice is to prove once. */
export function changeToken(change: OwnerChange): string {
  switch (change.kind) {
    case 'checkpoint':
      return change.point.vaultKey;
    case 'prove':
      return 'prove';
    case 'settle':
      return change.result.vaultKey;
  }
}

/** Whether this owner may still write, and what (the fence of every checkpoint and result). */
export function judgeChange(
  row: RegisterRow | null,
  self: IncarnationId,
  tenure: Tenure,
  change: OwnerChange,
): ChangeVerdict {
  if (row === null) return { kind: 'fenced', row };
  if (row.epoch < tenure.epoch) return { kind: 'stale' };
  const ours = row.owner === self && row.epoch === tenure.epoch && row.generation === tenure.generation;
  if (!ours) return { kind: 'fenced', row };
  if (row.standing.phase === 'quarantined' || row.standing.phase === 'released')
    return { kind: 'fenced', row };
  if (row.standing.phase === 'settled') {
    return row.standing.result.vaultKey === changeToken(change) ? { kind: 'done' } : { kind: 'fenced', row };
  }
  if (change.kind === 'settle') {
    return {
      kind: 'write',
      row: { ...row, standing: { phase: 'settled', result: change.result, fate: 'unread' } },
    };
  }
  if (change.kind === 'prove')
    return row.deaths === 0 ? { kind: 'done' } : { kind: 'write', row: { ...row, deaths: 0 } };
  if (row.recovery.vaultKey === change.point.vaultKey) return { kind: 'done' };
  const deaths = change.proven ? 0 : row.deaths;
  return { kind: 'write', row: { ...row, recovery: change.point, deaths } };
}

/** Whether the recovery point was captured at this epoch or later. */
export function covers(point: RecoveryPoint, from: Epoch): boolean {
  return point.kind === 'snapshot' && point.epoch >= from;
}
