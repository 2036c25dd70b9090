import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import type { ClusterEvent, WorkloadForecast } from '../../src/protocols/messages.ts';
import { methodsFile } from './methods.ts';
import { Desk } from './program.ts';

// Real hosts share this machine; on a busy one their decisions take their time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const desk = await Desk.open();
const executions: string[] = [];

beforeAll(async () => {
  await writeFile(join(desk.folder, 'work.js'), methodsFile);
  const quick = ['monitor.sampleMs=250', 'monitor.usageMs=1000', 'orchestrator.everyMs=1000'];
  const rules = ['analyzer.stepMs=10000', 'affinity.coolDownMs=2000', 'orchestrator.utilizationMax=0.6'];
  const set = [...quick, ...rules].flatMap((setting) => ['--set', setting]);
  const up = desk.start('up', '--racks', '2', '--hosts', '1', ...set);
  await up.line(/^Up: r1-h1, r2-h1/);
  // Busy until the cluster ends.
  for (let count = 0; count < 4; count += 1) {
    const { execution } = await desk.json<{ readonly execution: string }>(
      'run',
      'work.js#spin',
      JSON.stringify(join(desk.folder, 'never')),
      '1000003',
      '--on',
      'r1-h1',
    );
    executions.push(execution);
  }
});

/** The first move that somebody decided. */
async function decidedMove(): Promise<Extract<ClusterEvent['detail'], { kind: 'moved' }>> {
  const follower = desk.start('events', '--follow', '--json');
  const line = await follower.line(/"kind":"moved".*"by":"(?:affinity|orchestrator)"/);
  follower.signal('SIGINT');
  await follower.ended;
  const { detail } = JSON.parse(line) as ClusterEvent;
  if (detail.kind !== 'moved') throw new Error(line);
  return detail;
}

test('a move is explained to a stranger, decided again otherwise, and its racks and forecasts are shown', async () => {
  const move = await decidedMove();
  const { execution } = move.tenure;
  expect(executions).toContain(execution);

  const [byMigration, byExecution, json] = await Promise.all([
    desk.run('explain', move.migration),
    desk.run('explain', execution, '--all'),
    desk.run('explain', move.migration, '--json'),
  ]);
  expect(byMigration.code).toBe(0);
  expect(byMigration.stdout).toContain(`${execution} was asked to move from`);
  expect(byMigration.stdout).toMatch(/Where it was, r1(?:-h1)?:/);
  expect(byMigration.stdout).toMatch(/Where it went, with it there: r2(?:-h1)?:/);
  expect(byMigration.stdout).toContain(`What came of it: migration ${move.migration}`);
  expect(byExecution.stdout).toContain(move.migration);
  expect(JSON.parse(json.stdout)).toMatchObject([
    { migration: { execution, outcome: { kind: 'moved' } }, decision: { subject: execution } },
  ]);

  const place = move.reason.by === 'affinity' ? move.to : 'r2';
  const [same, without, counted] = await Promise.all([
    desk.run('what-if', move.migration),
    desk.run('what-if', move.migration, '--without', place),
    desk.run('what-if', '--json'),
  ]);
  expect(same.stdout).toContain('as it did');
  expect(without.stdout).toContain('would have stayed');
  expect(JSON.parse(counted.stdout)).toContainEqual(expect.objectContaining({ kind: 'same' }));

  const racks = await desk.run('racks');
  expect(racks.stdout).toMatch(/^RACK\s+CPU %/);
  expect(racks.stdout).toMatch(/^r1\s+\d+/m);
  expect(racks.stderr).toContain('policy latency-first');
});

test('the analyzer forecasts what every component wants', async () => {
  // A component's first samples hold the part of a second in which it began: forecasts of a few samples may follow them.
  await vi.waitFor(
    async () => {
      const { components } = await desk.json<WorkloadForecast>('workload');
      expect(components).toHaveLength(4);
      for (const { quantiles } of components) {
        const median = quantiles.find(({ level }) => level === 0.5)?.steps ?? [];
        expect(median).toHaveLength(60);
        for (const { cpu } of median) {
          expect(cpu).toBeGreaterThan(0.3);
          expect(cpu).toBeLessThan(1.2);
        }
      }
    },
    { timeout: 60_000, interval: 500 },
  );
  const shown = await desk.run('workload');
  for (const execution of executions) expect(shown.stdout).toContain(execution);
});

test('what nobody weighed is said to be so, and what is not there is named', async () => {
  const [unknown, noMigration, tradeOffs, badWeights] = await Promise.all([
    desk.run('explain', 'x-none'),
    desk.run('what-if', 'm-none'),
    desk.run('trade-offs'),
    desk.run('what-if', '--weights', '1,2'),
  ]);
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toContain(`No move of 'x-none' is remembered`);
  expect(noMigration.stderr).toContain(`No migration 'm-none' is remembered.`);
  expect(tradeOffs).toMatchObject({ code: 1, stdout: '' });
  expect(tradeOffs.stderr).toContain('latency-first, which weighs nothing (orchestrator.policy)');
  expect(badWeights.code).toBe(2);
  expect(badWeights.stderr).toContain(
    `Expected three numbers from 0 that sum to 1, as 0.5,0.4,0.1; found '1,2'.`,
  );
});
