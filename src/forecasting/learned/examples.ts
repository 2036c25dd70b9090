import type { Random } from '../../core/ports.ts';
import { Candidates } from './candidates.ts';
import type { Lesson } from './contract.ts';
import { originFeatures, outlook, StepFeatures } from './features.ts';
import { knotMax } from './knots.ts';
import { featureCount, originFeatureCount } from './layout.ts';
import { Past } from './past.ts';
import type { RowCollector } from './rows.ts';

/** Which examples are taken from one series. */
export interface Excerpt {
  /** Values before the first origin, at least. */
  readonly pastMin: number;
  /** Origins lie in [from, to), and so do the steps that are forecast; indices into the values. */
  readonly from: number;
  readonly to: number;
  /** At most so many examples. */
  readonly examplesMax: number;
}

/** Steps ahead taken at each origin, drawn from [1, most]: the next one, near ones and far ones. */
const stepsMost = [1, 12, knotMax, knotMax] as const;
/** Errors are shared out between near and far steps at these bounds, so that both count alike. */
const reachBounds = [1, 4, 12, 24, knotMax] as const;

/** Where the blend is as good as exact, its errors are rounding. */
const weightMax = 100;

interface Draft {
  readonly features: Float32Array;
  readonly target: number;
  readonly scale: number;
  readonly reach: number;
  /** Absolute error of the blend that the trees correct. */
  readonly error: number;
}

/**
 * Draws examples from one series. Each example weighs so that, over the series and steps of about the same reach, the blend's
 * mean error costs 1: a series counts for as much as any other, whatever its unit and however wild it is.
 */
export function collect(lesson: Lesson, excerpt: Excerpt, into: RowCollector, random: Random): void {
  const drafts = draftsOf(lesson, excerpt, random);
  const sums = new Float64Array(reachBounds.length);
  const counts = new Float64Array(reachBounds.length);
  for (const { reach, error } of drafts) {
    sums[reach] = (sums[reach] as number) + error;
    counts[reach] = (counts[reach] as number) + 1;
  }
  for (const { features, target, scale, reach } of drafts) {
    if (into.full) return;
    const usual = (sums[reach] as number) / (counts[reach] as number);
    if (usual > 0) into.add(features, target, Math.min(weightMax, scale / usual));
  }
}

function draftsOf({ history, arrivals }: Lesson, excerpt: Excerpt, random: Random): readonly Draft[] {
  const { values } = history;
  const first = Math.max(excerpt.from, excerpt.pastMin - 1, 3);
  const origins = excerpt.to - 1 - first;
  if (origins <= 0) return [];
  const share = Math.min(1, excerpt.examplesMax / stepsMost.length / origins);
  const past = new Past(history);
  const candidates = new Candidates(past);
  const steps = new StepFeatures(past, candidates);
  const row = new Float32Array(featureCount);
  const drafts: Draft[] = [];
  for (let at = 0; at < excerpt.to - 1; at += 1) {
    past.push(values[at] as number, arrivals?.[at] ?? NaN);
    candidates.update();
    if (at < first || random.next() >= share) continue;
    const view = outlook(past);
    if (view.scale === 0) continue;
    originFeatures(past, view, row.subarray(0, originFeatureCount));
    for (const most of stepsMost) {
      const ahead = 1 + Math.floor(random.next() * most);
      if (at + ahead >= excerpt.to) continue;
      const value = values[at + ahead] as number;
      if (!Number.isFinite(value)) continue;
      const base = steps.write(view, ahead, row);
      drafts.push({
        features: row.slice(),
        target: (value - base) / view.scale,
        scale: view.scale,
        reach: reachBounds.findIndex((bound) => ahead <= bound),
        error: Math.abs(value - base),
      });
    }
  }
  return drafts;
}
