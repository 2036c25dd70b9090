import type { AffinityInputs, EstimatedExecution } from './affinity-inputs.ts';
import type { AffinityWeights } from './affinity.ts';
import { affinityRecord } from './affinity-record.ts';
import type { AffinityRecord } from './decision-record.ts';
import type { StayReason } from './next-move.ts';
import { nextMove, verdictOn } from './next-move.ts';
import type { PlacementPolicy } from './placement-policy.ts';

/** What would have been otherwise. */
export interface AffinityChanges {
  /** Instead of the recorded policy's; null keeps them. */
  readonly weights: AffinityWeights | null;
  /** Null keeps the recorded one. */
  readonly policy: PlacementPolicy | null;
  /** Hosts that would not have been there. */
  readonly without: readonly string[];
}

export const unchanged: AffinityChanges = { weights: null, policy: null, without: [] };

/** What the same code comes to. */
export type AffinityReplay =
  /** The same execution goes first, to the same host. */
  | { readonly kind: 'same'; readonly record: AffinityRecord; readonly text: string }
  | { readonly kind: 'otherTarget'; readonly record: AffinityRecord; readonly text: string }
  /** Another execution goes first; the text says what becomes of the recorded one by itself. */
  | { readonly kind: 'otherExecution'; readonly record: AffinityRecord; readonly text: string }
  | { readonly kind: 'nothingMoves'; readonly because: StayReason; readonly text: string };

/**
 * Decides a recorded decision again, by the code that decided it, from the inputs that the record keeps. What the
 * record left out stays left out: it ranked below all that it keeps, under the recorded policy.
 *
 * @returns the replay, or what it lacks: the host that decided cannot be taken away
 */
export function replay(
  record: AffinityRecord,
  changes: AffinityChanges,
): AffinityReplay | { readonly kind: 'refused'; readonly reason: string } {
  const { inputs: recorded, subject } = record;
  const here = recorded.here.identity.name;
  if (changes.without.some((name) => name === here))
    return { kind: 'refused', reason: `${here} decided, and carried ${subject}: it cannot be taken away.` };
  const policy = changedPolicy(record.policy, changes);
  const inputs: AffinityInputs = {
    ...recorded,
    candidates: recorded.candidates.filter((host) => !changes.without.includes(host.identity.name)),
  };
  const execution = recorded.executions.find(({ executionId }) => executionId === subject);
  if (execution === undefined)
    return { kind: 'refused', reason: `The record does not hold ${subject}, which it is about.` };
  return compared(record, execution, inputs, policy);
}

function compared(
  record: AffinityRecord,
  execution: EstimatedExecution,
  inputs: AffinityInputs,
  policy: PlacementPolicy,
): AffinityReplay {
  const { move, rivals } = nextMove(inputs, policy);
  const { subject, chosen } = record;
  if (move === null) {
    const verdict = verdictOn(execution, inputs, policy);
    const because = verdict.kind === 'stays' ? verdict.because : 'nowhereToGo';
    return { kind: 'nothingMoves', because, text: `${subject} would have stayed: ${stayText(because)}.` };
  }
  const decider = { address: record.decider, wallMs: record.atWallMs };
  const again = affinityRecord(move, rivals, inputs, policy, decider);
  if (again.subject !== subject)
    return {
      kind: 'otherExecution',
      record: again,
      text: otherText(record, again, execution, inputs, policy),
    };
  return again.chosen === chosen
    ? { kind: 'same', record: again, text: `${subject} would have gone to ${chosen}, as it did.` }
    : {
        kind: 'otherTarget',
        record: again,
        text: `${subject} would have gone to ${again.chosen}, not to ${chosen}: ${again.text}.`,
      };
}

function otherText(
  record: AffinityRecord,
  again: AffinityRecord,
  execution: EstimatedExecution,
  inputs: AffinityInputs,
  policy: PlacementPolicy,
): string {
  const verdict = verdictOn(execution, inputs, policy);
  const meanwhile =
    verdict.kind === 'moves'
      ? `by itself, ${record.subject} would have gone to ${verdict.move.best.there.host}`
      : `${record.subject} would have stayed: ${stayText(verdict.because)}`;
  return `${again.subject} would have gone first, to ${again.chosen}; ${meanwhile}.`;
}

function changedPolicy(recorded: PlacementPolicy, changes: AffinityChanges): PlacementPolicy {
  const policy = changes.policy ?? recorded;
  return changes.weights === null ? policy : { ...policy, weights: changes.weights };
}

/** Why an execution stays, as the end of a sentence. */
export function stayText(because: StayReason): string {
  const texts: Readonly<Record<StayReason, string>> = {
    notMovable: 'it cannot be moved now',
    asked: 'its move has been asked for already',
    coolDown: 'it moved a short while ago',
    budget: 'it has moved as often as its budget allows',
    relievesNothing: 'it takes too little of what its host is short of',
    aboveThreshold: 'where it is, it scores above the threshold',
    nowhereToGo: 'no host can take it',
    hysteresis: 'no host is better by enough',
    others: 'those it would join would lose more than it gained',
    cost: 'no move pays for itself',
  };
  return texts[because];
}
