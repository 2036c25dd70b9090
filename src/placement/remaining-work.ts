import type { MethodHistory } from './method-history.ts';
import { remainingQuantile } from './method-history.ts';

/** CPU time that an execution still needs, in ms. */
export interface WorkEstimate {
  /** One in ten needs less. */
  readonly lowMs: number;
  readonly medianMs: number;
  /** One in ten needs more. */
  readonly highMs: number;
  /** What it was estimated from; `age` (as much again as it has used) where nothing better was known. */
  readonly source: 'progress' | 'history' | 'progressAndHistory' | 'age';
}

/** How far the outermost counted loop of an execution has come. */
export interface LoopProgress {
  /** Turns made since `sinceCpuMs`. */
  readonly done: number;
  /** Turns in all, counted from the same start. */
  readonly total: number;
  /** CPU time of the execution when the loop began. */
  readonly sinceCpuMs: number;
}

/** Before it has used this much, an execution's age says nothing: it is taken for this old. */
const ageMinMs = 100;
/** What loop progress does not see: the work after the loop, and turns that differ. In natural logarithms. */
const progressSpread = 0.2;
/** z of the 90th percentile of a normal distribution. */
const z90 = 1.2816;

/**
 * What is left of an execution's work.
 *
 * - Loop progress: `(total − done) × CPU time per turn so far`; its error is taken for log-normal, with a spread that
 *   falls with the turns seen.
 * - History: the distribution of what those of its predecessors still needed that had taken as long.
 * - Both: the mean of their logarithms, weighed by their precisions (inverse variance).
 * - Neither: as much again as it has used. That is the median for life times without scale, P(T > t) ~ 1/t, which is
 *   what Harchol-Balter and Downey measured of Unix processes ("Exploiting process lifetime distributions for dynamic
 *   load balancing", ACM TOCS 15(3), 1997, section 2); one in ten then needs less than a ninth, one in ten more than
 *   nine times as much.
 *
 * @param cpuMs that it has used; 0 where that is no amount
 * @param progress null where no counted loop runs
 */
export function remainingWork(
  cpuMs: number,
  progress: LoopProgress | null,
  history: MethodHistory,
): WorkEstimate {
  const usedMs = cpuMs >= 0 && cpuMs < Infinity ? cpuMs : 0;
  const byProgress = progress === null ? null : fromProgress(usedMs, progress);
  const byHistory = fromHistory(usedMs, history);
  if (byProgress !== null && byHistory !== null)
    return estimate(combined(byProgress, byHistory), 'progressAndHistory');
  if (byProgress !== null) return estimate(byProgress, 'progress');
  if (byHistory !== null) return estimate(byHistory, 'history');
  const ageMs = Math.max(ageMinMs, usedMs);
  return { lowMs: ageMs / 9, medianMs: ageMs, highMs: ageMs * 9, source: 'age' };
}

/** A log-normal amount. */
interface Guess {
  readonly medianMs: number;
  readonly spread: number;
}

function fromProgress(cpuMs: number, { done, total, sinceCpuMs }: LoopProgress): Guess | null {
  const spentMs = cpuMs - sinceCpuMs;
  if (!(done >= 1 && total >= done && total < Infinity && spentMs > 0)) return null;
  return { medianMs: ((total - done) * spentMs) / done, spread: progressSpread + 1 / Math.sqrt(done) };
}

function fromHistory(cpuMs: number, history: MethodHistory): Guess | null {
  const lowMs = remainingQuantile(history, cpuMs, 0.1);
  const medianMs = remainingQuantile(history, cpuMs, 0.5);
  const highMs = remainingQuantile(history, cpuMs, 0.9);
  if (lowMs === null || medianMs === null || highMs === null) return null;
  const spread = Math.log(Math.max(1, highMs) / Math.max(1, lowMs)) / (2 * z90);
  return { medianMs, spread: Math.max(progressSpread, spread) };
}

function combined(a: Guess, b: Guess): Guess {
  const [preciseA, preciseB] = [1 / a.spread ** 2, 1 / b.spread ** 2];
  const all = preciseA + preciseB;
  const logMs = (preciseA * Math.log1p(a.medianMs) + preciseB * Math.log1p(b.medianMs)) / all;
  return { medianMs: Math.expm1(logMs), spread: Math.sqrt(1 / all) };
}

function estimate({ medianMs, spread }: Guess, source: WorkEstimate['source']): WorkEstimate {
  const factor = Math.exp(z90 * spread);
  return { lowMs: medianMs / factor, medianMs, highMs: medianMs * factor, source };
}
