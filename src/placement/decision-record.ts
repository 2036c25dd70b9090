import type { ExecutionId } from '../core/ids.ts';
import type { AffinityInputs } from './affinity-inputs.ts';
import type { PlacementPolicy } from './placement-policy.ts';

/** Of more alternatives or rivals than this, a record keeps the best, and says how many it left out. */
export const recordedMax = 20;

/** A number that alternatives were compared by, explained once for the whole record. */
export interface Measure {
  /** Its key in `RecordedAlternative.scores`. */
  readonly name: string;
  /** For people: `availability with it there`. */
  readonly text: string;
  /** `ms`, `bytes`, `cores`; empty for scores without a unit. */
  readonly unit: string;
}

/** A host or a rack that was looked at. */
export interface RecordedAlternative {
  /** Name of the host or rack. */
  readonly place: string;
  readonly verdict: 'chosen' | 'stay' | 'lost' | 'ruledOut';
  /** By name of `measures`; empty when it was ruled out before anything was computed. */
  readonly scores: Readonly<Record<string, number>>;
  /** For people: why it was chosen, or why not; one sentence. */
  readonly why: string;
}

/** What a move is expected to bring and to take. */
export interface ExpectedOutcome {
  /** Waiting that it saves over the remaining work, in ms. */
  readonly benefitMs: number;
  readonly pauseMs: number;
  readonly bytes: number;
}

/**
 * A decision to move something, with all that it was made from: JSON, and complete enough for the same code to decide
 * the same again. Whoever stores it gives it a key.
 */
export interface RecordOf<Kind extends string, Policy, Inputs> {
  readonly kind: Kind;
  readonly version: 1;
  readonly atWallMs: number;
  /** Address of the actor that decided. */
  readonly decider: string;
  /** The execution, or the component. */
  readonly subject: ExecutionId;
  /** With all parameters. */
  readonly policy: Policy;
  readonly inputs: Inputs;
  readonly measures: readonly Measure[];
  /** Where it is; verdict `stay`. */
  readonly present: RecordedAlternative;
  /** Best first, at most `recordedMax`; the chosen one is the first. */
  readonly alternatives: readonly RecordedAlternative[];
  readonly leftOut: {
    readonly alternatives: number;
    readonly rivals: number;
    /** For people: one sentence; empty when nothing was left out. */
    readonly text: string;
  };
  /** Name of the chosen host or rack. */
  readonly chosen: string;
  readonly expected: ExpectedOutcome;
  /** For people: one sentence. */
  readonly text: string;
}

/** Made by an affinity actor: one execution goes to one host. */
export type AffinityRecord = RecordOf<'affinity', PlacementPolicy, AffinityInputs>;

/** Made by the orchestrator: a component goes to a rack. Policy and inputs are as its room says. */
export type OrchestrationRecord = RecordOf<'orchestration', unknown, unknown>;

export type DecisionRecord = AffinityRecord | OrchestrationRecord;
