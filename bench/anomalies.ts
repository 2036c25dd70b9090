import { AnomalyDetector, anomalyOptions } from '../src/placement/anomaly-detector.ts';
import type { LabelledSeries } from './anomalies/nab.ts';
import { readNab } from './anomalies/nab.ts';
import type { Detect } from './anomalies/rivals.ts';
import { slidingGaussian } from './anomalies/rivals.ts';
import type { SeriesScore } from './anomalies/score.ts';
import { normalised, scoreSeries } from './anomalies/score.ts';
import type { Figure } from './figure.ts';

/** The labelled series come every five minutes. */
const day = 288;

const own: Detect = (values) => {
  const detector = new AnomalyDetector({ ...anomalyOptions, seasonLength: day });
  return values.flatMap((value, index) => (detector.observe(value) === null ? [] : [index]));
};

type Half = 'older' | 'later';

/**
 * Anomalies found in the labelled series of the Numenta Anomaly Benchmark. Settings were chosen on the older half of each
 * series; the rival's are chosen here, on the same halves.
 */
export function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const all = readNab();
  if (all === null) {
    const name = 'GODWIT_DATA names no folder with nab/anomaly_windows.json: nothing was measured';
    return Promise.resolve({ figures: [{ name, value: 0, unit: 'series', target: null, met: null }] });
  }
  const rival = tunedRival(all);
  const scores = judged(all, own, 'later');
  const figures = [
    ...scores.flatMap(seriesFigures),
    ...summary('older halves, godwit', judged(all, own, 'older')),
    ...summary('older halves, sliding Gaussian', judged(all, rival, 'older')),
    ...summary('later halves, godwit', scores),
    ...summary('later halves, sliding Gaussian', judged(all, rival, 'later')),
    valueFigure('time of one value', timeOfOne(all), 'µs'),
  ];
  return Promise.resolve({ figures });
}

function judged(all: readonly LabelledSeries[], detect: Detect, half: Half): readonly SeriesScore[] {
  return all.map((series) => {
    const middle = Math.floor(series.values.length / 2);
    const range = half === 'older' ? ([0, middle] as const) : ([middle, series.values.length] as const);
    return scoreSeries(series, detect(series.values), range);
  });
}

function tunedRival(all: readonly LabelledSeries[]): Detect {
  const settings = [64, 128, 256, 512, 1024].flatMap((windowLength) =>
    [3, 3.5, 4, 5, 6, 8, 10].flatMap((z) =>
      [48, 96, anomalyOptions.quietLength].map((quiet) => slidingGaussian(windowLength, z, quiet)),
    ),
  );
  const ranked = settings.map((detect) => ({ detect, score: normalised(judged(all, detect, 'older')) }));
  return (ranked.toSorted((a, b) => b.score - a.score)[0] as (typeof ranked)[0]).detect;
}

function seriesFigures(score: SeriesScore): readonly Figure[] {
  const { name, detections, hits, windows, falseAlarms, pointsOutside } = score;
  return [
    valueFigure(`${name}: of ${windows} anomalies found, by ${detections} alarms`, hits, 'anomalies'),
    valueFigure(`${name}: false alarms`, (1000 * falseAlarms) / pointsOutside, 'per 1,000 values'),
  ];
}

function summary(title: string, scores: readonly SeriesScore[]): readonly Figure[] {
  const sum = (of: (score: SeriesScore) => number) => scores.reduce((total, one) => total + of(one), 0);
  const windows = sum((one) => one.windows);
  const alarms = (1000 * sum((one) => one.falseAlarms)) / sum((one) => one.pointsOutside);
  return [
    valueFigure(
      `${title}: of ${windows} anomalies found`,
      sum((one) => one.hits),
      'anomalies',
    ),
    valueFigure(`${title}: false alarms`, alarms, 'per 1,000 values'),
    valueFigure(`${title}: NAB score, standard profile`, normalised(scores), 'of 100'),
  ];
}

function timeOfOne(all: readonly LabelledSeries[]): number {
  const startMs = performance.now();
  for (const { values } of all) own(values);
  const values = all.reduce((sum, series) => sum + series.values.length, 0);
  return ((performance.now() - startMs) * 1000) / values;
}

function valueFigure(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, met: null };
}
