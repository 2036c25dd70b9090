import { defaultOptions } from '../src/forecasting/forecaster.ts';
import { geometricMean } from '../src/forecasting/metrics.ts';
import { naiveModels } from '../src/forecasting/pool.ts';
import { simpleSmoothing } from '../src/forecasting/smoothing.ts';
import { openForeignModels } from '../src/models/foreign-models.ts';
import type { Figure } from './figure.ts';
import { horizons, scoreTraces } from './forecast/scoring.ts';
import { loadTraces, tracesFolder } from './forecast/traces.ts';

const families = ['nab', 'bitbrains', 'azure_v1', 'donut'];
/** Some of the series: these models take seconds for each. */
const every = 3;
const seriesMax = 12;
/** Repeating series have no error at all. */
const errorFloor = 0.01;

/**
 * Models of other projects on recorded series, older part: the geometric mean of each one's error over that of persistence.
 *
 * @throws Error when no folder of recorded series is named
 */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const traces = loadTraces(tracesFolder(), families)
    .filter((_, index) => index % every === 0)
    .slice(0, seriesMax);
  const foreign = openForeignModels();
  const pool = [...naiveModels, simpleSmoothing, ...foreign.models];
  const scored = scoreTraces(traces, { ...defaultOptions, pool }, 'older', (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${done + 1} of ${traces.length} series`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  await foreign.close();
  const figures = pool.slice(1).flatMap(({ name }) =>
    horizons.map((horizon, place): Figure => {
      const ratios = scored.flatMap(({ result }) => {
        const { models } = result.scores[place]!;
        const error = models[name];
        return error === undefined
          ? []
          : [Math.max(error, errorFloor) / Math.max(models['persistence'] ?? error, errorFloor)];
      });
      const value = geometricMean(ratios, errorFloor);
      return {
        name: `${name}, ${horizon} steps, ${ratios.length} series`,
        value,
        unit: '',
        target: null,
        met: null,
      };
    }),
  );
  return { figures };
}
