import { dailyPeriod } from './period.ts';

/** What a regression sees of a series at an origin: features of the origin alone, and features of origin and step. */
export interface LagLayout {
  /** Lags before the newest value, 0 for that one. */
  readonly lags: readonly number[];
  /** Lengths of windows that end at the newest value, whose means are taken. */
  readonly windows: readonly number[];
  /** Harmonics of the day, as pairs of sine and cosine. */
  readonly harmonics: number;
  /** Steps of an hour, a day, a week; 0 where the series has no such season, or is too short for it. */
  readonly hour: number;
  readonly day: number;
  readonly week: number;
  /** Count of features of the origin: intercept, lags, means, sines and cosines. */
  readonly shared: number;
  /** Count of features of origin and step. */
  readonly seasonal: number;
  /** An origin needs so many values up to and with it. */
  readonly reach: number;
}

const hourMs = 3_600_000;
/** Cycles back that are averaged at the same phase. */
const hoursBack = 4;
const daysBack = 4;
/** Neighbours on each side in the smoothed value one day ago: a quarter of an hour, none on coarse grids. */
const neighboursOf = (day: number): number => Math.floor(day / 96);

/** @param length values that there are to learn from */
export function lagLayout(stepMs: number, length: number, horizonMax: number): LagLayout {
  const period = dailyPeriod(stepMs) ?? 0;
  const perHour = hourMs / stepMs;
  const day = period >= 6 && length >= 2.4 * period + horizonMax ? period : 0;
  const neighbours = neighboursOf(day);
  const week = day > 0 && length >= 9 * day + horizonMax ? 7 * day : 0;
  const hour =
    Number.isInteger(perHour) && perHour >= 3 && length > perHour * (hoursBack + 8) + horizonMax
      ? perHour
      : 0;
  const longest = day > 0 ? Math.max(day, 6) : Math.max(6, Math.floor(length / 8));
  const windows = [3, 6, 12, 24, 48, 96, 144, 288].filter((window) => window <= longest);
  const lags = [0, 1, 2, 3, 4, 5, 7, 9, 11].filter((lag) => lag <= Math.max(2, length / 12));
  const harmonics = day >= 12 ? 3 : 0;
  return {
    lags,
    windows,
    harmonics,
    hour,
    day,
    week,
    shared: 1 + lags.length + windows.length + 2 * harmonics,
    seasonal: (hour > 0 ? 2 : 0) + (day > 0 ? 4 : 0) + (week > 0 ? 1 : 0),
    reach: Math.max(
      (windows.at(-1) ?? 1) + 1,
      (lags.at(-1) ?? 0) + 1,
      hour > 0 ? hour * (hoursBack + Math.ceil(horizonMax / hour)) : 0,
      day > 0 ? day * Math.ceil(horizonMax / day) + neighbours + 1 : 0,
      week > 0 ? week * Math.ceil(horizonMax / week) + neighbours + 1 : 0,
    ),
  };
}

/** Values that grow at the end, with sums over any window of them at once. */
export class GrowingValues {
  #values: Float64Array;
  #sums: Float64Array;
  #length = 0;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
    this.#sums = new Float64Array(capacity + 1);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const values = new Float64Array(this.#length * 2 + 64);
      values.set(this.#values);
      const sums = new Float64Array(values.length + 1);
      sums.set(this.#sums);
      this.#values = values;
      this.#sums = sums;
    }
    this.#values[this.#length] = value;
    this.#sums[this.#length + 1] = this.#sums[this.#length]! + value;
    this.#length += 1;
  }

  /** Forgets all values from this index on. */
  cut(length: number): void {
    this.#length = length;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  /** Mean over [from, to), which is not empty. */
  mean(from: number, to: number): number {
    return (this.#sums[to]! - this.#sums[from]!) / (to - from);
  }
}

/**
 * Writes the features of an origin (the index of the newest value) to `out`.
 *
 * @param level is taken off all of them that are values
 */
export function sharedFeatures(
  layout: LagLayout,
  values: GrowingValues,
  origin: number,
  phase: number,
  level: number,
  out: Float64Array,
): void {
  let column = 0;
  out[column++] = 1;
  for (const lag of layout.lags) out[column++] = values.at(origin - lag) - level;
  for (const window of layout.windows) out[column++] = values.mean(origin + 1 - window, origin + 1) - level;
  for (let harmonic = 1; harmonic <= layout.harmonics; harmonic += 1) {
    const angle = (2 * Math.PI * harmonic * (phase + origin)) / layout.day;
    out[column++] = Math.sin(angle);
    out[column++] = Math.cos(angle);
  }
}

/** Writes the features of an origin and a step ahead of it to `out`, from `column` on. */
export function seasonalFeatures(
  layout: LagLayout,
  values: GrowingValues,
  origin: number,
  step: number,
  level: number,
  out: Float64Array,
  from: number,
): void {
  const { hour, day, week } = layout;
  const target = origin + step;
  const neighbours = neighboursOf(day);
  let column = from;
  if (hour > 0) {
    const newest = target - hour * Math.ceil(step / hour);
    let sum = 0;
    for (let back = 0; back < hoursBack; back += 1) sum += values.at(newest - back * hour);
    out[column++] = values.at(newest) - level;
    out[column++] = sum / hoursBack - level;
  }
  if (day > 0) {
    const newest = target - day * Math.ceil(step / day);
    const older = newest - day;
    out[column++] = values.at(newest) - level;
    out[column++] = values.mean(newest - neighbours, Math.min(origin, newest + neighbours) + 1) - level;
    out[column++] = values.at(older >= 0 ? older : newest) - level;
    let sum = 0;
    let count = 0;
    for (let index = newest; index >= 1 && count < daysBack; index -= day) {
      sum += neighbours === 0 ? values.at(index) : values.mean(index - 1, Math.min(origin, index + 1) + 1);
      count += 1;
    }
    out[column++] = sum / count - level;
  }
  if (week > 0) {
    const newest = target - week * Math.ceil(step / week);
    out[column++] = values.mean(newest - neighbours, Math.min(origin, newest + neighbours) + 1) - level;
  }
}
