import { assertNever } from '../core/assert.ts';

/** Where a run moves, as plain data: it travels with the program. */
export interface ScheduleState {
  /** Points passed. */
  readonly point: number;
  /** The next point to move at. */
  readonly next: number;
  readonly moves: number;
  readonly movesMax: number;
  /** `thinned`: the first ones all, then ever fewer. `every`: each so many-th. `random`: seeded, ever fewer. `never`. */
  readonly plan: SchedulePlan;
  /** Points to move at in any case, ascending. */
  readonly marks: readonly number[];
}

export type SchedulePlan =
  | { readonly kind: 'thinned'; readonly allUntil: number; readonly ratio: number }
  | { readonly kind: 'every'; readonly points: number }
  | { readonly kind: 'random'; readonly seed: number; readonly ratio: number }
  | { readonly kind: 'never' };

/** Of the default schedule: later points are thinned. */
const allUntil = 1_000;
const thinningRatio = 1.02;

/** The plan for a run of so many points; fewer moves than the default plan takes are spread evenly. */
export function planFor(points: number, movesMax: number): SchedulePlan {
  const late = Math.log(Math.max(1, points / allUntil)) / Math.log(thinningRatio);
  const moves = Math.min(points, allUntil) + late;
  if (moves > movesMax && movesMax > 0) return { kind: 'every', points: Math.ceil(points / movesMax) };
  return { kind: 'thinned', allUntil, ratio: thinningRatio };
}

/** A plan of chance that takes about so many moves, however long the run is. */
export function randomPlan(seed: number, movesMax: number): SchedulePlan {
  return { kind: 'random', seed, ratio: 1 + Math.max(0.04, 12 / Math.max(1, movesMax)) };
}

export function beginSchedule(
  plan: SchedulePlan,
  movesMax: number,
  marks: readonly number[] = [],
): ScheduleState {
  const state = { point: 0, next: 0, moves: 0, movesMax, plan, marks: marks.toSorted((a, b) => a - b) };
  return { ...state, next: nextOf(state) };
}

/** `passed` more points were passed, at the last of which the program stands. */
export function passPoints(state: ScheduleState, passed: number): ScheduleState {
  return { ...state, point: state.point + passed };
}

export function isDue({ point, next, moves, movesMax }: ScheduleState): boolean {
  return point >= next && moves < movesMax;
}

/** A point was due, and the program has moved there, or could not. */
export function settlePoint(state: ScheduleState, hasMoved: boolean): ScheduleState {
  const moves = state.moves + (hasMoved ? 1 : 0);
  const plan = state.plan.kind === 'random' ? { ...state.plan, seed: nextSeed(state.plan.seed) } : state.plan;
  const settled = { ...state, moves, plan };
  return { ...settled, next: nextOf(settled) };
}

/** Thins more, when moving takes too long. */
export function hurry(state: ScheduleState, ratio: number): ScheduleState {
  const plan = hurriedPlan(state.plan, ratio);
  const hurried = { ...state, plan };
  return { ...hurried, next: Math.max(state.next, nextOf(hurried)) };
}

/** Moves no more but at the marks. */
export function settle(state: ScheduleState): ScheduleState {
  const settled: ScheduleState = { ...state, plan: { kind: 'never' } };
  return { ...settled, next: nextOf(settled) };
}

function hurriedPlan(plan: SchedulePlan, ratio: number): SchedulePlan {
  switch (plan.kind) {
    case 'thinned':
      return { ...plan, allUntil: 0, ratio };
    case 'random':
      return { ...plan, ratio };
    case 'every':
      return { ...plan, points: Math.ceil(plan.points * ratio) };
    case 'never':
      return plan;
    default:
      return assertNever(plan);
  }
}

function nextOf({ point, plan, marks }: Omit<ScheduleState, 'next'>): number {
  const planned = plannedAfter(point, plan);
  const mark = marks.find((marked) => marked > point);
  return mark === undefined ? planned : Math.min(mark, planned);
}

function plannedAfter(point: number, plan: SchedulePlan): number {
  switch (plan.kind) {
    case 'thinned':
      return point < plan.allUntil ? point + 1 : Math.ceil((point + 1) * plan.ratio);
    case 'every':
      return point + plan.points;
    case 'random': {
      const mean = Math.max(1.5, point * (plan.ratio - 1));
      return point + 1 + Math.floor(unit(plan.seed) * 2 * (mean - 0.5));
    }
    case 'never':
      return Number.MAX_SAFE_INTEGER;
    default:
      return assertNever(plan);
  }
}

function nextSeed(seed: number): number {
  return (seed + 0x6d2b79f5) | 0;
}

function unit(seed: number): number {
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}
