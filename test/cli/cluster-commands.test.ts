import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Inspection } from '../../src/core/inspection.ts';
import type { ExecutionSummary, HostDescription } from '../../src/protocols/messages.ts';
import type { Finished } from './methods.ts';
import { methodsFile, spinSum } from './methods.ts';
import { Desk } from './program.ts';

// Dozens of processes start here, one after the other; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const desk = await Desk.open();

async function start(...args: readonly string[]): Promise<string> {
  const { execution } = await desk.json<{ readonly execution: string }>('run', ...args);
  return execution;
}

beforeAll(async () => {
  await writeFile(join(desk.folder, 'work.js'), methodsFile);
  await writeFile(join(desk.folder, 'plain.js'), 'export function f() {}\n');
  await writeFile(
    join(desk.folder, 'refused.js'),
    `'use movable';\nlet crawled = 0;\nexport function all() { using x = null; }\n`,
  );
  // Nothing moves but what is asked to.
  const up = desk.start('up', '--hosts', '2', '--set', 'affinity.enabled=false');
  await up.line(/^Up: r1-h1, r1-h2/);
});

describe('run and wait', () => {
  test('a result is printed as it is, and as JSON', async () => {
    const [text, json, negative, odd, oddJson] = await Promise.all([
      desk.run('run', 'work.js#double', '21', '--wait'),
      desk.run('run', 'work.js#double', '21', '--wait', '--json'),
      desk.run('run', 'work.js#double', '-4', '--wait'),
      desk.run('run', 'work.js#odd', '--wait'),
      desk.json<{ readonly value: unknown }>('run', 'work.js#odd', '--wait'),
    ]);
    expect(text).toMatchObject({ code: 0, stdout: '42\n' });
    expect(JSON.parse(json.stdout)).toEqual({ execution: expect.stringMatching(/^x-/), value: 42 });
    expect(negative).toMatchObject({ code: 0, stdout: '-8\n' });
    expect(odd.stdout).toBe(`Map(1) { 'big' => 5n }\n`);
    expect(oddJson.value).toEqual([['big', '5n']]);
  });

  test('what a method throws is the failure, with its stack, and stays known', async () => {
    const { code, stdout } = await desk.run('run', 'work.js#fail', '"too far"', '--wait', '--json');
    const { execution, error } = JSON.parse(stdout) as {
      readonly execution: string;
      readonly error: { readonly code: string; readonly message: string; readonly stack: string };
    };
    expect(code).toBe(1);
    expect(error).toMatchObject({
      code: 'EXECUTION_FAILED',
      message: `Execution ${execution} threw: too far`,
    });
    expect(error.stack).toContain('work.js:25');
    const [again, inspected, all, running] = await Promise.all([
      desk.run('wait', execution),
      desk.run('inspect', execution),
      desk.json<readonly { readonly execution: string; readonly outcome: string }[]>('ps', '--all'),
      desk.run('ps', '--json'),
    ]);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('RangeError: too far');
    expect(inspected).toMatchObject({ code: 1, stdout: '' });
    expect(inspected.stderr).toContain(`${execution} has ended: it threw. \`godwit wait ${execution}\``);
    expect(all).toContainEqual(expect.objectContaining({ execution, outcome: 'threw', phase: 'settled' }));
    expect(running.stdout).not.toContain(execution);
  });

  test('a file that cannot be run says everything that is wrong with it', async () => {
    const [missing, refused, plain, unknown, nowhere] = await Promise.all([
      desk.run('run', 'gone.js#f'),
      desk.run('run', 'refused.js#all'),
      desk.run('run', 'plain.js#f'),
      desk.run('run', 'work.js#spun'),
      desk.run('run', 'work.js#double', '1', '--on', 'r9-h9', '--json'),
    ]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('gone.js. [NOT_FOUND]') });
    expect(refused.stderr).toContain(`refused.js:2:5 the module's variable 'crawled'`);
    expect(refused.stderr).toContain('refused.js:3:25');
    expect(plain.stderr).toContain('is "use movable" its first line?');
    expect(unknown.stderr).toContain('It has: double, fail, odd, spin.');
    expect(nowhere.code).toBe(1);
    expect(JSON.parse(nowhere.stdout)).toEqual({
      error: {
        code: 'NOT_FOUND',
        message: `There is no host 'r9-h9'. Up are: r1-h1, r1-h2.`,
        retryable: false,
      },
    });
  });
});

test('what does not exist is named beside what does', async () => {
  const [migrate, inspect, wait, drain] = await Promise.all([
    desk.run('migrate', 'x-none', 'r1-h1'),
    desk.run('inspect', 'x-none'),
    desk.run('wait', 'x-none'),
    desk.run('drain', 'r9-h9'),
  ]);
  for (const { code, stdout, stderr } of [migrate, inspect, wait]) {
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`There is no execution 'x-none'.`);
  }
  expect(drain).toMatchObject({
    code: 1,
    stderr: `There is no host 'r9-h9'. Up are: r1-h1, r1-h2. [NOT_FOUND]\n`,
  });
});

