import type { Series } from '../../src/forecasting/contract.ts';
import { SeededRandom } from '../../src/simulator/random.ts';

export const fiveMinutesMs = 300_000;

export function seriesOf(values: Float64Array): Series {
  return { startMs: 0, stepMs: fiveMinutesMs, values };
}

export function noise(seed: number): () => number {
  const random = new SeededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** A day's wave on five-minute steps, a slow wandering level, and noise. */
export function seasonalWalk(length: number, seed: number): Float64Array {
  const next = noise(seed);
  let level = 0;
  return Float64Array.from({ length }, (_, step) => {
    level = 0.95 * level + 0.5 * next();
    return 50 + level + 10 * Math.sin((2 * Math.PI * step) / 288) + next();
  });
}
