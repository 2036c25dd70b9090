import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { defaultOptions, type Verdict, verifyFile, type VerifyOptions } from '../../src/verify/index.ts';

vi.setConfig({ testTimeout: 120_000 });

const fileOf = (name: string): string => fileURLToPath(new URL(`programs/whole/${name}`, import.meta.url));

function verify(name: string, options: Partial<VerifyOptions> = {}): Promise<Verdict> {
  return verifyFile(fileOf(name), { ...defaultOptions, all: true, movesMax: 30, ...options });
}

test('a module without main() is its own program; the variables of its modules move, also of CommonJS ones', async () => {
  expect(await verify('module.mjs')).toMatchObject({ verdict: 'equal', pinned: 0, reasons: [] });
});

test('what a class does may take long in those that extend it in other modules', async () => {
  const verdict = await verify('heirs.mjs');
  expect(verdict).toMatchObject({ verdict: 'equal', pinned: 0, reasons: [] });
});

test('scripts share what stands at their top; one that throws is observed', async () => {
  const verdict = await verify('script.js', { script: true, include: [fileOf('harness.js')] });
  expect(verdict).toMatchObject({ verdict: 'equal', pinned: 0, reasons: [] });
  expect(verdict.moves).toBeGreaterThan(10);
});

test('without --all there has to be a movable main()', async () => {
  const { verdict, reasons } = await verify('module.mjs', { all: false });
  expect(verdict).toBe('refused');
  expect(reasons[0]?.text).toMatch(/module\.mjs:1 a file without an exported movable function main\(\)$/);
});
