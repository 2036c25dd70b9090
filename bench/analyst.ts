import { ownModels } from '../src/forecasting/pool.ts';
import { Allowance } from '../src/models/analyst-allowance.ts';
import { AnalystDesk, deskBoundsDefault } from '../src/models/analyst-desk.ts';
import { lightModels } from '../src/models/analyst-pools.ts';
import { shippedLearnedModel } from '../src/models/learned.ts';
import { SeededRandom } from '../src/simulator/random.ts';
import type { Figure } from './figure.ts';

const stepMs = 60_000;
const dayMs = 86_400_000;
const horizon = 10;
const levels = [0.1, 0.5, 0.9];
const mebibyte = 2 ** 20;

/**
 * Memory and time of the desk that keeps a forecaster for each series, on generated days with noise.
 *
 * @param args `--series=N`, 4,000 by default; `--values=N`, both 200 and 2,000 by default
 */
export function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const option = (name: string): number | null => {
    const given = args.find((arg) => arg.startsWith(`--${name}=`));
    return given === undefined ? null : Number(given.slice(name.length + 3));
  };
  const count = option('series') ?? 4_000;
  const values = option('values');
  const lengths = values === null ? [200, 2_000] : [values];
  return Promise.resolve({ figures: lengths.flatMap((length) => measured(count, length)) });
}

function measured(count: number, length: number): readonly Figure[] {
  const desk = new AnalystDesk({
    full: [...ownModels, shippedLearnedModel()],
    light: lightModels,
    dear: [],
    allowance: new Allowance(0, 0, () => 0),
    bounds: deskBoundsDefault,
  });
  const before = held();
  const beganMs = process.cpuUsage().user / 1_000;
  const ask = (from: number, to: number): void => {
    const asks = Array.from({ length: count }, (_, index) => {
      const random = new SeededRandom(index);
      const all = Float64Array.from({ length: to }, (_value, at) => day(at, index) + random.next());
      const series = { startMs: from * stepMs, stepMs, values: all.subarray(from) };
      return { key: `series-${index}`, continues: from > 0, series, range: { min: 0, max: Infinity } };
    });
    desk.forecast(asks, horizon, levels);
  };
  ask(0, length);
  const openedMs = process.cpuUsage().user / 1_000;
  ask(length, length + 1);
  const continuedMs = process.cpuUsage().user / 1_000;
  const after = held();
  const { kept, full } = desk.counts;
  const what = `${count} series of ${length} values`;
  const figure = (name: string, value: number, unit: string): Figure => ({
    name: `${what}: ${name}`,
    value,
    unit,
    target: null,
    met: null,
  });
  return [
    figure('kept', kept, ''),
    figure('with the full pool', full, ''),
    figure('held by them', (after.ownBytes - before.ownBytes) / mebibyte, 'MiB'),
    figure('resident, of the whole process', after.residentBytes / mebibyte, 'MiB'),
    figure('CPU time of the first round', (openedMs - beganMs) / 1_000, 's'),
    figure('CPU time of the next', (continuedMs - openedMs) / 1_000, 's'),
  ];
}

function day(at: number, index: number): number {
  return 2 + Math.sin((2 * Math.PI * (at * stepMs + index * 1_000_000)) / dayMs);
}

function held(): { readonly ownBytes: number; readonly residentBytes: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { ownBytes: heapUsed + arrayBuffers, residentBytes: rss };
}
