import { expect, test } from 'vitest';
import { Directory } from '../../src/actors/directory.ts';
import type { LaneAnswer } from '../../src/actors/lane-board.ts';
import { retentionActor } from '../../src/actors/retention.ts';
import { hostName, incarnationId, rackName } from '../../src/core/ids.ts';
import type { IncarnationId } from '../../src/core/ids.ts';
import type { LeaseRow } from '../../src/protocols/lease/row.ts';
import { leaseDefaults } from '../../src/protocols/lease/timing.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { SimulatedKernel } from '../../src/simulator/kernel.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import { Machine } from '../../src/simulator/cluster/machine.ts';
import { SimulatedStore, StoreSession } from '../../src/simulator/cluster/store.ts';
import { ClusterWorld, laneOf } from './cluster-world.ts';

// Rules 2, 4 and 12 of docs/semantics.md: what becomes of a lease's row after its end, and of those that still name it.

const minuteMs = 60_000;

function leaseRow(incarnation: string, phase: LeaseRow['phase']): LeaseRow {
  const name = hostName(incarnation.split('.')[0] ?? '');
  const host = { name, incarnation: incarnationId(incarnation), rack: rackName('r1'), address: `${name}:1` };
  return { host, phase, renewals: 3 };
}

/** Hosts with nothing but their retention actors. */
class Sweepers {
  readonly clock = new SimulatedClock();
  readonly store = new SimulatedStore(this.clock, new SeededRandom(1));
  /** As they take effect. */
  readonly calls: string[] = [];
  readonly #kernel = new SimulatedKernel({ clock: this.clock, random: new SeededRandom(2) });

  async add(incarnation: string): Promise<void> {
    const { clock, store } = this;
    const { host: identity } = leaseRow(incarnation, 'live');
    const { tables, vault } = new StoreSession(store, new Machine(clock, 0), identity.name, {
      onCall: (_host, call) => this.calls.push(call),
      onRegisterAnswered: () => undefined,
      onLeaseAnswered: () => undefined,
    });
    const directory = new Directory();
    directory.start(tables);
    const times = { retentionMs: 1_000, readMs: 1_000, knownMs: 1_000, sweepMs: minuteMs };
    const settings = { ...times, endedLeaseMs: leaseDefaults.endedKeptMs };
    const gate = { ended: false, isValid: () => true };
    const board = { storeTimeMs: (nowMs: number) => nowMs };
    const ports = { identity, clock, tables, gate, vault, directory, board, settings };
    this.#kernel.spawn(incarnation, retentionActor(ports));
    await this.write(leaseRow(incarnation, 'live'));
  }

  async write(row: LeaseRow): Promise<void> {
    const { incarnation } = row.host;
    const known = this.store.leases.rows.get(incarnation)?.revision ?? null;
    expect(this.store.leases.swap(incarnation, known, row).kind).toBe('done');
    await this.advance(10);
  }

  advance(ms: number): Promise<void> {
    return this.#kernel.advance(this.clock, ms);
  }

  get rows(): readonly string[] {
    return [...this.store.leases.rows.keys()].toSorted();
  }
}

test('the row of an ended lease is kept for an hour, and swept then by one host; live ones stay', async () => {
  const sweepers = new Sweepers();
  await sweepers.add('h1.a');
  await sweepers.add('h2.a');
  await sweepers.write(leaseRow('h3.a', 'live'));
  await sweepers.advance(90 * minuteMs);
  await sweepers.write(leaseRow('h3.a', 'ended'));
  await sweepers.write(leaseRow('h3.b', 'live'));
  await sweepers.advance(59 * minuteMs);
  expect(sweepers.rows).toEqual(['h1.a', 'h2.a', 'h3.a', 'h3.b']);
  await sweepers.advance(3 * minuteMs);
  expect(sweepers.rows).toEqual(['h1.a', 'h2.a', 'h3.b']);
  expect(sweepers.calls.filter((line) => line.startsWith('remove'))).toHaveLength(1);
});

test('who takes the sweeping over has counted all the while', async () => {
  const sweepers = new Sweepers();
  await sweepers.add('h1.a');
  await sweepers.add('h2.a');
  await sweepers.write(leaseRow('h0.a', 'live'));
  await sweepers.write(leaseRow('h0.a', 'ended'));
  await sweepers.advance(50 * minuteMs);
  await sweepers.write(leaseRow('h1.a', 'ended'));
  await sweepers.advance(12 * minuteMs);
  expect(sweepers.rows).toEqual(['h1.a', 'h2.a']);
});

const gone = incarnationId('h9.gone');

