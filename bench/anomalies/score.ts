import type { LabelledSeries } from './nab.ts';

/** How a series was judged. */
export interface SeriesScore {
  readonly name: string;
  readonly points: number;
  readonly detections: number;
  readonly windows: number;
  /** Windows in which something was detected. */
  readonly hits: number;
  /** Detections outside every window, after the probation. */
  readonly falseAlarms: number;
  readonly pointsOutside: number;
  /** Sum of NAB's scoring function, standard profile. */
  readonly raw: number;
}

/** Weight of a false alarm in the standard profile. */
const falseAlarmWeight = 0.11;

/**
 * Scores detections as Lavin and Ahmad describe ("Evaluating Real-Time Anomaly Detection Algorithms: the Numenta Anomaly
 * Benchmark", ICMLA 2015, section II): the first detection in a window earns more the earlier it is, a missed window
 * costs 1, a false alarm 0.11 at most. Nothing counts in the first 15 % of a series, at most 750 points.
 *
 * @param range the part that is scored, indices, end excluded; windows that do not begin in it are passed over
 */
export function scoreSeries(
  series: LabelledSeries,
  detections: readonly number[],
  range: readonly [number, number],
): SeriesScore {
  const probation = Math.min(750, Math.floor(series.values.length * 0.15));
  const from = Math.max(range[0], probation);
  const to = range[1];
  const windows = series.windows.filter(([start]) => start >= from && start < to);
  const isInside = (index: number) => series.windows.some(([start, end]) => index >= start && index <= end);
  const counted = detections.filter((index) => index >= from && index < to);
  const outside = counted.filter((index) => !isInside(index));
  const firsts = windows.map((window) => counted.find((index) => index >= window[0] && index <= window[1]));
  const earned = firsts.map((first, at) =>
    first === undefined ? -1 : sigmoid(-relative(first, windows[at] as readonly [number, number])),
  );
  const lost = outside.map((index) => falseAlarmWeight * falseAlarmScore(index, series));
  const isOutside = (index: number) => index >= from && index < to && !isInside(index);
  return {
    name: series.name,
    points: series.values.length,
    detections: counted.length,
    windows: windows.length,
    hits: firsts.filter((first) => first !== undefined).length,
    falseAlarms: outside.length,
    pointsOutside: series.values.filter((_, index) => isOutside(index)).length,
    raw: [...earned, ...lost].reduce((sum, one) => sum + one, 0),
  };
}

/** 100 for every window at its first point and nothing else, 0 for saying nothing. */
export function normalised(scores: readonly SeriesScore[]): number {
  const windows = scores.reduce((sum, one) => sum + one.windows, 0);
  const raw = scores.reduce((sum, one) => sum + one.raw, 0);
  const best = windows * sigmoid(1);
  return (100 * (raw + windows)) / (best + windows);
}

/** 1 well before, 0 at a window's end, −1 long after it. */
function sigmoid(position: number): number {
  return 2 / (1 + Math.exp(-5 * position)) - 1;
}

/** −1 at a window's start, 0 at its end. */
function relative(index: number, [start, end]: readonly [number, number]): number {
  return (index - end) / Math.max(1, end - start);
}

function falseAlarmScore(index: number, { windows }: LabelledSeries): number {
  const before = windows.filter(([, end]) => end < index).at(-1);
  return before === undefined ? -1 : sigmoid(-relative(index, before));
}
