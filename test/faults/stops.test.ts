import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { hostOf } from '../../src/core/ids.ts';
import { builtEntry } from '../../src/entries.ts';
import { acts, asJudged, Fleet, flawless, quickLeases, scripted, turn } from './fleet.ts';
import type { FleetOptions, Work } from './fleet.ts';

// Promise 1 of docs/semantics.md.

const timeout = 120_000;

async function twoHosts(context: TestContext, options: Partial<FleetOptions>): Promise<Fleet> {
  await turn(context);
  return Fleet.start(context, {
    racks: 1,
    hostsPerRack: 2,
    settings: [...scripted, ...quickLeases],
    environment: {},
    ...options,
  });
}

/** One execution on the first host, once it is in the middle of its work. */
async function underWay(fleet: Fleet, size: number): Promise<Work> {
  const [work] = await fleet.startWork('r1-h1', [size]);
  if (work === undefined) throw new Error('there is work');
  await fleet.acted(work.execution, 40);
  return work;
}

/**
 * The other host recovers the work; the stopped one goes on only then, and finds that it is another one now. A host that
 * happens to be stopped while it holds the store's lock keeps everybody from writing: then nobody can recover, all stand
 * still, and go on with it.
 *
 * @returns whether the work was recovered
 */
async function recoveredThenContinued(fleet: Fleet, stopped: string, work: Work): Promise<boolean> {
  const recovered = fleet.event('recovered', ({ tenure }) => tenure.execution === work.execution);
  const blocked = fleet.event('hostFrozen', (_, { host }) => host !== stopped).then(() => null);
  const first = await Promise.race([recovered, blocked]);
  if (first !== null) await fleet.acted(work.execution, 20, first.detail.tenure.generation);
  fleet.signal(stopped, 'SIGCONT');
  if (first === null) return false;
  await fleet.printed(stopped, '"event":"ended"');
  await fleet.printed(stopped, '"event":"started"', 2);
  return true;
}

function incarnationsOf(fleet: Fleet, host: string): ReadonlySet<string> {
  const started = fleet.lines.filter((one) => one.host === host && one.line.includes('"event":"started"'));
  return new Set(
    started.map(({ line }) => (JSON.parse(line) as { readonly incarnation: string }).incarnation),
  );
}

