import { afterAll, expect, test } from 'vitest';
import type { SeriesAsk } from '../../src/actors/ports.ts';
import { AnalystLostError, openAnalyst } from '../../src/models/analyst.ts';
import type { Forecast } from '../../src/forecasting/contract.ts';
import { shippedWeights } from '../../src/models/learned.ts';
import { SeededRandom } from '../../src/simulator/random.ts';

const stepMs = 60_000;
const startMs = 1_700_000_040_000;
const levels = [0.1, 0.5, 0.9];
const horizon = 4;
const range = { min: 0, max: Infinity };

function asked(key: string, values: ArrayLike<number>): SeriesAsk {
  return { key, series: { startMs, stepMs, values: Float64Array.from(values) }, range };
}

/** A short cycle that repeats but for a little noise. */
function cycle(length: number, seed: number): Float64Array {
  const random = new SeededRandom(seed);
  return Float64Array.from({ length }, (_, at) => 10 + 5 * Math.sin(at / 4) + 0.2 * random.next());
}

/** Each value follows from the one before, along a parabola: no model that is shipped knows the rule. */
function parabola(length: number, seed: number): Float64Array {
  let value = 0.1 + 0.8 * new SeededRandom(seed).next();
  return Float64Array.from({ length }, () => {
    value = 3.9 * value * (1 - value);
    return 10 * value;
  });
}

const analyst = openAnalyst();
afterAll(() => analyst.close());

async function one(ask: SeriesAsk, by = analyst): Promise<Forecast | null> {
  const [forecast] = await by.forecast([ask], horizon, levels);
  return forecast ?? null;
}

/** An ask that is a bug: the thread ends. */
function endThread(): Promise<unknown> {
  return analyst.forecast([asked('bug', cycle(10, 1))], 0, levels);
}

test('forecasts come in the order of the asks, and there is none for a series without a value', async () => {
  const nothing = new Float64Array(30).fill(NaN);
  const asks = [asked('a', cycle(120, 1)), asked('b', nothing), asked('c', new Float64Array(30).fill(7))];
  const [first, second, third] = await analyst.forecast(asks, horizon, levels);
  expect(first?.fromMs).toBe(startMs + 120 * stepMs);
  expect(first?.quantiles.map(({ level }) => level)).toEqual(levels);
  expect(Math.abs((first?.point[0] ?? 0) - (10 + 5 * Math.sin(120 / 4)))).toBeLessThan(1);
  expect(second).toBeNull();
  expect([...(third?.point ?? [])]).toEqual([7, 7, 7, 7]);
});

test('the thread is sent only new values; when it dies, all are sent to the next one', async () => {
  const values = cycle(124, 2);
  await analyst.forecast(
    ['d', 'e'].map((key) => asked(key, values.subarray(0, 120))),
    horizon,
    levels,
  );
  const honest = await one(asked('e', values));
  const whole = await one(asked('whole', values));
  // What the thread has seen already may say anything now.
  const rewritten = values.map((value, at) => (at < 120 ? 1_000 : value));
  const continued = await one(asked('d', rewritten));
  expect(continued?.fromMs).toBe(startMs + 124 * stepMs);
  expect(continued).toEqual(honest);

  const lost = endThread();
  const pending = one(asked('d', values));
  await expect(lost).rejects.toBeInstanceOf(AnalystLostError);
  await expect(pending).rejects.toBeInstanceOf(AnalystLostError);
  const anew = await one(asked('d', values));
  expect(anew?.point).toEqual(whole?.point);
});

test('what closes leaves nobody waiting, and takes no more asks', async () => {
  const closing = openAnalyst();
  const pending = one(asked('a', cycle(120, 1)), closing);
  const closed = closing.close();
  await expect(pending).rejects.toThrow('the analyst was closed');
  await closed;
  await expect(closing.learn()).rejects.toBeInstanceOf(AnalystLostError);
});

test('it learns on from what it forecast, tells another one, and knows it still after its thread died', async () => {
  expect(await analyst.learn()).toEqual({ kind: 'kept', reason: 'tooLittleHistory' });
  const shipped = await one(asked('before', parabola(300, 9)));
  const asks = [1, 2, 3].map((seed) => asked(`lesson-${seed}`, parabola(320, seed)));
  await analyst.forecast(asks, horizon, levels);
  const learning = await analyst.learn();
  if (learning.kind !== 'learned') throw new Error(learning.reason);
  expect(learning.errorAfter).toBeLessThan(0.9 * learning.errorBefore);
  expect(learning.series).toBe(4);
  const learned = await one(asked('after', parabola(300, 9)));
  expect(learned?.point).not.toEqual(shipped?.point);

  await expect(endThread()).rejects.toBeInstanceOf(AnalystLostError);
  expect((await one(asked('after', parabola(300, 9))))?.point).toEqual(learned?.point);

  const other = openAnalyst();
  try {
    const cutOff = learning.weights.subarray(0, learning.weights.length - 3);
    expect(await other.teach(cutOff)).toEqual({
      kind: 'refused',
      reason: expect.stringContaining('cut off') as string,
    });
    const otherTrees = learning.weights.slice();
    // The lowest bit of the first threshold of the first of the trained trees.
    const at = 8 + (otherTrees[4] ?? 0) + 8 + 4 * shippedWeights().trained.roots.length + 2;
    otherTrees[at] = (otherTrees[at] ?? 0) ^ 1;
    const refused = await other.teach(otherTrees);
    expect(refused).toEqual({
      kind: 'refused',
      reason: expect.stringContaining('another version') as string,
    });
    expect((await one(asked('x', parabola(300, 9)), other))?.point).toEqual(shipped?.point);
    expect(await other.teach(learning.weights)).toEqual({ kind: 'taught' });
    expect((await one(asked('y', parabola(300, 9)), other))?.point).toEqual(learned?.point);
  } finally {
    await other.close();
  }
});
