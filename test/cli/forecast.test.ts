import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtEntry } from '../../src/entries.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import { Desk } from './program.ts';

interface ForecastDocument {
  readonly column: string;
  readonly history: Readonly<Record<string, number>>;
  readonly forecast: {
    readonly fromMs: number;
    readonly stepMs: number;
    readonly point: readonly number[];
    readonly quantiles: readonly { readonly level: number; readonly values: readonly number[] }[];
    readonly model: string;
    readonly weights: Readonly<Record<string, number>>;
    readonly reason: string;
  };
  readonly backtest: {
    readonly scores: readonly {
      readonly horizon: number;
      readonly combined: number;
      readonly models: Readonly<Record<string, number>>;
    }[];
  } | null;
}

const desk = await Desk.open();
const march = Date.UTC(2026, 2, 1);
const halfHourMs = 1_800_000;

/** Two weeks of half hours with a day's wave between 10 and 50, and noise. */
function load(): readonly string[] {
  const random = new SeededRandom(1);
  return Array.from({ length: 14 * 48 }, (_, step) => {
    const value = 30 + 20 * Math.sin((2 * Math.PI * step) / 48) + 4 * (random.next() - 0.5);
    return `${new Date(march + step * halfHourMs).toISOString()},${value.toFixed(3)}`;
  });
}

const lines = load();
await writeFile(join(desk.folder, 'load.csv'), ['time,cpu', ...lines].join('\n'));

test('a forecast follows the day, between its quantiles, and says from which models', async () => {
  const { column, history, forecast } = await desk.json<ForecastDocument>(
    'forecast',
    '--csv',
    'load.csv',
    '--column',
    'cpu',
    '--horizon',
    '48',
    '--levels',
    '0.1,0.5,0.9',
    '--models',
    'own',
  );
  expect({ column, history }).toMatchObject({
    column: 'cpu',
    history: { values: 672, stepMs: halfHourMs, missing: 0 },
  });
  expect(forecast).toMatchObject({ fromMs: march + 672 * halfHourMs, stepMs: halfHourMs });
  expect(forecast.point).toHaveLength(48);
  expect(forecast.quantiles.map(({ level }) => level)).toEqual([0.1, 0.5, 0.9]);
  forecast.point.forEach((value, step) => {
    expect(Math.abs(value - (30 + 20 * Math.sin((2 * Math.PI * step) / 48)))).toBeLessThan(5);
    const [low = Number.NaN, , high = Number.NaN] = forecast.quantiles.map(({ values }) => values[step]);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  });
  const weights = Object.values(forecast.weights).reduce((sum, weight) => sum + weight, 0);
  expect(weights).toBeCloseTo(1, 6);
  expect(forecast.reason).toMatch(/\d %/);
});

test('a backtest prints the error of every model beside persistence and the day before', async () => {
  const models = ['persistence', 'seasonal-naive', 'ridge', 'mstl'];
  const args = ['forecast', '--csv', 'load.csv', '--column', 'cpu', '--models', models.join(), '--backtest'];
  const [plain, { backtest }] = await Promise.all([desk.run(...args), desk.json<ForecastDocument>(...args)]);
  expect(backtest?.scores.map(({ horizon }) => horizon)).toEqual([1, 3, 12]);
  const last = backtest?.scores.at(-1);
  expect(Object.keys(last?.models ?? {}).toSorted()).toEqual(models.toSorted());
  expect(last?.combined).toBeLessThan(0.5 * (last?.models['persistence'] ?? 0));
  expect(plain).toMatchObject({ code: 0, stderr: '' });
  const rows = plain.stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(rows.filter(([name = '']) => ['combination', ...models].includes(name))).toEqual(
    expect.arrayContaining(
      ['combination', ...models].map((name) => {
        const errors = backtest?.scores.map(({ combined, models: each }) =>
          name === 'combination' ? combined : (each[name] ?? 0),
        );
        return [name, ...(errors ?? []).map((error) => error.toFixed(3))];
      }),
    ),
  );
  expect(plain.stdout).toContain('2026-03-15 00:00:00');
});

test('the standard input serves as well, with gaps, repetitions and disorder', async () => {
  const untidy = lines.flatMap((line, index) =>
    index % 50 < 3 ? [] : index % 17 === 0 ? [line, line] : [line],
  );
  const child = spawn(process.execPath, [
    builtEntry('cli/main').pathname,
    'forecast',
    '--csv',
    '-',
    '--column',
    '2',
    '--models',
    'ses',
    '--min',
    '0',
    '--json',
  ]);
  const ended = new Promise<string>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.on('close', () => resolve(text));
  });
  child.stdin.end(['time;cpu', ...untidy.toReversed().map((line) => line.replace(',', ';'))].join('\r\n'));
  const { history, forecast } = JSON.parse(await ended) as ForecastDocument;
  expect(history['filled']).toBeGreaterThan(30);
  expect(history['duplicates']).toBeGreaterThan(30);
  expect(forecast.point.every(Number.isFinite)).toBe(true);
});

test.each([
  [['--column', 'memory'], 1, "no column 'memory'. It has 'time', 'cpu'"],
  [['--column', 'cpu', '--csv', 'none.csv'], 1, 'ENOENT'],
  [['--column', 'cpu', '--models', 'own,oracle'], 2, "Unknown model 'oracle'. Known: own, learned"],
  [['--column', 'cpu', '--interval', 'soon'], 2, "Expected a duration, as 30s, 5m or 1h; found 'soon'"],
  [['--column', 'cpu', '--levels', '0.9,0.1'], 2, 'Expected ascending numbers between 0 and 1'],
  [['--column', 'cpu', '--min', '9', '--max', '3'], 2, '--min 9 is not below --max 3'],
  [
    ['--column', 'cpu', '--horizon', '400', '--models', 'ses', '--backtest'],
    1,
    'nothing to test on: 672 values',
  ],
] as const)('%j is refused with exit code %i and what to do', async (args, code, text) => {
  const ended = await desk.run('forecast', '--csv', 'load.csv', ...args, '--json');
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code, stderr: '' });
  const { error } = JSON.parse(ended.stdout) as { readonly error: { readonly message: string } };
  expect(error.message).toContain(text);
});

test('an interruption ends it at once', async () => {
  // It waits for a file that does not end.
  const child = spawn(process.execPath, [
    builtEntry('cli/main').pathname,
    'forecast',
    '--csv',
    '-',
    '--column',
    'cpu',
  ]);
  const ended = new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal)));
  child.stdin.on('error', () => undefined);
  child.once('spawn', () => child.kill('SIGINT'));
  expect(await ended).toBe('SIGINT');
});
