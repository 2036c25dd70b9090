import type { Series } from '../../src/forecasting/contract.ts';

export const fiveMinutesMs = 300_000;
export const day = 288;

/** Park and Miller's generator: the same numbers for the same seed, in (0, 1). */
export function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** About normal, with mean 0 and deviation 1. */
export function noise(chance: () => number): number {
  let sum = -6;
  for (let count = 0; count < 12; count += 1) sum += chance();
  return sum;
}

export function seriesOf(length: number, value: (index: number) => number): Series {
  return {
    startMs: 0,
    stepMs: fiveMinutesMs,
    values: Float64Array.from({ length }, (_, index) => value(index)),
  };
}

/** Days with noise that carries over from step to step. */
export function diurnal(length: number, seed: number): Series {
  const chance = chances(seed);
  let carried = 0;
  return seriesOf(length, (index) => {
    carried = 0.8 * carried + noise(chance);
    return 50 + 20 * Math.sin((2 * Math.PI * index) / day) + 2 * carried;
  });
}
