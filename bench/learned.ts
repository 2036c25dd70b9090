import type { FittedModel, Model, Series } from '../src/forecasting/contract.ts';
import { emptyForest } from '../src/forecasting/learned/forest.ts';
import { learnedModel } from '../src/forecasting/learned/model.ts';
import { shippedLearnedModel } from '../src/models/learned.ts';
import type { Figure } from './figure.ts';
import { loadTraces, type Trace, tracesFolder } from './forecast/traces.ts';

/** Families that nothing was learned from. */
const unseen: readonly string[] = ['bitbrains', 'alibaba_v2018', 'donut'];
const horizons = [1, 12, 48] as const;
const farthest = 48;
const originsMin = 100;
const knownShare = 0.7;
const dayMs = 86_400_000;
/** A ratio of two errors takes neither for less than this, in units of MASE: repeating series have none at all. */
const errorFloor = 0.01;

/** The learned model and what it is compared with; errors are scaled, at each of the horizons. */
const contestants = ['persistence', 'the day before', 'blend', 'learned'] as const;

interface Scored {
  readonly family: string;
  readonly errors: readonly (readonly number[])[];
}

/** Scores the shipped model by itself, on the newest 30 % of each series: what it learned from ends before. */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const model = shippedLearnedModel();
  const blend = learnedModel({ ...model.weights, trained: emptyForest, added: emptyForest });
  const traces = loadTraces(tracesFolder(), []);
  const scored = traces.flatMap((trace) => score(trace, [blend, model]) ?? []);
  return {
    figures: [
      ...figuresOf('all', scored),
      ...figuresOf(
        'seen families',
        scored.filter(({ family }) => !unseen.includes(family)),
      ),
      ...figuresOf(
        'unseen families',
        scored.filter(({ family }) => unseen.includes(family)),
      ),
      ...unseen.flatMap((name) =>
        figuresOf(
          name,
          scored.filter(({ family }) => family === name),
        ),
      ),
      ...timesOf(traces, model),
    ],
  };
}

/** Mean absolute errors at each horizon over evenly spread origins, in units of the mean change before the first of them. */
function score({ family, prepared }: Trace, models: readonly Model[]): Scored | null {
  const { series, filled } = prepared;
  const { values } = series;
  const known = Math.floor(values.length * knownShare);
  let scale = 0;
  for (let at = 1; at < known; at += 1)
    scale += Math.abs((values[at] ?? 0) - (values[at - 1] ?? 0)) / (known - 1);
  const day = Math.round(dayMs / series.stepMs);
  const fits = models.map((model) => model.fit({ ...series, values: values.slice(0, known) }));
  if (!(scale > 0) || known <= day || fits.includes(null)) return null;
  const stride = Math.max(1, Math.floor((values.length - farthest - known) / originsMin));
  const sums = contestants.map(() => horizons.map(() => 0));
  const counts = horizons.map(() => 0);
  for (let origin = known; origin + farthest <= values.length; origin += 1) {
    if ((origin - known) % stride === 0) {
      const said = [
        new Float64Array(farthest).fill(values[origin - 1] ?? 0),
        values.subarray(origin - day),
        ...fits.map((fit) => fit?.forecast(farthest) ?? new Float64Array(farthest)),
      ];
      for (const [place, horizon] of horizons.entries()) {
        const target = origin + horizon - 1;
        if (filled[target] === 1) continue;
        counts[place] = (counts[place] ?? 0) + 1;
        for (const [index, forecast] of said.entries()) {
          const sum = sums[index] ?? [];
          sum[place] = (sum[place] ?? 0) + Math.abs((forecast[horizon - 1] ?? 0) - (values[target] ?? 0));
        }
      }
    }
    for (const fit of fits) fit?.observe(values[origin] ?? 0);
  }
  return {
    family,
    errors: sums.map((sum) => sum.map((error, place) => error / (counts[place] ?? 1) / scale)),
  };
}

function figuresOf(title: string, scored: readonly Scored[]): Figure[] {
  const figure = (name: string, value: number): Figure => ({
    name,
    value,
    unit: '',
    target: null,
    met: null,
  });
  return horizons.flatMap((horizon, place) => [
    ...contestants.map((name, index) =>
      figure(
        `${title} (${scored.length}), ${horizon} steps: ${name}, median MASE`,
        median(scored.map(({ errors }) => errors[index]?.[place] ?? 0)),
      ),
    ),
    figure(
      `${title}, ${horizon} steps: learned / better naive in hindsight, geometric mean`,
      Math.exp(mean(scored.map(({ errors }) => logRatio(errors, place)))),
    ),
  ]);
}

function logRatio(errors: readonly (readonly number[])[], place: number): number {
  const [persistence, dayBefore, , learned] = errors.map((error) => Math.max(errorFloor, error[place] ?? 0));
  return Math.log((learned ?? 1) / Math.min(persistence ?? 1, dayBefore ?? 1));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2;
}

/** In time of the processor, since others may use it too. */
function timesOf(traces: readonly Trace[], model: Model): Figure[] {
  const series: readonly Series[] = traces
    .slice(0, 40)
    .map(({ prepared }) => ({ ...prepared.series, values: prepared.series.values.slice(0, 2_000) }));
  const started = process.cpuUsage();
  const fits = series.map((each) => model.fit(each)).filter((fit): fit is FittedModel => fit !== null);
  const fitMs = process.cpuUsage(started).user / 1_000 / fits.length;
  const fitted = process.cpuUsage();
  for (const fit of fits) for (let round = 0; round < 20; round += 1) fit.forecast(farthest);
  const forecastMs = process.cpuUsage(fitted).user / 1_000 / fits.length / 20;
  return [
    { name: 'a fit to at most 2,000 values', value: fitMs, unit: 'ms', target: null, met: null },
    { name: 'a forecast of 48 steps', value: forecastMs, unit: 'ms', target: 2, met: forecastMs <= 2 },
  ];
}
