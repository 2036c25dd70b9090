import type { Objectives, ObjectiveWeights, OrchestrationPlan, OrchestrationProblem } from './contract.ts';
import { plan } from './plan.ts';

/** The axes of the trade-off. */
export const axes = ['latency', 'cost', 'energy', 'churn'] as const;

export type Axis = (typeof axes)[number];

/** One way to weigh, by a name that an operator picks. */
export interface NamedWeights {
  readonly name: string;
  readonly weights: ObjectiveWeights;
}

/** A plan that no other beats on all axes. */
export interface ParetoPoint extends NamedWeights {
  readonly objectives: Objectives;
  /** Each axis over the front: 0 is its best, 1 its worst. */
  readonly normalised: Readonly<Record<Axis, number>>;
  readonly plan: OrchestrationPlan;
}

export interface ParetoFront {
  /** Least latency first. */
  readonly points: readonly ParetoPoint[];
  /** Index of the point closest to the best of all axes at once. */
  readonly knee: number;
  /** Names of weights whose plans were beaten, or the same as another's. */
  readonly dominated: readonly string[];
}

const emphases: readonly { readonly name: string; readonly of: number }[] = [
  { name: 'hardly', of: 1 / 8 },
  { name: 'much', of: 8 },
];

/** The policy's weights, each axis once with an eighth and once with eight times its weight, and each axis nearly alone. */
export function weightGrid(base: ObjectiveWeights): readonly NamedWeights[] {
  const grid: NamedWeights[] = [{ name: 'balanced', weights: base }];
  for (const axis of axes) {
    for (const { name, of } of emphases) {
      grid.push({ name: `${name}-${axis}`, weights: { ...base, [axis]: base[axis] * of } });
    }
    const others = axes.filter((other) => other !== axis).map((other) => [other, base[other] / 64] as const);
    grid.push({ name: `only-${axis}`, weights: { ...base, ...Object.fromEntries(others) } });
  }
  return grid;
}

/**
 * Plans for each way to weigh, and keeps those that no other beats. A weighted sum finds the convex part of the
 * front; that is all that weights can pick from.
 */
export function paretoFront(problem: OrchestrationProblem, grid: readonly NamedWeights[]): ParetoFront {
  const planned = grid.map(({ name, weights }) => {
    const made = plan({ ...problem, policy: { ...problem.policy, weights } });
    return { name, weights, plan: made, objectives: made.after };
  });
  const front = planned.filter(
    (one, at) => !planned.some((other, k) => beats(other.objectives, one.objectives, k < at)),
  );
  const kept = new Set(front.map(({ name }) => name));
  const points = front
    .map((point) => ({ ...point, normalised: normalise(point.objectives, front) }))
    .sort((a, b) => a.objectives.latency - b.objectives.latency || (a.name < b.name ? -1 : 1));
  return {
    points,
    knee: kneeOf(points),
    dominated: planned.map(({ name }) => name).filter((name) => !kept.has(name)),
  };
}

/** At least as good on each axis, and better on one; of equals, the earlier beats the later. */
function beats(a: Objectives, b: Objectives, earlier: boolean): boolean {
  if (axes.some((axis) => a[axis] > b[axis] + tolerance(a[axis], b[axis]))) return false;
  return earlier || axes.some((axis) => a[axis] < b[axis] - tolerance(a[axis], b[axis]));
}

/** What is closer than this is equal: sums differ by their order. */
function tolerance(a: number, b: number): number {
  return 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

function normalise(
  objectives: Objectives,
  front: readonly { readonly objectives: Objectives }[],
): Readonly<Record<Axis, number>> {
  const share = (axis: Axis) => {
    const values = front.map((point) => point.objectives[axis]);
    const best = Math.min(...values);
    const range = Math.max(...values) - best;
    return range > tolerance(best, best) ? (objectives[axis] - best) / range : 0;
  };
  return { latency: share('latency'), cost: share('cost'), energy: share('energy'), churn: share('churn') };
}

/** The point nearest to the ideal one, in normalised axes. */
function kneeOf(points: readonly ParetoPoint[]): number {
  const distances = points.map(({ normalised }) => Math.hypot(...axes.map((axis) => normalised[axis])));
  return distances.indexOf(Math.min(...distances));
}

/**
 * The weights that an operator picked.
 *
 * @param choice a point's name, or its index
 * @returns null when the front has no such point
 */
export function pickWeights(front: ParetoFront, choice: string | number): ObjectiveWeights | null {
  const point =
    typeof choice === 'number' ? front.points[choice] : front.points.find(({ name }) => name === choice);
  return point?.weights ?? null;
}
