import type { Series } from '../contract.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const seasonMin = 4;
const seasonMax = 2_880;
const weekDays = 7;
/** Values that there is room for at first: a week of minutes takes more than a megabyte, and most series are younger. */
const roomFirst = 64;
/** How fast the levels follow: the share of each new value. */
export const levelRates = [0.5, 0.2, 0.05] as const;

/** Steps of a day, or 0 where a day is too few or too many of them to be of use. */
export function seasonSteps(stepMs: number): number {
  const steps = Math.round(dayMs / stepMs);
  return steps >= seasonMin && steps <= seasonMax ? steps : 0;
}

/** Steps of an hour, or 0 where they are too few or too many to be of use. */
function hourSteps(stepMs: number): number {
  const steps = Math.round(hourMs / stepMs);
  return steps >= seasonMin && steps <= seasonMax ? steps : 0;
}

/**
 * The newest values of a series, with the sums that make means over any window cheap. It holds at least a week and a day of
 * them, and forgets what is older. Index 0 is the oldest one held.
 */
export class Past {
  /** Steps of a day; 0 without one. */
  readonly season: number;
  /** Steps of an hour; 0 without one. */
  readonly hour: number;
  /** How many values are held. */
  length = 0;
  /** How many there have been. */
  seen = 0;
  /** Means with weights that fall off geometrically, one array per rate of `levelRates`. */
  levels: readonly Float64Array[];
  values = new Float64Array(roomFirst);
  arrivals = new Float64Array(roomFirst);
  /** Of all that there have been: the smallest value. */
  least = Infinity;
  readonly #held: number;
  readonly #startMs: number;
  readonly #stepMs: number;
  // Sums up to, but not including, an index; of values less the first one, so that few digits are lost.
  #sums = new Float64Array(roomFirst + 1);
  #squares = new Float64Array(roomFirst + 1);
  #changes = new Float64Array(roomFirst + 1);
  #offset = 0;

  constructor(start: Pick<Series, 'startMs' | 'stepMs'>) {
    this.season = seasonSteps(start.stepMs);
    this.hour = hourSteps(start.stepMs);
    this.#startMs = start.startMs;
    this.#stepMs = start.stepMs;
    this.#held = Past.heldMin(start.stepMs);
    this.levels = levelRates.map(() => new Float64Array(roomFirst));
  }

  /** How many values are held at least, once there have been so many. */
  static heldMin(stepMs: number): number {
    return Math.max(2_048, (weekDays + 1) * seasonSteps(stepMs) + 512);
  }

  /** @param arrivals NaN where they are not known */
  push(value: number, arrivals: number): void {
    if (this.length === 2 * this.#held) this.#forget();
    else if (this.length === this.values.length) this.#grow();
    const at = this.length;
    const last = at === 0 ? value : (this.values[at - 1] as number);
    const kept = Number.isFinite(value) ? value : Number.isFinite(last) ? last : 0;
    if (at === 0) this.#offset = kept;
    this.values[at] = kept;
    this.arrivals[at] = arrivals;
    this.least = Math.min(this.least, kept);
    for (let index = 0; index < levelRates.length; index += 1) {
      const level = this.levels[index] as Float64Array;
      const before = at === 0 ? kept : (level[at - 1] as number);
      level[at] = before + (levelRates[index] as number) * (kept - before);
    }
    this.length += 1;
    this.seen += 1;
    this.#extend(at);
  }

  /** Mean over [from, to), which must not be empty. */
  mean(from: number, to: number): number {
    return this.#offset + ((this.#sums[to] as number) - (this.#sums[from] as number)) / (to - from);
  }

  deviation(from: number, to: number): number {
    const count = to - from;
    const mean = ((this.#sums[to] as number) - (this.#sums[from] as number)) / count;
    const square = ((this.#squares[to] as number) - (this.#squares[from] as number)) / count;
    return Math.sqrt(Math.max(0, square - mean * mean));
  }

  /** Mean absolute change from value to value, of those that lead into [from, to). */
  change(from: number, to: number): number {
    return ((this.#changes[to] as number) - (this.#changes[from] as number)) / (to - from);
  }

  /** Start of the step that lies `ahead` steps after the last one, in milliseconds. */
  timeMs(ahead: number): number {
    return this.#startMs + (this.seen - 1 + ahead) * this.#stepMs;
  }

  #extend(at: number): void {
    const value = this.values[at] as number;
    const centred = value - this.#offset;
    this.#sums[at + 1] = (this.#sums[at] as number) + centred;
    this.#squares[at + 1] = (this.#squares[at] as number) + centred * centred;
    const change = at === 0 ? 0 : Math.abs(value - (this.values[at - 1] as number));
    this.#changes[at + 1] = (this.#changes[at] as number) + change;
  }

  #grow(): void {
    const room = Math.min(2 * this.#held, 2 * this.length);
    this.values = widened(this.values, room);
    this.arrivals = widened(this.arrivals, room);
    this.levels = this.levels.map((level) => widened(level, room));
    this.#sums = widened(this.#sums, room + 1);
    this.#squares = widened(this.#squares, room + 1);
    this.#changes = widened(this.#changes, room + 1);
  }

  /** Drops the older half, and sums anew, which also ends what rounding has gathered. */
  #forget(): void {
    const from = this.length - this.#held;
    for (const list of [this.values, this.arrivals, ...this.levels]) list.copyWithin(0, from, this.length);
    this.length = this.#held;
    this.#offset = this.values[0] as number;
    for (let at = 0; at < this.length; at += 1) this.#extend(at);
  }
}

function widened(list: Float64Array, room: number): Float64Array<ArrayBuffer> {
  const wide = new Float64Array(room);
  wide.set(list);
  return wide;
}
