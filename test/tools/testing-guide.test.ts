import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../house/source-tree.ts';
import { Project } from './project.ts';

// A new user follows docs/testing.md: its programs are the files of a project of its own, its commands are what is run.

const guide = readFileSync(join(root, 'docs/testing.md'), 'utf8');
const chapter = guide.slice(guide.indexOf('## Simulated clusters'), guide.indexOf('## Real processes'));

/** The guide's files by name; test/documents.test.ts holds that they are the examples'. */
function files(): Readonly<Record<string, string>> {
  const shown = [...chapter.matchAll(/^<!-- (\S+\.ts) -->\n\n```ts\n(.*?)^```$/gms)];
  return Object.fromEntries(shown.map(([, path = '', program = '']) => [basename(path), program]));
}

/** What the guide has the reader write instead, and the failures that it shows. */
function mistake(): { readonly line: string; readonly failure: readonly string[] } {
  const [, line = ''] = /^<!-- instead, .*? -->\n\n```ts\n(.*?)^```$/ms.exec(chapter) ?? [];
  const failure = [...chapter.matchAll(/^```text\n(.*?)^```$/gms)].map(([, shown]) => shown ?? '');
  return { line: line.trim(), failure: failure.join('').trimEnd().split('\n') };
}

/** Which course of events a seed draws may change with any part of godwit: only its shape is held. */
function shapeOf(line: string): string {
  return line
    .replace(/\{ (?:phase|atMs): .* \}/, '{ a fault }')
    .replaceAll(/\bh\d\b/g, 'h#')
    .replaceAll(/\d+(?:\.\d+)?/g, '#')
    .replaceAll(/(?<=\S) {2,}|^ +/g, ' ')
    .replace(/(FAULT|kind:) .*/, '$1');
}

let project: Project;
beforeAll(() => {
  project = new Project(files());
});
afterAll(() => project.remove());

const quiet = { NO_COLOR: '1' };
const minuteMs = 60_000;

test(
  'the guide is a project that passes, test by test',
  async () => {
    expect(Object.keys(files()).toSorted()).toEqual([
      'bank.ts',
      'orders.test.ts',
      'orders.ts',
      'relay.test.ts',
      'relay.ts',
      'vitest.config.ts',
      'words.test.ts',
      'words.ts',
    ]);
    const { code, stdout, stderr } = await project.run('npx vitest run --no-file-parallelism', quiet);
    expect(stdout, stderr).toMatch(/Tests +6 passed \(6\)/);
    expect(code).toBe(0);
  },
  3 * minuteMs,
);

test(
  'a key that is not handed on is found, and told as the guide tells it; the seed replays',
  async () => {
    const { line, failure } = mistake();
    const { 'orders.ts': orders = '' } = files();
    const mistaken = orders.replace(/^\s*await effect\(.*$/m, `    ${line}`);
    expect(mistaken).not.toBe(orders);
    project.write({ 'orders.ts': mistaken });
    const { code, stdout, stderr } = await project.run('npx vitest run orders.test.ts', quiet);
    expect(code).toBe(1);
    const output = `${stdout}\n${stderr}`.split('\n');
    const shapes = output.map(shapeOf);
    // In the guide's order; what it leaves out may be anything.
    let at = 0;
    for (const shown of failure.filter((text) => text.trim() !== '…' && text !== '')) {
      const found = shapes.indexOf(shapeOf(shown), at);
      expect(found, `'${shown}' in\n${output.join('\n')}`).toBeGreaterThanOrEqual(at);
      at = found;
    }
    // The last failure is that of the test with seeds.
    const told = output.join('\n').split('In a simulated cluster').at(-1) ?? '';
    const [, seed = ''] = /SEED=(\d+)/.exec(told) ?? [];
    const replay = "npx vitest run orders.test.ts -t 'the seed draws'";
    const again = await project.run(replay, { ...quiet, SEED: seed });
    expect(again.code).toBe(1);
    const toldAgain = (again.stdout + again.stderr).split('In a simulated cluster').at(-1) ?? '';
    const account = (text: string): readonly string[] => text.match(/^ +\d+\.\d h\d .*$/gm) ?? [];
    expect(account(toldAgain)).toEqual(account(told));
    expect(account(toldAgain).length).toBeGreaterThan(20);
    project.write({ 'orders.ts': orders });
  },
  3 * minuteMs,
);
