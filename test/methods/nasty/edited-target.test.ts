import { expect, test } from 'vitest';
import type { Outcome } from '../runtime/workshop.ts';
import { load, tenure, Workshop, writeModules } from '../runtime/workshop.ts';

const program = `'use movable';
import { effect, sleep } from 'godwit';

async function helper(n: number): Promise<number> {
  let sum = 0;
  let k = 0;
  while (k < n) {
    await null;
    sum += k++;
  }
  return sum;
}

function other(n: number): number {
  return n + 1;
}

function idle(n: number): number {
  return n - 1;
}

async function act(n: number): Promise<number> {
  return await effect('act', {}, () => (globalThis as unknown as { acts: number[] }).acts.push(n));
}

async function strike(fired: number[], n: number): Promise<void> {
  await sleep(n * 7);
  fired.push(n);
}

export async function main(): Promise<unknown> {
  const fired: number[] = [];
  const strikes: Promise<void>[] = [];
  let total = 0;
  for (let n = 1; n <= 4; n += 1) {
    strikes.push(strike(fired, n));
    total += await helper(n);
    total += await act(n);
    await sleep(5);
  }
  await Promise.all(strikes);
  if (total < 0) idle(total);
  return [total, fired, other(0)];
}
`;

const expected = { ok: true, value: [20, [1, 2, 3, 4], 1] };
const world = globalThis as unknown as { acts: number[] };

async function written(source: string): Promise<string> {
  const folder = writeModules({ 'm.ts': source }, { movable: true });
  await load(folder, 'm.ts');
  return folder;
}

interface Run {
  readonly outcome: Outcome;
  /** What each target said: null where it took the state. */
  readonly answers: readonly (string | null)[];
}

/**
 * Runs to the end. At each slice the state goes to another host, which has the code of `folders` in turn. Where that
 * host takes it and `stays` says so, it goes on there; else the source goes on, and what the target got is dropped.
 */
async function run(folders: readonly string[], stays: boolean): Promise<Run> {
  world.acts = [];
  const answers: (string | null)[] = [];
  let here = new Workshop(await written(program), { interrupt: () => true });
  here.start('m.ts#main', []);
  for (let round = 0; round < 10_000; round += 1) {
    const { ready } = here.runtime.step();
    const { outcome } = here;
    if (outcome !== null) return { outcome, answers };
    const captured = here.runtime.freeze(tenure.execution);
    if (captured.kind === 'captured') {
      const folder = folders[round % folders.length] as string;
      const there = new Workshop(folder, { interrupt: () => true }, `h${round + 2}`);
      there.nowMs = here.nowMs;
      const admission = there.runtime.restore(tenure, captured.capture.bytes);
      answers.push(admission.kind === 'refused' ? admission.reason : null);
      if (stays && admission.kind === 'admitted') here = there;
      else there.runtime.discard(tenure.execution);
    }
    here.runtime.run(tenure);
    if (ready === 0 && !here.passTime()) await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('the method did not end');
}

test('a target with an edited helper refuses whatever stands in it, and the source goes on', async () => {
  const edited = await written(program.replace('sum += k++', 'sum += ++k'));
  const { outcome, answers } = await run([edited], false);
  const refused = answers.filter((answer) => answer !== null);
  expect(outcome).toEqual(expected);
  expect(world.acts).toEqual([1, 2, 3, 4]);
  for (const reason of refused) {
    expect(reason).toMatch(/m\.ts#helper with code \w+, this host has \w+\. Install the same package\./);
  }
  // It stands in the helper where its loop turns, and elsewhere where main and the tasks wait.
  expect(refused.length).toBeGreaterThanOrEqual(10);
  expect(refused.length).toBeLessThan(answers.length);
});

test('edits to comments, to lines and to a function that does not run change nothing: each target goes on', async () => {
  const folders = [
    program.replace('let sum = 0;', 'let sum = 0; // of all before n'),
    program.replaceAll('\n\n', '\n\n\n/* A comment. */\n'),
    program.replace('return n - 1;', 'return n - 2;'),
  ];
  const { outcome, answers } = await run(await Promise.all(folders.map(written)), true);
  expect(outcome).toEqual(expected);
  expect(world.acts).toEqual([1, 2, 3, 4]);
  expect(answers.length).toBeGreaterThan(20);
  expect(answers.filter((answer) => answer !== null)).toEqual([]);
});

test('a target that is lost after it has received everything: the source goes on, and nothing is repeated', async () => {
  const { outcome, answers } = await run([await written(program)], false);
  expect(outcome).toEqual(expected);
  expect(world.acts).toEqual([1, 2, 3, 4]);
  expect(answers.filter((answer) => answer !== null)).toEqual([]);
});
