import { expect, test } from 'vitest';
import { awaitedProgram } from './awaited-programs.ts';
import { chance, load, runMovable, runNative, writeModules } from './workshop.ts';

const source = { 'main.ts': awaitedProgram };
const movable = writeModules(source, { movable: true });
const dense = writeModules(source, { movable: true, dense: true });
const native = writeModules(source, { movable: false });

const programs = Number(process.env['GODWIT_PROGRAMS'] ?? 300);
const first = Number(process.env['SEED'] ?? 1);

test(`awaits of ${programs} random programs take the turns that they take natively (SEED=${first})`, async () => {
  await load(movable, 'main.ts');
  for (let seed = first; seed < first + programs; seed += 1) {
    const expected = await runNative(native, 'main.ts', 'main', [seed]);
    expect(await runNative(movable, 'main.ts', 'main', [seed]), `SEED=${seed}, ambient`).toEqual(expected);
    const stays = (): boolean => false;
    const { outcome } = await runMovable(movable, 'main.ts#main', [seed], stays, null);
    expect(outcome, `SEED=${seed}`).toEqual(expected);
  }
}, 60_000);

test.each([1, 2, 3])('the same, moved here and there (SEED=%i)', async (seed) => {
  await load(movable, 'main.ts');
  const expected = await runNative(native, 'main.ts', 'main', [seed]);
  const next = chance(seed);
  const { outcome, moved, pins } = await runMovable(
    movable,
    'main.ts#main',
    [seed],
    () => next() < 0.5,
    () => next() < 0.3,
  );
  expect(outcome).toEqual(expected);
  expect(moved).toBeGreaterThan(10);
  expect(pins).toEqual([]);
});

test.each([4, 5])('the same, moved at every safe point (SEED=%i)', async (seed) => {
  await load(dense, 'main.ts');
  const expected = await runNative(native, 'main.ts', 'main', [seed]);
  const { outcome, moved, pins } = await runMovable(dense, 'main.ts#main', [seed], () => true);
  expect(outcome).toEqual(expected);
  expect(moved).toBeGreaterThan(100);
  expect(pins).toEqual([]);
});

test('activations that await each other need no native stack', async () => {
  const source = `'use movable';
    async function down(depth) {
      await null;
      return depth === 0 ? 0 : 1 + (await down(depth - 1));
    }
    export async function main(depth) { return await down(depth); }`;
  const folder = writeModules({ 'deep.ts': source }, { movable: true });
  await load(folder, 'deep.ts');
  const { outcome } = await runMovable(folder, 'deep.ts#main', [50_000], () => false, null);
  expect(outcome).toEqual({ ok: true, value: 50_000 });
});