describe.concurrent('SIGSTOP for longer than a lease, then SIGCONT', () => {
  test('of the owner that runs', { timeout }, async (context) => {
    const fleet = await twoHosts(context, {});
    const work = await underWay(fleet, acts.many);
    fleet.signal('r1-h1', 'SIGSTOP');
    const isRecovered = await recoveredThenContinued(fleet, 'r1-h1', work);
    if (isRecovered) await fleet.startedAgain('r1-h1');
    // The name is taken up by a new incarnation, and work can go to it.
    const later = await fleet.startWork(isRecovered ? 'r1-h1' : 'r1-h2', [acts.few]);
    const all = [work, ...later];
    context.expect(asJudged(await fleet.settled(all))).toEqual(flawless(all));
    if (isRecovered) context.expect(incarnationsOf(fleet, 'r1-h1').size).toBe(2);
  });

  test('of the owner that runs, with the leases that are shipped', { timeout }, async (context) => {
    const fleet = await twoHosts(context, { settings: scripted });
    const work = await underWay(fleet, acts.many);
    fleet.signal('r1-h1', 'SIGSTOP');
    await recoveredThenContinued(fleet, 'r1-h1', work);
    context.expect(asJudged(await fleet.settled([work]))).toEqual(flawless([work]));
  });

  test.for([
    { role: 'source', stopped: 'r1-h1', point: 'source:transfer' },
    { role: 'source that has handed over', stopped: 'r1-h1', point: 'source:resume' },
    { role: 'target that has claimed', stopped: 'r1-h2', point: 'target:commit' },
  ])('of the $role in mid-migration', { timeout }, async ({ stopped, point }, context) => {
    const fleet = await twoHosts(context, { environment: { [stopped]: { GODWIT_HOLD_AT: point } } });
    const work = await underWay(fleet, acts.many);
    const move = await fleet.moveUntilHeld(work.execution, 'r1-h2', point);
    fleet.signal(stopped, 'SIGSTOP');
    await recoveredThenContinued(fleet, stopped, work);
    context.expect(asJudged(await fleet.settled([work]))).toEqual(flawless([work]));
    await move.end;
  });

  test(
    'of the owner in the midst of a call: it lands, and the fence refuses it',
    { timeout },
    async (context) => {
      const fleet = await twoHosts(context, {});
      const door = join(await mkdtemp(join(tmpdir(), 'godwit-faults-door-')), 'door');
      const heldAt = 40;
      const size = 80;
      const pack = await fleet.deploy('held-call');
      const args = [fleet.witness, size, heldAt, door];
      const execution = await fleet.startMethod(pack, 'heldInCall', args, 'r1-h1');
      await fleet.printed('r1-h1', '"event":"heldBack"');
      fleet.signal('r1-h1', 'SIGSTOP');
      const { detail } = await fleet.event('recovered', ({ tenure }) => tenure.execution === execution);
      await fleet.acted(execution, 1, detail.tenure.generation);
      await writeFile(door, '');
      fleet.signal('r1-h1', 'SIGCONT');
      await fleet.printed('r1-h1', '"event":"ended"');
      context.expect(await fleet.cluster.outcome(execution)).toBe(size);
      const [verdict] = fleet.verdicts([{ execution, acts: size }]);
      context.expect(verdict).toMatchObject({ faults: [], late: 1 });
      const refused = fleet.log().filter(({ isRefused }) => isRefused);
      context.expect(refused).toMatchObject([{ generation: 1, iteration: heldAt }]);
    },
  );

  test("of the holder of the rack's seat", { timeout }, async (context) => {
    const fleet = await twoHosts(context, {});
    const first = await fleet.seat('rack/r1', ({ standing }) => standing === 'held');
    const stopped = hostOf(first.holder);
    fleet.signal(stopped, 'SIGSTOP');
    const second = await fleet.seat('rack/r1', ({ holder }) => holder !== first.holder);
    context.expect(second.term).toBe(first.term + 1);
    context.expect(hostOf(second.holder)).not.toBe(stopped);
    fleet.signal(stopped, 'SIGCONT');
    await fleet.printed(stopped, '"event":"started"', 2);
    // Whoever held it before is no candidate any more; the new incarnation follows.
    const offered = await fleet.cluster
      .actor('rack/r1')
      .ask<{ readonly term: number }>({ kind: 'candidates', limit: 8 }, { timeoutMs: 10_000 });
    context.expect(offered.term).toBe(second.term);
    context.expect(await fleet.seat('rack/r1', () => true)).toEqual(second);
  });

  test("of a host that holds the store's lock", { timeout }, async (context) => {
    const file = join(tmpdir(), `godwit-faults-stop-${process.pid}`);
    const preload = fileURLToPath(new URL('fixtures/stop-inside-gate.mjs', import.meta.url));
    const fleet = await twoHosts(context, {
      environment: {
        'r1-h1': {
          NODE_OPTIONS: `--import=${preload}`,
          FAULTS_GATE: builtEntry('store/lmdb/gate').href,
          FAULTS_STOP_FILE: file,
        },
      },
    });
    const onStopped = await underWay(fleet, acts.some);
    const [onOther] = await fleet.startWork('r1-h2', [acts.some]);
    if (onOther === undefined) throw new Error('there is work');
    await writeFile(file, '');
    await fleet.printed('r1-h1', '"event":"stoppedInside"');
    // Nobody can write now: the other host cannot renew its lease, and stands still before it ends.
    await fleet.event('hostFrozen', (_, { host }) => host === 'r1-h2');
    fleet.signal('r1-h1', 'SIGCONT');
    const work = [onStopped, onOther];
    context.expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  });
});
