import { expect, test } from 'vitest';
import type { SearchResult } from '../../examples/search.ts';
import { load, runNative } from '../methods/runtime/workshop.ts';
import { movable, movedAtRandom, native } from './as-written.ts';

/** Runs in plain Node. */
async function search(options: Record<string, unknown>): Promise<SearchResult> {
  const ran = await runNative(native, 'search.ts', 'search', [options]);
  if (!ran.ok) throw new Error(ran.error);
  return ran.value as SearchResult;
}

// OEIS A000170.
test.each([
  [4, 2],
  [5, 10],
  [6, 4],
  [7, 40],
  [8, 92],
  [9, 352],
  [10, 724],
  [11, 2680],
  [12, 14200],
])('%i queens stand in %i ways', async (size, solutions) => {
  expect((await search({ size })).solutions).toBe(solutions);
});

test('parts add up to the whole', async () => {
  const parts = await Promise.all([0, 1, 2].map((part) => search({ size: 9, part, parts: 3 })));
  const whole = await search({ size: 9 });
  const sum = (read: (result: SearchResult) => number): number =>
    parts.reduce((total, result) => total + read(result), 0);
  expect(sum(({ solutions }) => solutions)).toBe(whole.solutions);
  expect(sum(({ visited }) => visited)).toBe(whole.visited);
  expect(sum(({ openings }) => openings)).toBe(whole.openings);
});

test('a board that is no board is refused', async () => {
  await expect(search({ size: 3 })).rejects.toThrow('A board of 3 rows cannot be searched');
});

test.each([1, 2])('moves in the middle of its recursion (SEED=%i)', async (seed) => {
  await load(movable, 'search.ts');
  const { outcome, moved } = await movedAtRandom('search.ts#search', [{ size: 7 }], seed);
  expect(outcome).toEqual({ ok: true, value: await search({ size: 7 }) });
  expect(moved).toBeGreaterThan(3);
});