test('whoever stops waiting is told how to wait again, and the execution goes on', async () => {
  const file = join(desk.folder, 'after-waiting');
  const waiting = desk.start('run', 'work.js#spin', JSON.stringify(file), '1009', '--wait');
  const execution = (await waiting.line(/ runs; waiting/)).split(' ')[0] ?? '';
  await waiting.line(/ started: work\.js#spin$/);
  waiting.signal('SIGINT');
  expect(await waiting.ended).toMatchObject({
    code: 130,
    stdout: '',
    stderr: expect.stringContaining(`${execution} goes on. \`godwit wait ${execution}\``),
  });
  await writeFile(file, '');
  const { value } = await desk.json<Finished>('wait', execution);
  expect(value.sum).toBe(spinSum(value.rounds, 1009));
});

test('events end by themselves, in order of time, and a reader may leave', async () => {
  const { code, stdout } = await desk.run('events', '--json');
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly wallMs: number });
  expect(code).toBe(0);
  expect(events.length).toBeGreaterThan(2);
  expect(events).toEqual(events.toSorted((a, b) => a.wallMs - b.wallMs));
  const left = desk.start('events', '--follow', '--json');
  await left.line(/"hostStarted"/);
  left.closeOutput();
  await desk.run('run', 'work.js#double', '1', '--wait');
  expect(await left.ended).toMatchObject({ code: 0, stderr: '' });
  const interrupted = desk.start('events', '--follow');
  await interrupted.line(/ up in rack r1 at /);
  interrupted.signal('SIGINT');
  expect(await interrupted.ended).toMatchObject({ code: 0, stderr: '' });
});

// The last test here: a host that was drained takes nothing in any more.
test('a tight loop is looked into, moved twice and drained away, and returns the right result', async () => {
  const file = join(desk.folder, 'enough');
  const followed = desk.start('events', '--follow', '--logs');
  const execution = await start('work.js#spin', JSON.stringify(file), '1000003', '--on', 'r1-h1');
  await followed.line(new RegExp(`${execution} started`));

  const inspection = await desk.json<Inspection>('inspect', execution);
  const [frame] = inspection.tasks[0]?.frames ?? [];
  expect(frame).toMatchObject({ method: 'spin', file: 'work.js' });
  expect(frame?.line).toBeGreaterThanOrEqual(10);
  expect(frame?.line).toBeLessThanOrEqual(16);
  expect(frame?.locals).toContainEqual({ name: 'modulus', preview: '1000003' });
  expect((await desk.run('inspect', execution)).stdout).toMatch(/\n {2}spin \(work\.js:\d+\)\n {6}until = /);

  const moved = await desk.run('migrate', execution, 'r1-h2');
  expect(moved.code).toBe(0);
  expect(moved.stdout).toMatch(/^x-\S+ is on r1-h2 now: paused for \d+\.\d ms, \d+ B\.\n$/);
  const again = await desk.run('migrate', execution, 'r1-h2');
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('it is on r1-h2 already') });
  const back = await desk.json<{ readonly kind: string; readonly pauseMs: number }>(
    'migrate',
    execution,
    'r1-h1',
  );
  expect(back).toMatchObject({ kind: 'moved', execution, host: 'r1-h1', pauseMs: expect.any(Number) });

  const drained = await desk.run('drain', 'r1-h1');
  expect(drained).toMatchObject({ code: 0, stdout: 'r1-h1: 1 execution moved, 0 left.\n' });
  expect(drained.stderr).toMatch(
    new RegExp(`^Draining r1-h1.*\n\\S+ r1-h1: ${execution} moved to r1-h2 in .*r1-h1 is draining\n$`),
  );

  const [summary] = await desk.json<readonly ExecutionSummary[]>('ps');
  expect(summary).toMatchObject({ execution, host: 'r1-h2', epoch: 4, generation: 1 });
  expect((await desk.run('ps')).stdout).toMatch(
    /^EXECUTION +METHOD +HOST[^\n]*\nx-\S+ +work\.js#spin +r1-h2 /,
  );
  await vi.waitFor(async () => {
    const hosts = await desk.json<readonly HostDescription[]>('hosts');
    expect(hosts.map(({ phase }) => phase)).toEqual(['drained', 'serving']);
  }, 10_000);

  await writeFile(file, '');
  const { value } = await desk.json<Finished>('wait', execution);
  expect(value).toEqual({ rounds: value.rounds, sum: spinSum(value.rounds, 1_000_003) });
  await followed.line(new RegExp(`${execution} stdout: saw the file$`));
  expect(await followed.line(new RegExp(`${execution} moved to r1-h2 .* by operator`))).toBeTruthy();
});
