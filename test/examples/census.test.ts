import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CensusResult } from '../../examples/census.ts';
import { movedAtRandom, movable, native } from './as-written.ts';
import { load, runNative } from '../methods/runtime/workshop.ts';

const text = `import { join } from 'node:path';
// comment join join
const path = join("join", 'join'), ratio = path.length / join / 2; /* join
join */
const template = \`join \${path + \`\${join({ join: 1 })}\`} join\`;
const found = /join['"]\\/[/"]join/g.test(path) ? 0xjoin : 1;
`;
let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'godwit census ')));
  await writeFile(join(folder, 'one.ts'), text);
  await writeFile(join(folder, 'two.mjs'), 'export const two = 2;\n');
  await writeFile(join(folder, 'notes.txt'), 'words words words');
});
afterAll(() => rm(folder, { recursive: true }));

function countsOf(result: CensusResult): Record<string, number> {
  return Object.fromEntries(result.top.map(({ name, count }) => [name, count]));
}

test('counts identifiers, and nothing in comments, texts and regular expressions', async () => {
  const ran = await runNative(native, 'census.ts', 'census', [{ folder }]);
  const result = (ran as unknown as { value: CensusResult }).value;
  expect(result).toMatchObject({ files: 2, acts: 1, characters: text.length + 22 });
  expect(countsOf(result)).toEqual({
    import: 1,
    join: 5,
    from: 1,
    const: 4,
    path: 4,
    ratio: 1,
    length: 1,
    template: 1,
    found: 1,
    test: 1,
    export: 1,
    two: 1,
  });
});

test('parts add up to the whole', async () => {
  const whole = (await runNative(native, 'census.ts', 'census', [{ folder }])) as { value: CensusResult };
  const parts = await Promise.all(
    [0, 1].map(
      async (part) =>
        (await runNative(native, 'census.ts', 'census', [{ folder, part, parts: 2 }])) as {
          value: CensusResult;
        },
    ),
  );
  expect(parts.map(({ value }) => value.files)).toEqual([1, 1]);
  expect(parts.reduce((sum, { value }) => sum + value.identifiers, 0)).toBe(whole.value.identifiers);
});

test.each([1, 2])('moves in the middle of a file (SEED=%i)', async (seed) => {
  const expected = await runNative(native, 'census.ts', 'census', [{ folder, passes: 3 }]);
  await load(movable, 'census.ts');
  const { outcome, moved } = await movedAtRandom('census.ts#census', [{ folder, passes: 3 }], seed);
  expect(outcome).toEqual(expected);
  expect(moved).toBeGreaterThan(3);
});
