import { assertNever } from '../core/assert.ts';
import type { ExecutionId, IncarnationId } from '../core/ids.ts';
import { epoch } from '../core/ids.ts';
import type { MessagePacket } from '../core/packet.ts';
import type { ExecutionMessage } from '../protocols/messages.ts';
import type { LaneReport } from './lane-board.ts';
import type { LostEffect } from './lane-effects.ts';

/** What a lane reported once, and what somebody waits for until it is done. */
export type Obligation =
  | Extract<LaneReport, { readonly kind: 'spawn' | 'effectOutcome' }>
  /** Its outcome will never come: the lane where it ran is gone. */
  | { readonly kind: 'effectLost'; readonly effect: LostEffect }
  /** A child's last word to its parent, who waits for it: its copy repeats it as any message, but only each second. */
  | { readonly kind: 'lastWord'; readonly to: ExecutionId; readonly packet: MessagePacket };

/**
 * What the executions of this host are owed, oldest first: noted before any actor hears of it, and dropped when it is
 * done, so that no crash of an actor loses it (promise 7 of `docs/semantics.md`). Bounded by what the executions have under way.
 */
export class Obligations {
  readonly #open = new Map<string, Obligation>();

  /** @returns its key; the same one when it is noted already */
  note(report: LaneReport): string | null {
    const obligation = obligationOf(report);
    if (obligation === null) return null;
    const key = keyOf(obligation);
    if (!this.#open.has(key)) this.#open.set(key, obligation);
    return key;
  }

  /** @returns its key */
  noteLost(effect: LostEffect): string {
    const obligation: Obligation = { kind: 'effectLost', effect };
    this.#open.set(keyOf(obligation), obligation);
    return keyOf(obligation);
  }

  get(key: string): Obligation | null {
    return this.#open.get(key) ?? null;
  }

  keys(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Whether a child of this execution is still to be started here. */
  isStarting(parent: ExecutionId): boolean {
    for (const obligation of this.#open.values())
      if (obligation.kind === 'spawn' && obligation.parent.execution === parent) return true;
    return false;
  }

  done(key: string): void {
    this.#open.delete(key);
  }
}

function obligationOf(report: LaneReport): Obligation | null {
  if (report.kind === 'spawn' || report.kind === 'effectOutcome') return report;
  if (report.kind !== 'packet' || report.packet.kind !== 'message') return null;
  const { packet } = report;
  return packet.subject === 'childSettled' ? { kind: 'lastWord', to: packet.to, packet } : null;
}

function keyOf(obligation: Obligation): string {
  switch (obligation.kind) {
    case 'spawn':
      return `spawn/${obligation.child}`;
    case 'effectOutcome': {
      const { generation, sequence } = obligation.outcome;
      return `outcome/${obligation.execution}/${generation}/${sequence}`;
    }
    case 'effectLost': {
      const { execution, life, sequence } = obligation.effect;
      return `lost/${execution}/${life}/${sequence}`;
    }
    case 'lastWord': {
      const { from, number } = obligation.packet;
      return `lastWord/${from.execution}/${from.generation}/${number}`;
    }
  }
}

type Carried = Exclude<Obligation, { readonly kind: 'spawn' }>;

/** To whom it is carried. */
export function receiverOf(obligation: Carried): ExecutionId {
  switch (obligation.kind) {
    case 'lastWord':
      return obligation.to;
    case 'effectLost':
      return obligation.effect.execution;
    case 'effectOutcome':
      return obligation.execution;
    default:
      return assertNever(obligation);
  }
}

/** @param incarnation of this host */
export function carriedBy(
  obligation: Carried,
  incarnation: IncarnationId,
): { readonly to: ExecutionId; readonly message: ExecutionMessage } {
  const to = receiverOf(obligation);
  const atEpoch = epoch(0);
  switch (obligation.kind) {
    case 'lastWord':
      return { to, message: { kind: 'packet', packet: obligation.packet, atEpoch } };
    case 'effectLost': {
      const { sequence, life } = obligation.effect;
      return { to, message: { kind: 'effectLost', effect: { incarnation, sequence, life }, atEpoch } };
    }
    case 'effectOutcome':
      return { to, message: { kind: 'effectOutcome', outcome: obligation.outcome, atEpoch } };
    default:
      return assertNever(obligation);
  }
}
