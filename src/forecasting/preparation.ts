import { assert } from '../core/assert.ts';
import type { PreparedSeries, Sample } from './contract.ts';
import { levelSince } from './level-shift.ts';
import { dailyPeriod } from './period.ts';

/** How readings become a series. */
export interface PreparationOptions {
  /** Width of a step, over 0. */
  readonly stepMs: number;
  /** A gauge is averaged over a step; of a counter, which only rises, the increase is taken. */
  readonly kind: 'gauge' | 'counter';
  /** Readings from later on are dropped: a clock ran ahead. */
  readonly untilMs: number;
  /** Only so many of the newest steps are kept: a reading from a year ago costs nothing. */
  readonly valuesMax: number;
}

interface Mended {
  dropped: number;
  duplicates: number;
  resets: number;
}

/** Fourteen days of five minutes. */
export const valuesMaxDefault = 4032;

/** Increases between two readings farther apart than this say nothing of the steps between: they are a gap. */
const counterGapStepsMax = 12;

/**
 * Puts readings onto an even grid: sorts them, drops what is not a number, averages gauges, differences counters, and
 * fills gaps.
 *
 * @returns null if no step has a value
 */
export function prepare(samples: readonly Sample[], options: PreparationOptions): PreparedSeries | null {
  const { stepMs, kind, untilMs, valuesMax } = options;
  assert(stepMs > 0 && valuesMax >= 1, 'a grid has a step, and at least one value');
  const mended: Mended = { dropped: 0, duplicates: 0, resets: 0 };
  const sorted = sortedOnce(samples, { kind, untilMs }, mended);
  const last = sorted.at(-1);
  if (last === undefined) return null;
  // A counter's last reading ends the step before it, when it falls between two.
  const end = kind === 'gauge' ? Math.floor(last.atMs / stepMs) : Math.ceil(last.atMs / stepMs) - 1;
  const first = Math.max(Math.floor((sorted[0]?.atMs ?? last.atMs) / stepMs), end - valuesMax + 1);
  if (end < first) return null;
  const grid = new Float64Array(end - first + 1).fill(Number.NaN);
  if (kind === 'gauge') average(sorted, first, stepMs, grid);
  else increase(sorted, first, stepMs, grid, mended);
  const start = grid.findIndex((value) => !Number.isNaN(value));
  if (start < 0) return null;
  const values = grid.slice(start);
  const filled = fillGaps(values, dailyPeriod(stepMs));
  let count = 0;
  for (const one of filled) count += one;
  return {
    series: { startMs: (first + start) * stepMs, stepMs, values },
    filled,
    levelSince: levelSince(values, dailyPeriod(stepMs)),
    mended: { ...mended, filled: count },
  };
}

function sortedOnce(
  samples: readonly Sample[],
  { kind, untilMs }: Pick<PreparationOptions, 'kind' | 'untilMs'>,
  mended: Mended,
): Sample[] {
  const sound = samples.filter(
    ({ atMs, value }) =>
      Number.isFinite(atMs) && Number.isFinite(value) && atMs <= untilMs && (kind === 'gauge' || value >= 0),
  );
  mended.dropped = samples.length - sound.length;
  let sorted = true;
  for (let index = 1; index < sound.length && sorted; index += 1) {
    sorted = (sound[index]?.atMs ?? 0) >= (sound[index - 1]?.atMs ?? 0);
  }
  if (!sorted) sound.sort((one, other) => one.atMs - other.atMs);
  const unique: Sample[] = [];
  for (const sample of sound) {
    if (unique.at(-1)?.atMs === sample.atMs) {
      // The later one in the order of arrival stands: it is the correction.
      unique[unique.length - 1] = sample;
      mended.duplicates += 1;
    } else unique.push(sample);
  }
  return unique;
}

