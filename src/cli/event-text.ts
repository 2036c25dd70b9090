import { assertNever } from '../core/assert.ts';
import type { ClusterEvent, EventDetail } from '../protocols/messages.ts';
import { bytesText } from './table.ts';

/** One line for people. */
export function eventText(event: ClusterEvent): string {
  const time = new Date(event.wallMs).toISOString().slice(11, 23);
  return `${time} ${event.host}: ${detailText(event.detail)}`;
}

function detailText(detail: EventDetail): string {
  switch (detail.kind) {
    case 'hostStarted':
      return `up in rack ${detail.rack} at ${detail.address}`;
    case 'hostDraining':
      return 'is draining';
    case 'hostDrained':
      return `drained: ${detail.moved} executions moved${abandoned(detail.abandonedEffects)}`;
    case 'hostFrozen':
      return 'cannot renew its lease: everything here stands still';
    case 'hostThawed':
      return 'renewed its lease: goes on';
    case 'leaseEnded':
      return `the lease of ${detail.of} has ended`;
    case 'executionStarted':
      return `${detail.tenure.execution} started: ${detail.method}`;
    case 'executionSettled':
      return `${detail.tenure.execution} ${detail.outcome}`;
    case 'quarantined':
      return `${detail.execution} is quarantined: ${detail.reason}`;
    case 'recovered':
      return recoveredText(detail);
    case 'moved':
      return (
        `${detail.tenure.execution} moved to ${detail.to} in ${detail.pauseMs.toFixed(1)} ms (${bytesText(detail.bytes)}), ` +
        `by ${detail.reason.by}: ${detail.reason.text}`
      );
    case 'moveFailed':
      return `${detail.execution} was not moved to ${detail.to}: ${detail.reason}`;
    case 'restoreFailed':
      return `${detail.execution} could not be rebuilt here: ${detail.reason}`;
    case 'checkpointFailed':
      return `${detail.execution} has no new checkpoint: ${detail.reason}`;
    case 'held':
      return `${detail.subject} is held at ${detail.point}`;
    case 'pinned':
      return `${detail.execution} ${detail.pin.reason}`;
    case 'anomaly':
      return `${detail.execution}, ${detail.anomaly.signal}: ${detail.anomaly.text}`;
    case 'ordered':
      return orderedText(detail);
    case 'orderEnded': {
      const { componentId, moved, failed } = detail.outcome;
      const why = failed[0] === undefined ? '' : `, ${failed.length} not: ${failed[0].reason}`;
      return `${componentId}: ${moved.length} of its executions went where they were ordered${why}`;
    }
    case 'orchestratorFailed':
      return `the orchestrator: ${detail.reason}`;
    case 'forecasterLearned':
      return learnedText(detail);
    case 'forecasterFailed':
      return `the learned forecaster: ${detail.reason}`;
    case 'childRestarted':
      return `${detail.supervisor} restarts ${detail.child}: ${detail.reason}`;
    case 'log':
      return `${detail.execution} ${detail.stream}: ${detail.text.trimEnd()}`;
    default:
      return assertNever(detail);
  }
}

function recoveredText({
  tenure,
  from,
  effectSequence,
}: Extract<EventDetail, { kind: 'recovered' }>): string {
  const { execution, generation } = tenure;
  return (
    `${execution} recovered from ${from}, at generation ${generation}, ` +
    `from the checkpoint after effect ${effectSequence}`
  );
}

function orderedText({ directive }: Extract<EventDetail, { kind: 'ordered' }>): string {
  const { componentId, parts, targetRack, text } = directive;
  return `${componentId}: ${parts.length} of its executions are to go to rack ${targetRack}: ${text}`;
}

function learnedText({
  series,
  errorBefore,
  errorAfter,
}: Extract<EventDetail, { kind: 'forecasterLearned' }>): string {
  const percent = 100 * (1 - errorAfter / errorBefore);
  return `the learned forecaster learned on from ${series} series: its error there fell by ${percent.toFixed(1)} %`;
}

function abandoned(effects: readonly string[]): string {
  return effects.length === 0 ? '' : `, effects abandoned: ${effects.join(', ')}`;
}
