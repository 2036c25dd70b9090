import type { Series } from '../../../src/forecasting/contract.ts';
import { SeededRandom } from '../../../src/simulator/random.ts';

export const fiveMinutesMs = 300_000;
export const dayLength = 288;

export function seriesOf(values: ArrayLike<number>, stepMs = fiveMinutesMs): Series {
  return { startMs: 0, stepMs, values: Float64Array.from(values) };
}

function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** A load with a day's rhythm, and a restlessness that lasts for hours. Positive. */
export function days(seed: number, length: number): Series {
  const random = new SeededRandom(seed);
  let drift = 0;
  return seriesOf(
    Array.from({ length }, (_, step) => {
      drift = 0.95 * drift + normal(random);
      return 100 + 30 * Math.sin((2 * Math.PI * step) / dayLength) + drift + normal(random);
    }),
  );
}

/** Noise around a level: nothing to learn. */
export function noise(seed: number, length: number): Series {
  const random = new SeededRandom(seed);
  return seriesOf(Array.from({ length }, () => 50 + normal(random)));
}

/** Work that arrives now and then in bursts, and the load that it makes three steps later. */
export function served(
  seed: number,
  length: number,
): { readonly load: Series; readonly arrivals: Float64Array } {
  const random = new SeededRandom(seed);
  let rate = 1;
  const arrivals = Float64Array.from({ length }, () => {
    if (random.next() < 0.1) rate = 1 + 20 * random.next();
    return rate + 0.2 * random.next();
  });
  const load = seriesOf(
    Array.from(arrivals, (_, step) => 3 * (arrivals[Math.max(0, step - 3)] ?? 0) + 0.3 * random.next()),
  );
  return { load, arrivals };
}
