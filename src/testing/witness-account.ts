import { hostOf } from '../core/ids.ts';
import type { IncarnationId } from '../core/ids.ts';
import type { ClusterEvent } from '../protocols/messages.ts';
import type { Account, Ownership } from './witness-verdict.ts';

/**
 * Picks out of a cluster's events what a witness must know to judge.
 *
 * @param stopped incarnations whose processes somebody stopped for a while: SIGSTOP, or a machine that stood still
 */
export function accountOf(
  events: readonly ClusterEvent[],
  stopped: ReadonlySet<IncarnationId> = new Set(),
): Account {
  const recoveries = events.flatMap(({ detail }) => {
    if (detail.kind !== 'recovered') return [];
    const { execution, generation } = detail.tenure;
    return [{ execution, generation, effectSequence: detail.effectSequence }];
  });
  const ended = new Set(events.flatMap(({ detail }) => (detail.kind === 'leaseEnded' ? [detail.of] : [])));
  return {
    recoveries,
    losses: events.flatMap((event) => ownedBy(event, ended)),
    stops: events.flatMap((event) => ownedBy(event, stopped)),
  };
}

/** What the event says of an owner that is among these. */
function ownedBy(
  { detail, incarnation }: ClusterEvent,
  incarnations: ReadonlySet<IncarnationId>,
): readonly Ownership[] {
  switch (detail.kind) {
    case 'executionStarted':
    case 'recovered': {
      const { execution, epoch } = detail.tenure;
      return incarnations.has(incarnation) ? [{ execution, epoch }] : [];
    }
    case 'moved': {
      const { execution, epoch } = detail.tenure;
      return [...incarnations].some((one) => hostOf(one) === detail.to) ? [{ execution, epoch }] : [];
    }
    default:
      return [];
  }
}