function average(samples: readonly Sample[], first: number, stepMs: number, grid: Float64Array): void {
  const counts = new Uint32Array(grid.length);
  for (const { atMs, value } of samples) {
    const index = Math.floor(atMs / stepMs) - first;
    if (index < 0) continue;
    const count = counts[index] ?? 0;
    // A running mean: a sum of large values could overflow.
    const mean = count === 0 ? 0 : (grid[index] ?? 0);
    grid[index] = mean + (value - mean) / (count + 1);
    counts[index] = count + 1;
  }
}

/** A step of which less than this share was counted says too little. */
const countedMin = 0.5;

/** Spreads each increase evenly over the time in which it came about. */
function increase(
  samples: readonly Sample[],
  first: number,
  stepMs: number,
  grid: Float64Array,
  mended: Mended,
): void {
  let before = samples[0];
  const counted = new Float64Array(grid.length);
  for (let index = 1; index < samples.length; index += 1) {
    const sample = samples[index];
    if (before === undefined || sample === undefined) break;
    const next = samples[index + 1];
    // One low reading between two that rise is a misreading: no counter returns from a restart to where it was.
    if (sample.value < before.value && next !== undefined && next.value >= before.value) {
      mended.dropped += 1;
      continue;
    }
    // After a restart it counts from zero.
    const reset = sample.value < before.value;
    if (reset) mended.resets += 1;
    const amount = reset ? sample.value : sample.value - before.value;
    if (sample.atMs - before.atMs <= counterGapStepsMax * stepMs) {
      spread(before.atMs / stepMs - first, sample.atMs / stepMs - first, amount, grid, counted);
    }
    before = sample;
  }
  for (let index = 0; index < grid.length; index += 1) {
    const share = counted[index]!;
    // Rounding aside, a step is counted once and whole.
    if (share < 1 - 1e-9) grid[index] = share >= countedMin ? grid[index]! / share : Number.NaN;
  }
}

/** @param from in steps; the amount came about evenly in [from, to) */
function spread(from: number, to: number, amount: number, grid: Float64Array, counted: Float64Array): void {
  const perStep = amount / (to - from);
  for (let index = Math.max(0, Math.floor(from)); index < Math.min(grid.length, to); index += 1) {
    const share = Math.min(to, index + 1) - Math.max(from, index);
    const sum = grid[index]!;
    grid[index] = (Number.isNaN(sum) ? 0 : sum) + perStep * share;
    counted[index]! += share;
  }
}

/** A gap up to this long is bridged by a straight line; a longer one by the day before, if there is one. */
const straightStepsMax = 3;

/**
 * Fills NaN in place. The first and the last value stand.
 *
 * @returns 1 where a value was filled
 */
export function fillGaps(values: Float64Array, period: number | null): Uint8Array {
  const filled = new Uint8Array(values.length);
  let index = 0;
  while (index < values.length) {
    if (!Number.isNaN(values[index])) {
      index += 1;
      continue;
    }
    const from = index;
    while (index < values.length && Number.isNaN(values[index])) index += 1;
    bridge(values, from, index, period);
    filled.fill(1, from, index);
  }
  return filled;
}

/** Fills [from, to). By the season: the day before, lifted so that it meets both ends. */
function bridge(values: Float64Array, from: number, to: number, period: number | null): void {
  const before = from > 0 ? (values[from - 1] ?? 0) : (values[to] ?? 0);
  const after = to < values.length ? (values[to] ?? before) : before;
  if (period === null || to - from <= straightStepsMax || from - 1 - period < 0) {
    for (let index = from; index < to; index += 1) {
      values[index] = before + ((after - before) * (index - from + 1)) / (to - from + 1);
    }
    return;
  }
  // First plainly repeated, so that a gap of several days is filled from what was filled; then lifted.
  for (let index = from; index < to; index += 1) values[index] = values[index - period] ?? 0;
  const liftBefore = before - (values[from - 1 - period] ?? 0);
  const liftAfter = to < values.length ? after - (values[to - period] ?? 0) : liftBefore;
  for (let index = from; index < to; index += 1) {
    const share = (index - from + 1) / (to - from + 1);
    values[index] = (values[index] ?? 0) + liftBefore + (liftAfter - liftBefore) * share;
  }
}
