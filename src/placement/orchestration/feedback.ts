import type { ExecutionId, RackName } from '../../core/ids.ts';
import { isFigure } from './soundness.ts';

/** What a directive does, expected before and measured after. */
export interface MoveEffect {
  /** ms of wait saved, per s. */
  readonly benefit: number;
  readonly pauseMs: number;
  readonly bytes: number;
  readonly durationMs: number;
}

/** What the estimates of each kind are multiplied by; 1 is as computed. */
export type Corrections = MoveEffect;

/** A directive that did not help. */
export interface Disappointment {
  readonly component: ExecutionId;
  readonly rack: RackName;
  readonly atMs: number;
  /** Utilisation of the rack that it left, and of the one it went to, when it was ordered. */
  readonly situation: Situation;
}

/** Shares of capacity in use. */
export interface Situation {
  readonly source: number;
  readonly target: number;
}

/** All that is learned from directives. JSON. */
export interface FeedbackState {
  readonly corrections: Corrections;
  readonly observations: number;
  /** Oldest first; at most `disappointmentsMax`. */
  readonly disappointments: readonly Disappointment[];
}

export const noFeedback: FeedbackState = {
  corrections: { benefit: 1, pauseMs: 1, bytes: 1, durationMs: 1 },
  observations: 0,
  disappointments: [],
};

export interface FeedbackPolicy {
  /** Share of the difference that one observation corrects, in (0, 1]. */
  readonly rate: number;
  /** A directive that brought less than this share of its expected benefit did not help. */
  readonly helpedMin: number;
  /** How long it is not repeated. */
  readonly horizonMs: number;
  /** A change of either utilisation by this much makes it another situation. */
  readonly materialChange: number;
}

export const feedbackPolicy: FeedbackPolicy = {
  rate: 0.2,
  helpedMin: 0.2,
  horizonMs: 1_800_000,
  materialChange: 0.15,
};

const disappointmentsMax = 1_000;
/** No correction goes beyond these, whatever was measured. */
const correctionMax = 4;
/** One observation counts as at most this many times too high or too low (Huber's clipping, of the logarithm). */
const surpriseMax = Math.E;

/** A directive that has ended. */
export interface DirectiveEffect {
  readonly component: ExecutionId;
  readonly rack: RackName;
  /** When its effect was measured. */
  readonly atMs: number;
  /** As it was computed, before corrections. */
  readonly expected: MoveEffect;
  readonly measured: MoveEffect;
  /** When it was ordered. */
  readonly situation: Situation;
}

/** Learns from one directive. Figures that cannot be true change nothing. */
export function learn(state: FeedbackState, effect: DirectiveEffect, policy: FeedbackPolicy): FeedbackState {
  const { expected, measured } = effect;
  const { corrections } = state;
  const corrected = (name: keyof MoveEffect) =>
    correct(corrections[name], expected[name], measured[name], policy.rate);
  const helped = helps(effect, policy);
  const kept = state.disappointments.filter(
    ({ component, rack, atMs }) =>
      effect.atMs - atMs < policy.horizonMs && !(component === effect.component && rack === effect.rack),
  );
  const { component, rack, atMs, situation } = effect;
  return {
    corrections: {
      benefit: corrected('benefit'),
      pauseMs: corrected('pauseMs'),
      bytes: corrected('bytes'),
      durationMs: corrected('durationMs'),
    },
    observations: state.observations + 1,
    disappointments: (helped ? kept : [...kept, { component, rack, atMs, situation }]).slice(
      -disappointmentsMax,
    ),
  };
}

function helps({ expected, measured }: DirectiveEffect, policy: FeedbackPolicy): boolean {
  if (!Number.isFinite(measured.benefit) || !(expected.benefit > 0)) return true;
  return measured.benefit >= policy.helpedMin * expected.benefit;
}

/** A bounded step of the logarithm towards measured / expected. */
function correct(current: number, expected: number, measured: number, rate: number): number {
  if (!(expected > 0) || !Number.isFinite(expected) || !Number.isFinite(measured)) return current;
  // A benefit may turn out negative: as little as a correction can say.
  const ratio = Math.max(measured, 1e-9) / expected;
  const surprise = Math.max(1 / surpriseMax, Math.min(surpriseMax, ratio / current));
  return Math.max(1 / correctionMax, Math.min(correctionMax, current * surprise ** rate));
}

/** An estimate as it is to be believed. */
export function recalibrated(state: FeedbackState, computed: MoveEffect): MoveEffect {
  const { corrections } = state;
  return {
    benefit: computed.benefit * corrections.benefit,
    pauseMs: computed.pauseMs * corrections.pauseMs,
    bytes: computed.bytes * corrections.bytes,
    durationMs: computed.durationMs * corrections.durationMs,
  };
}

/**
 * Whether a directive may be given: not one that did not help within the horizon, unless the situation has changed.
 * A figure that cannot be true is no change.
 */
export function permits(
  state: FeedbackState,
  component: ExecutionId,
  rack: RackName,
  situation: Situation,
  nowMs: number,
  policy: FeedbackPolicy,
): { readonly kind: 'permitted' } | { readonly kind: 'refused'; readonly disappointment: Disappointment } {
  const disappointment = state.disappointments.findLast(
    (known) => known.component === component && known.rack === rack && nowMs - known.atMs < policy.horizonMs,
  );
  if (disappointment === undefined) return { kind: 'permitted' };
  const changed = (now: number, then: number) =>
    isFigure(now) && isFigure(then) && Math.abs(now - then) >= policy.materialChange;
  const then = disappointment.situation;
  const material = changed(situation.source, then.source) || changed(situation.target, then.target);
  return material ? { kind: 'permitted' } : { kind: 'refused', disappointment };
}
