import type { Past } from './past.ts';

const daysMax = 3;
const hoursMax = 4;
/** Steps at each side of the same time of an earlier day that are averaged with it. */
const daySpread = 2;

/** Mean around the same time of an earlier day, as far as it was known before `end`. */
export function around(past: Past, at: number, end: number): number {
  const from = Math.max(0, at - daySpread);
  const to = Math.min(end, at + daySpread + 1);
  return past.mean(from, to);
}

/** Mean at the same time of up to three earlier days, as known at `origin`; NaN without one. */
export function daysMean(past: Past, target: number, origin: number): number {
  const { season } = past;
  let sum = 0;
  let count = 0;
  for (let at = phaseBefore(target, origin, season); count < daysMax && at >= 0; at -= season) {
    sum += around(past, at, origin + 1);
    count += 1;
  }
  return count === 0 ? NaN : sum / count;
}

/** Mean at the same time of up to four earlier hours, as known at `origin`; NaN without one. */
export function hoursMean(past: Past, target: number, origin: number): number {
  const { hour, values } = past;
  let sum = 0;
  let count = 0;
  for (let at = phaseBefore(target, origin, hour); count < hoursMax && at >= 0; at -= hour) {
    sum += values[at] as number;
    count += 1;
  }
  return count === 0 ? NaN : sum / count;
}

/** The latest index not after `origin` that lies whole periods before `target`; negative when there is none. */
export function phaseBefore(target: number, origin: number, period: number): number {
  const periods = Math.max(1, Math.ceil((target - origin) / period));
  return target - periods * period;
}
