import { describe, expect, test } from 'vitest';
import { generatorPrograms } from './generator-programs.ts';
import { load, runMovable, runNative, writeModules } from './workshop.ts';

// Each program runs natively; as movable code that stays; and moved at every safe point, in both builds.
describe.each(generatorPrograms)('$name', ({ source }) => {
  const native = runNative(writeModules({ 'main.ts': source }, { movable: false }), 'main.ts', 'main', []);

  test('never moved', async () => {
    const folder = writeModules({ 'main.ts': source }, { movable: true });
    const loaded = await load(folder, 'main.ts');
    expect(await native).toMatchObject({ ok: true });
    expect({ ok: true, value: await (loaded['main'] as () => unknown)() }).toEqual(await native);
  });

  test.each([true, false])('moved at every safe point (dense: %s)', async (dense) => {
    const folder = writeModules({ 'main.ts': source }, { movable: true, dense });
    await load(folder, 'main.ts');
    const run = await runMovable(folder, 'main.ts#main', [], () => true);
    expect(run.outcome).toEqual(await native);
    expect(run.moved).toBeGreaterThan(dense ? 10 : -1);
    expect(run.pins).toEqual([]);
  });
});