/** Takes a row away as the sweep does, when its host has been dead for long. */
function sweepLease(world: ClusterWorld, incarnation: IncarnationId): void {
  const { leases } = world.store;
  const found = leases.rows.get(incarnation);
  if (found === undefined) throw new Error(`${incarnation} has a row`);
  expect(leases.remove(incarnation, found.revision).kind).toBe('done');
}

test('an execution of an owner whose row was swept is recovered, its seat taken; a later host knows no better', async () => {
  const world = new ClusterWorld(5);
  const first = await world.start('h1');
  const execution = await world.run(first);
  await world.until(() => world.store.seats.rows.size === 2, 10_000);
  world.kill(first);
  const { seats } = world.store;
  // Nobody is there who could see the end of its lease.
  sweepLease(world, first.identity.incarnation);
  const second = await world.start('h2');
  await world.until(() => second.phase(execution) === 'running', 10_000);
  expect(world.store.registers.rows.get(execution)?.row).toMatchObject({ generation: 2 });
  await world.until(
    () => [...seats.rows.values()].every(({ row }) => row.holder === second.identity.incarnation),
    10_000,
  );
  expect([...seats.rows.values()].map(({ row }) => row.holder)).toEqual([
    second.identity.incarnation,
    second.identity.incarnation,
  ]);
});

test('an owner whose row has only not been heard of yet is left alone', async () => {
  const world = new ClusterWorld(6);
  const first = await world.start('h1');
  const second = await world.start('h2');
  const execution = await world.run(first);
  await world.advance(2_000);
  const { directory } = second.parts;
  const shown = directory.namedWithoutLease.bind(directory);
  directory.namedWithoutLease = () => [first.identity.incarnation, ...shown()];
  await world.advance(10_000);
  expect(directory.leaseEnded(first.identity.incarnation)).toBe(false);
  expect(world.store.registers.rows.get(execution)?.row).toMatchObject({ generation: 1 });
});

test('a copy that waits for an effect of an incarnation whose row was swept hears that its outcome is lost, once each', async () => {
  const world = new ClusterWorld(7);
  const first = await world.start('h1');
  const second = await world.start('h2');
  world.voices.effectsOn.set(second, [gone, first.identity.incarnation]);
  const execution = await world.run(first);
  await world.advance(2_000);
  world.kill(first);
  await world.until(() => second.phase(execution) === 'running', 20_000);
  await world.advance(2_000);
  const toldOf = (): IncarnationId[] =>
    laneOf(second).commands.flatMap((command) =>
      command.kind === 'effectsLost' ? [command.incarnation] : [],
    );
  const ended = [gone, first.identity.incarnation].toSorted();
  expect(toldOf().toSorted()).toEqual(ended);
  // The copy that takes its place on another lane has heard nothing yet.
  laneOf(second).die();
  await world.advance(2_000);
  expect(second.lanes).toHaveLength(2);
  expect(toldOf().toSorted()).toEqual(ended);
});

test('a copy that is about to be captured when a lease ends, and stays because it is pinned, hears of it', async () => {
  const world = new ClusterWorld(9);
  const [first, second, third] = [await world.start('h1'), await world.start('h2'), await world.start('h3')];
  const execution = await world.run(first);
  await world.advance(2_000);
  const { board, directory } = first.parts;
  world.kill(third);
  await world.advance(2_500);
  const answers: ((answer: LaneAnswer) => void)[] = [];
  const request = board.request.bind(board);
  board.request = (asked, kind, onAnswer) =>
    kind === 'freeze' ? void answers.push(onAnswer) : request(asked, kind, onAnswer);
  world.move(first, execution, second).catch(() => undefined);
  await world.until(() => directory.leaseEnded(third.identity.incarnation), 5_000);
  expect([first.phase(execution), answers.length]).toEqual(['freezing', 1]);
  const pin = { reason: 'pinned', method: 'count.ts#count', line: 1, path: '' };
  answers[0]?.({ kind: 'pinned', request: 1, execution, pin });
  await world.advance(1_000);
  expect(first.phase(execution)).toBe('running');
  const told = laneOf(first).commands.filter(({ kind }) => kind === 'effectsLost');
  expect(told).toMatchObject([{ execution, incarnation: third.identity.incarnation }]);
});

test('a peer whose row vanishes between two looks has ended', async () => {
  const world = new ClusterWorld(8);
  const first = await world.start('h1');
  const second = await world.start('h2');
  const execution = await world.run(first);
  await world.advance(2_000);
  world.kill(first);
  sweepLease(world, first.identity.incarnation);
  await world.advance(1_000);
  expect(world.eventsOf('leaseEnded', [second])).toMatchObject([{ of: first.identity.incarnation }]);
  await world.until(() => second.phase(execution) === 'running', 5_000);
  expect(second.phase(execution)).toBe('running');
});
