import { blend, candidateCount, type Candidates } from './candidates.ts';
import { knotMax } from './knots.ts';
import {
  deviationWindows,
  extremeWindows,
  lags,
  meanWindows,
  originFeatureCount,
  profileSteps,
  quantileLevels,
  quantileWindow,
} from './layout.ts';
import type { Past } from './past.ts';
import { phaseBefore } from './phases.ts';

/** Features are cut off here: further out, only the sign says something. */
const extreme = 1e4;
/** Without a day's length, the windows of a day have so many steps. */
const dayWithoutSeason = 288;
/** The windows of a day have at most so many steps: quantiles sort them. */
const daySortedMax = 288;
const dayMs = 86_400_000;
/** Before this, a start time counts from the start of a trace, and says nothing of the calendar. */
const calendarFromMs = Date.UTC(1990, 0);

/** What a series looks like at its last value: what the features of every step ahead are measured with. */
export interface Outlook {
  readonly origin: number;
  /** The last value. */
  readonly last: number;
  /** Mean absolute change of the last day: the unit of all features. 0 for a series that has never changed. */
  readonly scale: number;
}

export function outlook(past: Past): Outlook {
  const origin = past.length - 1;
  const last = past.values[origin] as number;
  const day = past.season === 0 ? dayWithoutSeason : past.season;
  const recent = past.change(Math.max(0, past.length - day), past.length);
  const scale = recent > 0 ? recent : past.change(0, past.length);
  // What rounding leaves of a constant is no change.
  return { origin, last, scale: scale > 1e-12 * Math.abs(last) ? scale : 0 };
}

const bounded = (value: number): number => Math.min(extreme, Math.max(-extreme, value));

/** Writes the features of an origin, which are the same for every step ahead. */
export function originFeatures(past: Past, { origin, last, scale }: Outlook, into: Float32Array): void {
  const { values, season, length } = past;
  const day = season === 0 ? dayWithoutSeason : season;
  let at = 0;
  const put = (value: number): void => {
    into[at] = bounded(value);
    at += 1;
  };
  put(season === 0 ? NaN : Math.log2(season));
  put(season === 0 ? NaN : Math.min(8, past.seen / season));
  put(Math.log2(past.seen));
  put(past.change(0, length) / scale);
  put(past.deviation(Math.max(0, length - day), length) / scale);
  for (const lag of lags) put(origin < lag ? NaN : ((values[origin - lag] as number) - last) / scale);
  for (const window of [...meanWindows, day]) {
    put(length < window ? NaN : (past.mean(length - window, length) - last) / scale);
  }
  for (const window of [...deviationWindows, day]) {
    put(length < window ? NaN : past.deviation(length - window, length) / scale);
  }
  for (const window of extremeWindows) {
    const { least, most } = extremesOf(values, Math.max(0, length - window), length);
    put((least - last) / scale);
    put((most - last) / scale);
  }
  const recent = values.slice(Math.max(0, length - quantileWindow), length).sort();
  for (const level of quantileLevels) put((quantile(recent, level) - last) / scale);
  const sorted = values.slice(Math.max(0, length - Math.min(day, daySortedMax)), length).sort();
  for (const level of quantileLevels) put((quantile(sorted, level) - last) / scale);
  const least = sorted[0] as number;
  put((last - least) / ((sorted[sorted.length - 1] as number) - least));
  const motion = motionOf(values, Math.max(1, length - quantileWindow), length);
  put(motion.stillShare);
  put(bottomShare(sorted, scale));
  put(motion.turning);
  put(origin < season || season === 0 ? NaN : (last - (values[origin - season] as number)) / scale);
  const week = 7 * season;
  put(origin < week || season === 0 ? NaN : (last - (values[origin - week] as number)) / scale);
  for (const value of arrivalFeatures(past, origin)) put(value);
}

function extremesOf(values: Float64Array, from: number, to: number): { least: number; most: number } {
  let least = Infinity;
  let most = -Infinity;
  for (let at = from; at < to; at += 1) {
    const value = values[at] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most };
}

function quantile(sorted: Float64Array, level: number): number {
  return sorted[Math.floor(level * (sorted.length - 1) + 0.5)] as number;
}

