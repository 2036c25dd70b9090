import * as v from 'valibot';
import type { ExecutionId, RackName } from '../core/ids.ts';
import type { ObjectiveWeights } from '../placement/orchestration/contract.ts';
import type { FeedbackState, MoveEffect, Situation } from '../placement/orchestration/feedback.ts';
import { noFeedback } from '../placement/orchestration/feedback.ts';
import type { MoveDurations } from '../placement/orchestration/schedule.ts';
import { noDurations } from '../placement/orchestration/schedule.ts';
import { amount } from './orchestrator-memory.ts';

/*
 * What policies learn and leave to the next holder of the seat: JSON, which another release may have written. Times are
 * the seat's.
 */

/** A directive of `latency-first` whose benefit is not measured yet. */
export interface LatencyFirstPending {
  readonly component: ExecutionId;
  readonly from: RackName;
  readonly to: RackName;
  readonly situation: Situation;
  readonly expected: MoveEffect;
  /** Cores beyond the limit in both racks together, had nothing been moved. */
  readonly excessCores: number;
}

/** An order that has ended, until its benefit can be seen. */
export interface LatencyFirstEnded extends LatencyFirstPending {
  readonly pauseMs: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly measureAtMs: number;
}

export interface LatencyFirstMemory {
  feedback: FeedbackState;
  durations: MoveDurations;
  /** By component: one order of each is under way at most. */
  pending: Record<ExecutionId, LatencyFirstPending>;
  ended: readonly LatencyFirstEnded[];
}

/** A directive of `multi-objective` whose benefit is not measured yet. */
export interface MultiObjectivePending {
  readonly component: ExecutionId;
  readonly rack: RackName;
  readonly expected: MoveEffect;
  /** Of the whole cluster, in ms of wait per s, when it was ordered. */
  readonly waitBefore: number;
  readonly situation: Situation;
}

export interface MultiObjectiveEnded extends MultiObjectivePending {
  readonly measured: Pick<MoveEffect, 'pauseMs' | 'bytes' | 'durationMs'>;
  readonly measureAtMs: number;
}

export interface MultiObjectiveMemory {
  /** What an operator picked; null for the configured ones. */
  weights: ObjectiveWeights | null;
  feedback: FeedbackState;
  pending: Record<string, MultiObjectivePending>;
  ended: readonly MultiObjectiveEnded[];
}

const text = v.pipe(v.string(), v.minLength(1));
const figure = v.pipe(v.number(), v.finite());
const situation = v.object({ source: amount, target: amount });
const expected = v.object({ benefit: figure, pauseMs: amount, bytes: amount, durationMs: amount });

const feedback = v.object({
  corrections: v.object({
    benefit: v.pipe(v.number(), v.gtValue(0)),
    pauseMs: v.pipe(v.number(), v.gtValue(0)),
    bytes: v.pipe(v.number(), v.gtValue(0)),
    durationMs: v.pipe(v.number(), v.gtValue(0)),
  }),
  observations: amount,
  disappointments: v.array(v.object({ component: text, rack: text, atMs: figure, situation })),
});

const durations = v.object({ moves: v.array(v.object({ bytes: amount, durationMs: amount })) });

const latencyPending = {
  component: text,
  from: text,
  to: text,
  situation,
  expected,
  excessCores: amount,
};

const latencyFirst = v.object({
  feedback,
  durations,
  pending: v.record(text, v.object(latencyPending)),
  ended: v.array(
    v.object({ ...latencyPending, pauseMs: amount, bytes: amount, durationMs: amount, measureAtMs: figure }),
  ),
});

const objectivePending = {
  component: text,
  rack: text,
  expected,
  waitBefore: amount,
  situation,
};

const multiObjective = v.object({
  weights: v.nullable(v.object({ latency: amount, cost: amount, energy: amount, churn: amount })),
  feedback,
  pending: v.record(text, v.object(objectivePending)),
  ended: v.array(
    v.object({
      ...objectivePending,
      measured: v.object({ pauseMs: amount, bytes: amount, durationMs: amount }),
      measureAtMs: figure,
    }),
  ),
});

export const noLatencyFirstMemory = (): LatencyFirstMemory => ({
  feedback: noFeedback,
  durations: noDurations,
  pending: {},
  ended: [],
});

export const noMultiObjectiveMemory = (): MultiObjectiveMemory => ({
  weights: null,
  feedback: noFeedback,
  pending: {},
  ended: [],
});

/** @throws when it is none */
export function latencyFirstMemory(found: unknown): LatencyFirstMemory {
  return v.parse(latencyFirst, found) as unknown as LatencyFirstMemory;
}

/** @throws when it is none */
export function multiObjectiveMemory(found: unknown): MultiObjectiveMemory {
  return v.parse(multiObjective, found) as unknown as MultiObjectiveMemory;
}
