import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Inspection } from '../../src/core/inspection.ts';
import type { ExecutionSummary, HostDescription } from '../../src/protocols/messages.ts';
import type { Finished } from './methods.ts';
import { methodsFile, spinSum } from './methods.ts';
import { Desk, isAlive } from './program.ts';

// Dozens of processes start here, one after the other; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const desk = await Desk.open();
/** So that an earlier start of a host is over soon. */
const shortLease = ['lease.termMs=1500', 'lease.marginMs=300', 'lease.renewMs=300'].flatMap((set) => [
  '--set',
  set,
]);

async function pids(store: string): Promise<readonly number[]> {
  const hosts = await desk.json<readonly HostDescription[]>('hosts', '--store', store);
  return hosts.map(({ pid }) => pid);
}

async function roundsOf(execution: string): Promise<number> {
  const { tasks } = await desk.json<Inspection>('inspect', execution, '--store', 'twice');
  const rounds = tasks[0]?.frames[0]?.locals.find(({ name }) => name === 'rounds');
  return Number(rounds?.preview ?? 0);
}

async function ends(processes: readonly number[]): Promise<void> {
  await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), 15_000);
}

beforeAll(() => writeFile(join(desk.folder, 'work.js'), methodsFile));

test('after Ctrl-C nothing is left, and the next start goes on with what ran', async () => {
  const until = join(desk.folder, 'enough');
  const first = desk.start('up', '--store', 'twice', ...shortLease);
  await first.line(/^Up: r1-h1, r1-h2\. State: .*\/twice$/);
  await first.line(/godwit run FILE#METHOD .* --store .*\/twice$/);
  const call = ['work.js#spin', JSON.stringify(until), '1009', '--on', 'r1-h1', '--store', 'twice'];
  const { execution } = await desk.json<{ readonly execution: string }>('run', ...call);
  const running = desk.start('events', '--follow', '--store', 'twice');
  await running.line(new RegExp(`${execution} started`));
  await vi.waitFor(async () => expect(await roundsOf(execution)).toBeGreaterThan(0), 10_000);
  const before = await roundsOf(execution);
  const hosts = await pids('twice');
  expect(hosts).toHaveLength(2);
  first.signal('SIGINT');
  expect(await first.ended).toMatchObject({ code: 0, stderr: '' });
  expect(hosts.filter(isAlive)).toEqual([]);

  const second = desk.start('up', '--store', 'twice', ...shortLease);
  await second.line(/^Up: /);
  // The follower that was there before hears the hosts that came up later.
  await running.line(new RegExp(`${execution} recovered from r1-h1\\.`));
  const [summary] = await desk.json<readonly ExecutionSummary[]>('ps', '--store', 'twice');
  expect(summary).toMatchObject({ execution, generation: 2, phase: 'running' });
  // Not from the beginning, and not from an older checkpoint than the last one.
  expect(await roundsOf(execution)).toBeGreaterThanOrEqual(before);
  await writeFile(until, '');
  const { value } = await desk.json<Finished>('wait', execution, '--store', 'twice');
  expect(value.sum).toBe(spinSum(value.rounds, 1009));
  second.signal('SIGTERM');
  expect((await second.ended).code).toBe(0);
});

test('hosts stop cleanly when the process that started them is killed, and a second Ctrl-C ends them at once', async () => {
  const killed = desk.start('up', '--store', 'killed', ...shortLease);
  const impatient = desk.start('up', '--store', 'impatient', ...shortLease);
  await Promise.all([killed.line(/^Up: /), impatient.line(/^Up: /)]);
  const [orphans, held] = await Promise.all([pids('killed'), pids('impatient')]);
  expect([orphans.length, held.length]).toEqual([2, 2]);
  onTestFinished(() => [...orphans, ...held].filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL')));
  killed.signal('SIGKILL');
  await ends(orphans);
  // They gave their leases up: nobody waits for them.
  expect(await desk.json('hosts', '--store', 'killed')).toEqual([]);

  for (const pid of held) process.kill(pid, 'SIGSTOP'); // They cannot stop in order.
  impatient.signal('SIGINT');
  await impatient.line(/^Stopping: /);
  impatient.signal('SIGINT');
  expect((await impatient.ended).code).toBe(130);
  await ends(held);
});

test('a second cluster at the same store is refused, and harms nothing', async () => {
  const first = desk.start('up', '--hosts', '1', '--store', 'one', ...shortLease);
  await first.line(/^Up: r1-h1\./);
  const second = await desk.run('up', '--hosts', '1', '--store', 'one', '--json', ...shortLease);
  expect(second.code).toBe(1);
  const lines = second.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines.at(-1)).toEqual({
    error: {
      code: 'LOCAL_HOST',
      message: expect.stringMatching(/^Host r1-h1 did not come up .*'r1-h1' is taken/),
      retryable: true,
    },
  });
  expect((await desk.run('run', 'work.js#double', '4', '--wait', '--store', 'one')).stdout).toBe('8\n');
  expect(first.isRunning).toBe(true);
});

test('a start that is interrupted leaves nothing', async () => {
  const early = desk.start('up', '--store', 'early');
  await early.line(/^Starting r1-h1, r1-h2/);
  early.signal('SIGINT');
  expect(await early.ended).toMatchObject({
    code: 130,
    stderr: 'Interrupted before the cluster was up. Its hosts have stopped.\n',
  });
});
