import { median } from 'simple-statistics';
import type { Anomaly } from './anomaly.ts';
import { RobustWindow } from './robust-window.ts';

/** How a series is watched. Lengths count values. */
export interface AnomalyOptions {
  /** A value is compared with so many before it. */
  readonly windowLength: number;
  /** Least distance from the median, in robust standard deviations, that makes a value an anomaly. */
  readonly zMin: number;
  /** And by this factor above what the series itself has shown lately. */
  readonly tailFactor: number;
  /** Values after which half of what the series has shown is forgotten. */
  readonly tailHalfLife: number;
  /** The level is the median of so many values. */
  readonly blockLength: number;
  /** A block is compared with so many before it. */
  readonly blocksLength: number;
  /** What a CUSUM forgives each block, and where it alarms, in robust standard deviations of blocks. */
  readonly driftZ: number;
  readonly alarmZ: number;
  /** After an anomaly, so many values pass without a spike or a dip: one event, one alarm. A new level is told all the same. */
  readonly quietLength: number;
  /** Values of one period that repeats (a day); 0 where nothing does. */
  readonly seasonLength: number;
}

/**
 * For series of hosts, whose values come every few minutes: found on the older halves of the labelled series that
 * `npm run bench -- anomalies` scores, among about 500 random settings and their neighbours.
 */
export const anomalyOptions: AnomalyOptions = {
  windowLength: 128,
  zMin: 5,
  tailFactor: 1.3,
  tailHalfLife: 2048,
  blockLength: 12,
  blocksLength: 96,
  driftZ: 1.5,
  alarmZ: 20,
  quietLength: 192,
  seasonLength: 0,
};

/** One value counts in a CUSUM at most as this many deviations: a level is not changed by one block. */
const blockZMax = 6;
const warmUpShare = 0.25;
/** Weight of the newest period in what a phase of it is expected to be. */
const seasonSmoothing = 0.3;

/**
 * Watches one series for values, and for changes of level, that it does not itself explain: a robust z-score over a
 * rolling window, whose bar rises with what the series has shown lately (a series of bursts is not one of anomalies),
 * and Page's two-sided CUSUM (Biometrika 41, 1954) over the medians of blocks. It knows nothing of time: one value
 * follows another. Memory is bounded by the options; a value costs O(log windowLength).
 */
export class AnomalyDetector {
  readonly #options: AnomalyOptions;
  readonly #window: RobustWindow;
  readonly #blocks: RobustWindow;
  readonly #block: number[] = [];
  readonly #season: (number | null)[];
  #phase = 0;
  #tail = 0;
  #risen = 0;
  #fallen = 0;
  #quiet = 0;

  constructor(options: AnomalyOptions) {
    this.#options = options;
    this.#window = new RobustWindow(options.windowLength);
    this.#blocks = new RobustWindow(options.blocksLength);
    this.#season = Array.from({ length: options.seasonLength }, () => null);
  }

  /** @param value one that is no number is passed over */
  observe(value: number): Anomaly | null {
    if (!Number.isFinite(value)) return null;
    const expectedOfSeason = this.#expectSeason(value);
    const rest = value - expectedOfSeason;
    const outlier = this.#outlier(rest);
    const found = this.#shift(rest) ?? (this.#quiet > 0 ? null : outlier);
    this.#quiet = found === null ? Math.max(0, this.#quiet - 1) : this.#options.quietLength;
    if (found === null) return null;
    const expected = found.expected + expectedOfSeason;
    return { kind: 'anomaly', ...found, value, expected, text: textOf(found, value, expected) };
  }

  /** Every anomaly raises the bar, told or not: what comes again is how the series is. */
  #outlier(rest: number): Found | null {
    const { windowLength, zMin, tailFactor, tailHalfLife } = this.#options;
    const window = this.#window;
    const isReady = window.held >= windowLength * warmUpShare;
    const { median: expected, scale } = window;
    window.push(rest);
    if (!isReady) return null;
    const z = (rest - expected) / scale;
    if (!Number.isFinite(z)) return null;
    const severity = Math.abs(z);
    const bar = Math.max(zMin, tailFactor * this.#tail);
    this.#tail = Math.max(severity, this.#tail * 2 ** (-1 / tailHalfLife));
    return severity >= bar ? { shape: z > 0 ? 'spike' : 'dip', expected, severity } : null;
  }

  #shift(rest: number): Found | null {
    const { blockLength, blocksLength, driftZ, alarmZ } = this.#options;
    this.#block.push(rest);
    if (this.#block.length < blockLength) return null;
    const level = median(this.#block.splice(0));
    const blocks = this.#blocks;
    const isReady = blocks.held >= blocksLength * warmUpShare;
    const { median: expected, scale } = blocks;
    blocks.push(level);
    const z = (level - expected) / scale;
    if (!isReady || !Number.isFinite(z)) return null;
    const counted = Math.max(-blockZMax, Math.min(blockZMax, z));
    this.#risen = Math.max(0, this.#risen + counted - driftZ);
    this.#fallen = Math.max(0, this.#fallen - counted - driftZ);
    const severity = Math.max(this.#risen, this.#fallen);
    if (severity < alarmZ) return null;
    const shape = this.#risen > this.#fallen ? 'shiftUp' : 'shiftDown';
    // What was normal is not any more.
    this.#risen = 0;
    this.#fallen = 0;
    blocks.clear();
    this.#window.clear();
    return { shape, expected, severity };
  }

  /** @returns what this phase of the period is expected to be, from the periods before; 0 without a period */
  #expectSeason(value: number): number {
    if (this.#season.length === 0) return 0;
    const phase = this.#phase;
    this.#phase = (phase + 1) % this.#season.length;
    const known = this.#season[phase] ?? null;
    this.#season[phase] = known === null ? value : known + seasonSmoothing * (value - known);
    return known ?? value;
  }
}

type Found = Pick<Anomaly, 'shape' | 'expected' | 'severity'>;

function textOf({ shape, severity }: Found, value: number, expected: number): string {
  const [now, before] = [rounded(value), rounded(expected)];
  const far = `${rounded(severity)} robust deviations`;
  if (shape === 'spike' || shape === 'dip') return `${now}, where ${before} was expected: ${far} away`;
  return `the level has ${shape === 'shiftUp' ? 'risen' : 'fallen'} from ${before}, ${now} at last: ${far} in all`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
