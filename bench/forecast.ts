import { parseArgs } from 'node:util';
import type { Model, Series } from '../src/forecasting/contract.ts';
import { createForecaster, defaultOptions } from '../src/forecasting/forecaster.ts';
import { ownModels } from '../src/forecasting/pool.ts';
import { shippedLearnedModel } from '../src/models/learned.ts';
import type { Figure } from './figure.ts';
import { scoreHourly } from './forecast/m4.ts';
import {
  coverage,
  horizons,
  overModel,
  scoreTraces,
  summarise,
  worseShare,
  type Scored,
} from './forecast/scoring.ts';
import { families, loadHourly, loadTraces, tracesFolder } from './forecast/traces.ts';

const coverageRange = [0.86, 0.94] as const;
const medianTargets = [0.66, 0.9, 1.02] as const;
const naiveTargets = [null, 0.78, 0.74] as const;
const singleTarget = 0.95;
const worseTarget = 0.08;
const hourlyTargets = { mase: 0.84, smape: 9.4 } as const;
const thousandSecondsTarget = 60;

/** @throws Error when no folder of recorded series is named */
export async function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      family: { type: 'string', multiple: true, default: [] },
      models: { type: 'string' },
      older: { type: 'boolean', default: false },
    },
  });
  const unknown = values.family.find((family) => !families.includes(family));
  if (unknown !== undefined)
    throw new Error(`There is no family ${unknown}. There are: ${families.join(', ')}.`);
  const pool = chosenPool(values.models);
  const folder = tracesFolder();
  const options = { ...defaultOptions, pool };
  const traces = loadTraces(folder, values.family);
  const scored = scoreTraces(traces, options, values.older ? 'older' : 'whole', (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done + 1} of ${traces.length} series`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  printTables(scored);
  const whole = values.family.length === 0 && !values.older;
  // Targets are for all families together.
  const figures = [...totals(scored, whole), ...coverages(scored)];
  if (whole) figures.push(...hourly(folder, pool), speed(pool));
  return { figures };
}

function chosenPool(names: string | undefined): readonly Model[] {
  const all = [...ownModels, shippedLearnedModel()];
  if (names === undefined) return all;
  return names.split(',').map((name) => {
    const model = all.find((one) => one.name === name);
    if (model === undefined) {
      throw new Error(`There is no model ${name}. There are: ${all.map((one) => one.name).join(', ')}.`);
    }
    return model;
  });
}

const atMost = (name: string, value: number, unit: string, target: number | null): Figure => ({
  name,
  value,
  unit,
  target,
  met: target === null ? null : value <= target,
});

function totals(scored: readonly Scored[], judged: boolean): Figure[] {
  const target = (value: number | null | undefined): number | null => (judged ? (value ?? null) : null);
  const names = Object.keys(
    Object.assign({}, ...scored.map(({ result }) => result.scores[0]!.models)) as object,
  );
  return horizons.flatMap((horizon, place) => {
    const combined = summarise(scored, place, 'combined');
    // The best one by itself: on the series that it takes, where it does best against the naive models.
    const single = names
      .filter((name) => summarise(scored, place, name).series >= 0.9 * scored.length)
      .map((name) => ({ name, over: overModel(scored, place, name) }))
      .toSorted((one, other) => other.over - one.over)[0]!;
    return [
      atMost(`median MASE at ${horizon}`, combined.median, 'MASE', target(medianTargets[place])),
      atMost(
        `error at ${horizon} over the better naive in hindsight`,
        combined.overNaive,
        '×',
        target(naiveTargets[place]),
      ),
      atMost(
        `error at ${horizon} over the best model, ${single.name}`,
        single.over,
        '×',
        place === 0 ? null : target(singleTarget),
      ),
      atMost(
        `worse than the chosen naive at ${horizon}`,
        worseShare(scored, place),
        'of series',
        place === 0 ? null : target(worseTarget),
      ),
    ];
  });
}

function coverages(scored: readonly Scored[]): Figure[] {
  return [...new Set(scored.map(({ family }) => family))].flatMap((family) =>
    horizons.flatMap((horizon, place) => {
      if (place === 0) return [];
      const { share, winkler } = coverage(
        scored.filter((one) => one.family === family),
        place,
      );
      const [low, high] = coverageRange;
      return [
        {
          name: `${family}: 90 % intervals at ${horizon} hold`,
          value: share,
          unit: 'of values',
          // The nearer bound.
          target: share < 0.9 ? low : high,
          met: share >= low && share <= high,
        },
        atMost(`${family}: Winkler score at ${horizon}, median`, winkler, 'MASE', null),
      ];
    }),
  );
}

function hourly(folder: string, pool: readonly Model[]): Figure[] {
  const score = scoreHourly(loadHourly(folder), {
    ...defaultOptions,
    pool,
    range: { min: 0, max: Infinity },
  });
  return [
    atMost('M4 hourly MASE', score.mase, 'MASE', hourlyTargets.mase),
    atMost('M4 hourly sMAPE', score.smape, '%', hourlyTargets.smape),
  ];
}

/** Synthetic days with noise and bursts: the time does not hang on the values. */
function speed(pool: readonly Model[]): Figure {
  const count = 40;
  let seed = 1;
  const chance = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const series = Array.from({ length: count }, (): Series => {
    const values = Float64Array.from({ length: 2000 }, (_, index) => {
      const day = 20 * Math.sin((2 * Math.PI * index) / 288);
      return 50 + day + 10 * chance() + (chance() < 0.02 ? 60 * chance() : 0);
    });
    return { startMs: 0, stepMs: 300_000, values };
  });
  const one = series[0]!;
  createForecaster(one, { ...defaultOptions, pool }).forecast(48);
  // Time on the processor: others may share the machine.
  const before = process.cpuUsage();
  for (const each of series) createForecaster(each, { ...defaultOptions, pool }).forecast(48);
  const { user, system } = process.cpuUsage(before);
  const seconds = ((user + system) / 1e6 / count) * 1000;
  return atMost('1,000 series of 2,000 points: fit, backtest, forecast', seconds, 's', thousandSecondsTarget);
}

function printTables(scored: readonly Scored[]): void {
  const names = Object.keys(
    Object.assign({}, ...scored.map(({ result }) => result.scores[0]!.models)) as object,
  );
  const groups = [...new Set(scored.map(({ family }) => family))].map((family) => ({
    title: family,
    rows: scored.filter((one) => one.family === family),
  }));
  if (groups.length > 1) groups.push({ title: 'all', rows: [...scored] });
  for (const { title, rows } of groups) {
    console.error(`\n${title}, ${rows.length} series; at 1, 12, 48 steps`);
    console.error(
      `  ${''.padEnd(16)}  ${'median MASE'.padEnd(20)}  ${'geometric mean'.padEnd(20)}  over better naive`,
    );
    for (const name of ['combined', ...names]) {
      const cells = horizons.map((_, place) => summarise(rows, place, name));
      if (cells[0]!.series === 0) continue;
      const column = (key: 'median' | 'geometric' | 'overNaive'): string =>
        cells.map((cell) => cell[key].toFixed(3).padStart(6)).join(' ');
      console.error(
        `  ${name.padEnd(16)}  ${column('median')}  ${column('geometric')}  ${column('overNaive')}`,
      );
    }
  }
}
