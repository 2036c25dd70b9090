import { hostOf } from '../core/ids.ts';
import type { IncarnationId } from '../core/ids.ts';
import type { ClusterEvent } from '../protocols/messages.ts';
import type { Account, Loss } from './witness-verdict.ts';

/** Picks out of a cluster's events what a witness must know to judge. */
export function accountOf(events: readonly ClusterEvent[]): Account {
  const recoveries = events.flatMap(({ detail }) => {
    if (detail.kind !== 'recovered') return [];
    const { execution, generation } = detail.tenure;
    return [{ execution, generation, effectSequence: detail.effectSequence }];
  });
  const ended = new Set(events.flatMap(({ detail }) => (detail.kind === 'leaseEnded' ? [detail.of] : [])));
  return { recoveries, losses: events.flatMap((event) => lossOf(event, ended)) };
}

/** What the event says of an owner that is gone by now. */
function lossOf({ detail, incarnation }: ClusterEvent, ended: ReadonlySet<IncarnationId>): readonly Loss[] {
  switch (detail.kind) {
    case 'executionStarted':
    case 'recovered': {
      const { execution, epoch } = detail.tenure;
      return ended.has(incarnation) ? [{ execution, epoch }] : [];
    }
    case 'moved': {
      const { execution, epoch } = detail.tenure;
      return [...ended].some((one) => hostOf(one) === detail.to) ? [{ execution, epoch }] : [];
    }
    default:
      return [];
  }
}
