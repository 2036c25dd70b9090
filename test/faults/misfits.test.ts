import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { executionId, hostName } from '../../src/core/ids.ts';
import { acts, asJudged, Fleet, flawless, quickLeases, scripted, turn } from './fleet.ts';
import type { FleetOptions, Work } from './fleet.ts';

const timeout = 120_000;

async function twoHosts(context: TestContext, options: Partial<FleetOptions>): Promise<Fleet> {
  await turn(context);
  return Fleet.start(context, {
    racks: 1,
    hostsPerRack: 2,
    settings: scripted,
    environment: {},
    ...options,
  });
}

async function bystander(fleet: Fleet, size: number): Promise<readonly Work[]> {
  const work = await fleet.startWork('r1-h1', [size]);
  for (const { execution } of work) await fleet.acted(execution, 10);
  return work;
}

describe.concurrent('what is asked for wrongly is refused, and what runs is none the wiser', () => {
  test('names that nothing has, and arguments that cannot travel', { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await twoHosts(context, {});
    const work = await bystander(fleet, acts.many);
    const pack = await fleet.deploy('tally');
    const { cluster } = fleet;
    const nobody = executionId('x-000000000000');
    await expect(fleet.startMethod(pack, 'talley', [], 'r1-h1')).rejects.toThrow(
      /exports no movable method 'talley'. It has: tally/,
    );
    await expect(fleet.startMethod(pack, 'tally', [null, 1, 1], 'r9-h9')).rejects.toThrow(/r9-h9/);
    await expect(
      fleet.startMethod(pack, 'tally', [new (class Stranger {})(), 1, 1], 'r1-h1'),
    ).rejects.toThrow(/Stranger/);
    await expect(fleet.move(nobody, 'r1-h2')).rejects.toThrow(/x-000000000000/);
    await expect(cluster.inspect(nobody)).rejects.toThrow(/x-000000000000/);
    await expect(cluster.outcome(nobody)).rejects.toThrow(/no execution 'x-000000000000'/);
    await expect(cluster.drain(hostName('r9-h9'), 1_000)).rejects.toThrow(/r9-h9/);
    const [mine] = work;
    if (mine === undefined) throw new Error('there is work');
    await expect(fleet.move(mine.execution, 'r9-h9')).rejects.toThrow(/r9-h9/);
    await expect(fleet.move(mine.execution, 'r1-h1')).rejects.toThrow(/it is on r1-h1 already/);
    expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  });

  test('a method that throws says what and where, in terms of its own file', { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await twoHosts(context, {});
    const pack = await fleet.deploy('misfits');
    const execution = await fleet.startMethod(pack, 'fails', [fleet.witness, 2_000, 'grail'], 'r1-h1');
    await fleet.acted(execution, 10);
    await fleet.move(execution, 'r1-h2');
    const failure: unknown = await fleet.cluster.outcome(execution).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'ExecutionFailedError',
      message: expect.stringContaining('There is no grail here.'),
      cause: { name: 'RangeError', message: 'There is no grail here.' },
    });
    const { executionStack } = failure as { readonly executionStack: string };
    expect(executionStack).toMatch(/lookUp.*misfits\.ts:16/);
    expect(executionStack).toMatch(/fails.*misfits\.ts:12/);
    expect(fleet.verdicts([{ execution, acts: 2_000 }])).toMatchObject([{ faults: [] }]);
  });

  test('a method that never ends is moved, drained and recovered', { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await twoHosts(context, { settings: [...scripted, ...quickLeases] });
    const pack = await fleet.deploy('misfits');
    const execution = await fleet.startMethod(pack, 'forever', [fleet.witness, 20_000], 'r1-h1');
    await fleet.acted(execution, 20);
    await fleet.move(execution, 'r1-h2');
    // The copy that the first host keeps goes once the second one's checkpoint is durable (rule 9).
    await fleet.registered(execution, ({ recovery }) => recovery.kind === 'snapshot' && recovery.epoch === 2);
    await fleet.move(execution, 'r1-h1');
    await fleet.registered(execution, ({ recovery }) => recovery.kind === 'snapshot' && recovery.epoch === 3);
    const drained = await fleet.cluster.drain(hostName('r1-h1'), 30_000);
    expect(drained).toMatchObject({ moved: 1, left: [] });
    await fleet.event('moved', ({ tenure, to }) => tenure.epoch === 4 && to === 'r1-h2');
    // A drained host takes nothing; a new start of it does.
    fleet.signal('r1-h1', 'SIGTERM');
    await fleet.host('r1-h1').exited;
    await fleet.real.restart('r1-h1');
    fleet.signal('r1-h2', 'SIGKILL');
    await fleet.acted(execution, 20, 2);
    expect(fleet.verdicts([{ execution, acts: 40 }])).toMatchObject([{ faults: [] }]);
  });

  test('a snapshot over the limit is neither moved nor stored', { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await twoHosts(context, {
      settings: [...scripted, ...quickLeases, 'snapshots.sizeMaxBytes=20000'],
    });
    const pack = await fleet.deploy('misfits');
    const size = 10_000;
    const count = 20_000;
    const execution = await fleet.startMethod(pack, 'bulky', [fleet.witness, count, size], 'r1-h1');
    const overLimit = /its state of \d+ bytes is over the limit of 20000 \(snapshots\.sizeMaxBytes\)/;
    const { detail } = await fleet.event('checkpointFailed', (failed) => failed.execution === execution);
    expect(detail.reason).toMatch(overLimit);
    await expect(fleet.move(execution, 'r1-h2')).rejects.toThrow(overLimit);
    // It runs on where it is. When that host dies it begins again: nothing newer was ever stored.
    const first = await fleet.acted(execution, 60);
    fleet.signal('r1-h1', 'SIGKILL');
    const recovered = await fleet.event('recovered', ({ tenure }) => tenure.execution === execution);
    expect(recovered.detail.effectSequence).toBe(0);
    const sum = ((size * (size - 1)) / 2) * 1.5 * count;
    expect(await fleet.cluster.outcome(execution)).toBe(sum);
    expect(fleet.verdicts([{ execution, acts: count }])).toMatchObject([{ faults: [] }]);
    expect(first.length).toBeGreaterThan(0);
  });

  test('a target without room refuses, and both go on', { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await twoHosts(context, { settings: [...scripted, 'capacity.executionsMax=1'] });
    const [here] = await fleet.startWork('r1-h1', [acts.many]);
    const [there] = await fleet.startWork('r1-h2', [acts.some]);
    if (here === undefined || there === undefined) throw new Error('there is work');
    await fleet.acted(here.execution, 10);
    await expect(fleet.move(here.execution, 'r1-h2')).rejects.toThrow(
      /it carries or expects 1 executions, as many as it takes \(capacity\.executionsMax\)/,
    );
    const work = [here, there];
    expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  });

  test('a host whose lane dies again and again ends, and others take over', { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await twoHosts(context, {
      // The host is to give up before the execution does.
      settings: [...scripted, ...quickLeases, 'recovery.deathsMax=1000'],
      environment: { 'r1-h1': { FAULTS_LANE_DIES: 'yes' } },
    });
    const work = await bystander(fleet, acts.some);
    const pack = await fleet.deploy('misfits');
    const poison = await fleet.startMethod(pack, 'poison', [], 'r1-h1');
    expect(await fleet.host('r1-h1').exited).toBe(1);
    await fleet.printed('r1-h1', '"kind":"failed"');
    await fleet.event('childRestarted', ({ reason }) => /Lane 0 ended/.test(reason));
    expect(await fleet.cluster.outcome(poison)).toBe('alive');
    expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  });
});