/** The share of values close to the smallest one: high for what idles and bursts. */
function bottomShare(sorted: Float64Array, scale: number): number {
  const limit = (sorted[0] as number) + 0.5 * scale;
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

/** How often values stay, and whether a change is followed by its like (1) or by its opposite (-1). */
function motionOf(values: Float64Array, from: number, to: number): { stillShare: number; turning: number } {
  let still = 0;
  let products = 0;
  let squares = 0;
  let before = 0;
  for (let at = from; at < to; at += 1) {
    const change = (values[at] as number) - (values[at - 1] as number);
    if (change === 0) still += 1;
    products += change * before;
    squares += change * change;
    before = change;
  }
  return { stillShare: to > from ? still / (to - from) : NaN, turning: products / squares };
}

/** The rate of arrivals against its own past, in units of its own changes. NaN where it is not known. */
function arrivalFeatures({ arrivals, season }: Past, origin: number): readonly number[] {
  const now = arrivals[origin] as number;
  if (Number.isNaN(now)) return [NaN, NaN, NaN, NaN];
  const from = Math.max(0, origin - quantileWindow + 1);
  let sum = 0;
  let changes = 0;
  let recent = 0;
  for (let at = from; at <= origin; at += 1) {
    const value = arrivals[at] as number;
    sum += value;
    if (at > from) changes += Math.abs(value - (arrivals[at - 1] as number));
    if (at > origin - 3) recent += value;
  }
  const unit = changes / (origin - from);
  const mean = sum / (origin - from + 1);
  const dayAgo = season === 0 || origin < season ? NaN : (arrivals[origin - season] as number);
  return [(now - mean) / unit, (recent / 3 - mean) / unit, recent / 3 / mean, (now - dayAgo) / unit];
}

/** Writes the features of steps ahead, one step at a time. */
export class StepFeatures {
  readonly #past: Past;
  readonly #candidates: Candidates;
  readonly #forecasts = new Float64Array(candidateCount);
  readonly #errors = new Float64Array(candidateCount);

  constructor(past: Past, candidates: Candidates) {
    this.#past = past;
    this.#candidates = candidates;
  }

  /**
   * @param row where to write; the origin's features stand at its beginning already
   * @returns the candidates' blend, from which the trees' answer is a distance in units of `scale`
   */
  write({ origin, last, scale }: Outlook, ahead: number, row: Float32Array): number {
    const past = this.#past;
    this.#candidates.write(ahead, this.#forecasts, this.#errors);
    const base = blend(this.#forecasts, this.#errors);
    let at = originFeatureCount;
    const put = (value: number): void => {
      row[at] = bounded(value);
      at += 1;
    };
    // Further ahead than was learned, steps count as the last one that was.
    const near = Math.min(ahead, knotMax);
    put(near);
    put(past.season === 0 ? NaN : near / past.season);
    put((base - last) / scale);
    for (const forecast of this.#forecasts) put((forecast - base) / scale);
    let least = Infinity;
    for (const error of this.#errors) if (error < least) least = error;
    for (const error of this.#errors) put(error / least);
    put(least / scale);
    this.#putSeason({ origin, last, scale }, ahead, base, put);
    putCalendar(past, ahead, put);
    return base;
  }

  #putSeason(
    { origin, last, scale }: Outlook,
    ahead: number,
    base: number,
    put: (value: number) => void,
  ): void {
    const { season, values } = this.#past;
    const target = origin + ahead;
    const day = season === 0 ? -1 : phaseBefore(target, origin, season);
    const twoDays = day < 0 ? -1 : day - season;
    const week = season === 0 ? -1 : phaseBefore(target, origin, 7 * season);
    /** The change that an earlier day made over the same steps. */
    const changeOf = (to: number): number =>
      to < ahead ? NaN : ((values[to] as number) - (values[to - ahead] as number)) / scale;
    put(changeOf(day));
    put(twoDays < 0 ? NaN : ((values[twoDays] as number) - base) / scale);
    put(changeOf(twoDays));
    put(changeOf(week));
    let most = NaN;
    if (day >= 0) {
      const { most: peak } = extremesOf(values, Math.max(0, day - 6), Math.min(origin + 1, day + 7));
      most = (peak - last) / scale;
    }
    for (const step of profileSteps) {
      const beside = day + step;
      const known = day >= 0 && beside >= 0 && beside <= origin;
      put(known ? ((values[beside] as number) - (values[day] as number)) / scale : NaN);
    }
    put(most);
  }
}

function putCalendar(past: Past, ahead: number, put: (value: number) => void): void {
  const timeMs = past.timeMs(ahead);
  if (!(timeMs >= calendarFromMs)) {
    for (let index = 0; index < 4; index += 1) put(NaN);
    return;
  }
  const days = timeMs / dayMs;
  const angle = 2 * Math.PI * (days - Math.floor(days));
  put(Math.sin(angle));
  put(Math.cos(angle));
  // The first day of 1970 was a Thursday; 0 is Monday.
  const dayOfWeek = (Math.floor(days) + 3) % 7;
  put(dayOfWeek);
  put(dayOfWeek >= 5 ? 1 : 0);
}
