import { describe, expect, test } from 'vitest';
import { cornerPrograms } from './class-corners.ts';
import { familyPrograms } from './class-families.ts';
import { accessorPrograms } from './class-accessors.ts';
import { fieldPrograms } from './class-fields.ts';
import { classPrograms } from './class-programs.ts';
import { shapePrograms } from './class-shapes.ts';
import { load, runMovable, runNative, writeModules } from './workshop.ts';

// Each program runs natively; as movable code that stays; moved at every safe point; and moved so as a module that belongs to
// the execution, all of whose classes are made at run time.
describe.each([
  ...classPrograms,
  ...shapePrograms,
  ...familyPrograms,
  ...cornerPrograms,
  ...fieldPrograms,
  ...accessorPrograms,
])('$name', ({ source }) => {
  const native = runNative(writeModules({ 'main.ts': source }, { movable: false }), 'main.ts', 'main', []);

  test('never moved', async () => {
    const folder = writeModules({ 'main.ts': source }, { movable: true });
    const loaded = await load(folder, 'main.ts');
    const value = await (loaded['main'] as () => unknown)();
    expect({ ok: true, value }).toEqual(await native);
    const run = await runMovable(folder, 'main.ts#main', [], () => false);
    expect(run.outcome).toEqual(await native);
  });

  test('moved at every safe point', async () => {
    const folder = writeModules({ 'main.ts': source }, { movable: true, dense: true });
    await load(folder, 'main.ts');
    const run = await runMovable(folder, 'main.ts#main', [], () => true);
    expect(run.outcome).toEqual(await native);
    expect(run.moved).toBeGreaterThan(0);
    expect(run.pins).toEqual([]);
  });

  test('moved at every safe point with its whole module', async () => {
    const told = 'globalThis.godwitTold = await main();';
    const whole = `${source.replace('use movable', 'use strict')}\n${told}\n`;
    const folder = writeModules({ 'main.ts': whole }, { movable: true, dense: true, whole: true });
    await load(folder, 'main.ts');
    const run = await runMovable(folder, 'main.ts#', [], () => true);
    expect(run.outcome).toMatchObject({ ok: true });
    expect({ ok: true, value: Reflect.get(globalThis, 'godwitTold') as unknown }).toEqual(await native);
    expect(run.moved).toBeGreaterThan(0);
    expect(run.pins).toEqual([]);
  });
});
