import { expect, test } from 'vitest';
import { recordOf, scenes, textOf } from './scenes.ts';

type Exports = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

test.each(scenes)('$program: $name comes to what is recorded, in plain Node.js', async (scene) => {
  const { [scene.name]: run } = (await import(`./programs/${scene.program}.ts`)) as Exports;
  await expect(textOf(await run?.(...scene.args))).toMatchFileSnapshot(recordOf(scene));
});
