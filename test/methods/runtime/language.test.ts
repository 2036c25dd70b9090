import { describe, expect, test } from 'vitest';
import { orderPrograms } from './order-programs.ts';
import { programs } from './programs.ts';
import { chance, load, runMovable, runNative, writeModules } from './workshop.ts';

// Each program runs natively, unmoved, and moved at every slice: at each tick, await and start of a job.
describe.each([...programs, ...orderPrograms])('$name', ({ source }) => {
  const movable = writeModules({ 'main.ts': source }, { movable: true });
  const dense = writeModules({ 'main.ts': source }, { movable: true, dense: true });
  const native = writeModules({ 'main.ts': source }, { movable: false });

  test('is what it was, without an execution', async () => {
    const expected = await runNative(native, 'main.ts', 'main', [6]);
    expect(await runNative(movable, 'main.ts', 'main', [6])).toEqual(expected);
  });

  test('never moved', async () => {
    const expected = await runNative(native, 'main.ts', 'main', [6]);
    await load(movable, 'main.ts');
    const { outcome } = await runMovable(
      movable,
      'main.ts#main',
      [6],
      () => false,
      () => false,
    );
    expect(outcome).toEqual(expected);
  });

  test('moved at every safe point', async () => {
    const expected = await runNative(native, 'main.ts', 'main', [6]);
    await load(dense, 'main.ts');
    const { outcome, moved } = await runMovable(dense, 'main.ts#main', [6], () => true);
    expect(outcome).toEqual(expected);
    expect(moved).toBeGreaterThan(0);
  });

  test.each([1, 2, 3])('moved here and there (SEED=%i)', async (seed) => {
    const expected = await runNative(native, 'main.ts', 'main', [6]);
    await load(movable, 'main.ts');
    const next = chance(seed);
    const { outcome } = await runMovable(
      movable,
      'main.ts#main',
      [6],
      () => next() < 0.3,
      () => next() < 0.5,
    );
    expect(outcome).toEqual(expected);
  });
});
