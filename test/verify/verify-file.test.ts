import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import {
  defaultOptions,
  resumeSnapshot,
  sabotages,
  type Verdict,
  verifyFile,
  type VerifyOptions,
} from '../../src/verify/index.ts';

// Each starts many processes, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'godwit-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function verify(program: string, options: Partial<VerifyOptions> = {}): Promise<Verdict> {
  const file = fileURLToPath(new URL(`programs/${program}.ts`, import.meta.url));
  return verifyFile(file, { ...defaultOptions, ...options });
}

test('a program that moves at each of its points is equal; a snapshot of it is finished in a new process', async () => {
  const verdict = await verify('ledger', { trace: join(folder, 'moves') });
  expect(verdict).toMatchObject({
    verdict: 'equal',
    pinned: 0,
    reasons: [],
    difference: null,
    nativeMs: null,
  });
  expect(verdict.points).toBeGreaterThan(50);
  expect(verdict.moves).toBeGreaterThan(verdict.points);
  expect(verdict.bytes).toBeGreaterThan(verdict.moves * 500);
  expect(new Set([process.pid, ...verdict.pids]).size).toBe(verdict.pids.length + 1);
  expect(verdict.pids.length).toBeGreaterThan(5);

  const lines = readFileSync(join(folder, 'moves'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(verdict.moves);
  expect(readdirSync(folder)).toHaveLength(verdict.moves + 1);
  const middle = JSON.parse(lines[40] ?? '') as { readonly snapshot: string; readonly at: string };
  expect(middle.at).toMatch(/ledger\.ts:\d+$/);
  const resumed = await resumeSnapshot(join(folder, middle.snapshot), 20_000);
  expect(resumed.observation).toMatchObject({ exitCode: 3, unhandled: null, outcome: { kind: 'returned' } });
  expect(verdict.pids).not.toContain(resumed.pid);
  const written = resumed.observation.written.map(([, text]) => Buffer.from(text, 'base64').toString());
  // The rest of the output, not its beginning.
  expect(written.join('')).toMatch(/round 3 60\n|failed/);
  expect(written.join('')).not.toContain('round 0');
});

test('a generator that only a loop has is called, and comes back, as others are', async () => {
  expect(await verify('walks', { movesMax: 40 })).toMatchObject({
    verdict: 'equal',
    pinned: 0,
    difference: null,
  });
});

test.each(sabotages)('a planted fault is found: %s', async (sabotage) => {
  const { verdict, difference } = await verify('ledger', { sabotage });
  expect(verdict).toBe('different');
  expect(difference).toMatch(/^dense build, (?:not moved|\d+ moves): /);
});

test('what the realm of a process keeps does not move, and shows', async () => {
  const { verdict, difference } = await verify('counted-in-the-realm');
  expect(verdict).toBe('different');
  expect(difference).toMatch(/^dense build, \d+ moves: value: number 3 against number \d$/);
});

test('a program that something holds in its process is unmoved, and says what', async () => {
  const { verdict, pinned, moves, reasons } = await verify('held-stream');
  expect(verdict).toBe('unmoved');
  expect(pinned).toBeGreaterThan(moves / 9);
  expect(reasons[0]).toMatchObject({ kind: 'pinned' });
  expect(reasons[0]?.text).toMatch(/held-stream\.ts:\d+ 'stream' \(\w+\) is live/);
});

test('chance and time make a program unstable, unless they are fixed; it ends when nothing of it is left to do', async () => {
  const loose = await verify('dice');
  expect(loose).toMatchObject({ verdict: 'unstable', points: 0, moves: 0 });
  expect(loose.reasons[0]?.text).toMatch(/^two native runs differ: value\[0\]: number/);
  const fixed = await verify('dice', { fixClock: true, fixRandom: true, movesMax: 10 });
  expect(fixed).toMatchObject({ verdict: 'equal', pinned: 0 });
});

test('a file that cannot be compiled is refused, with file and line', async () => {
  const verdict = await verify('not-movable');
  expect(verdict).toMatchObject({ verdict: 'refused', points: 0, moves: 0, pids: [] });
  expect(verdict.reasons.map(({ kind }) => kind)).toEqual(['refused']);
  expect(verdict.reasons[0]?.text).toMatch(/not-movable\.ts:5 .*'counts'/);
});

test('a file that is none fails by itself', async () => {
  const failed = async (file: string, include: readonly string[] = []) => {
    const verdict = await verifyFile(join(folder, file), { ...defaultOptions, include });
    expect(verdict).toMatchObject({ verdict: 'failed', points: 0, pids: [] });
    return verdict.reasons.map(({ text }) => text.replaceAll(folder, 'folder'));
  };
  expect(await failed('none.ts')).toEqual(['There is no file folder/none.ts.']);
  expect(await failed('.')).toEqual([expect.stringMatching(/^folder is a folder\. Name its files: /)]);
  writeFileSync(join(folder, 'data.json'), '{}');
  expect(await failed('data.json')).toEqual([expect.stringContaining('no file of JavaScript or TypeScript')]);
  expect(await failed('data.json', ['first.js'])).toHaveLength(1);
});

test('a program that does not end has failed', async () => {
  const { verdict, reasons } = await verify('endless', { timeoutMs: 1_500 });
  expect(verdict).toBe('failed');
  expect(reasons[0]).toEqual({
    kind: 'failed',
    text: 'The time for this file is over. Give it more with --timeout.',
    count: 1,
  });
});

test('a rejection that nobody handles ends both alike', async () => {
  expect(await verify('nobody-handles', { movesMax: 10 })).toMatchObject({ verdict: 'equal', pinned: 0 });
});
