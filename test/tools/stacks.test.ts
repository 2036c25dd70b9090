import { afterAll, expect, test } from 'vitest';
import { Project } from './project.ts';

// Wherever a movable file runs, a stack names the lines of its author: here those that end with a word of theirs.

const project = new Project({
  'fail.ts': `'use movable';

interface Deep {
  readonly left: number;
}

function deeper({ left }: Deep): number {
  if (left === 0) throw new RangeError('too deep');

  return deeper({ left: left - 1 });
}

export async function fails(left: number): Promise<number> {
  await null;
  return deeper({ left });
}

export const failsAtOnce = (left: number): number => deeper({ left });
`,
  'script.ts': `import { fails, failsAtOnce } from './fail.ts';
try {
  failsAtOnce(1);
} catch (error) {
  console.log((error as Error).stack);
}
await fails(1).catch((error: unknown) => console.log((error as Error).stack));
`,
  'fail.test.ts': `import { test } from 'vitest';
import { fails, failsAtOnce } from './fail.ts';
test('prints', () => import('./script.ts'));
test('at once', () => void failsAtOnce(1));
test('later', () => fails(1));
`,
  'vite.config.ts': `import godwit from 'godwit/vite';
export default { plugins: [godwit()] };
`,
});
afterAll(() => project.remove());

const lines = ['fail.ts:8', 'fail.ts:10', 'fail.ts:18', 'fail.ts:8', 'fail.ts:10', 'fail.ts:15'];

/** Lines of the movable file in what was printed, in order. */
function linesIn(text: string): readonly string[] {
  return [...text.matchAll(/\bfail\.ts:\d+/g)].map(([line]) => line);
}

test.each(['node --import godwit/register', 'node --import tsx --import godwit/register'])(
  '%s',
  async (node) => {
    const { stdout, stderr } = await project.run(`${node} script.ts`);
    expect(stderr).toBe('');
    expect(linesIn(stdout)).toEqual(lines);
  },
);

test('vitest, where it is printed and where a test fails', async () => {
  const { stdout, stderr } = await project.run('npx vitest run', { NO_COLOR: '1' });
  expect(linesIn(stdout)).toEqual(lines);
  expect(linesIn(stderr)).toEqual(lines);
  expect(stderr).toMatch(/❯ deeper fail\.ts:8:\d+\n(?:.*\n)*?.*8\| {3}if \(left === 0\) throw/);
});
