import { expect, test } from 'vitest';
import { address } from '../../src/actors/addresses.ts';
import type { MigrationId } from '../../src/core/ids.ts';
import { actorAddress } from '../../src/core/ids.ts';
import { faultsOf } from './act-faults.ts';
import { ClusterWorld, laneOf } from './cluster-world.ts';

test('a move is answered, and goes on where it stopped', async () => {
  const world = new ClusterWorld(1);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(500);
  const reply = await world.settle(world.move(one, execution, two), 5_000);
  expect(reply).toMatchObject({ kind: 'moved', epoch: 2 });
  await world.advance(2_000);
  expect(world.runners(execution)).toEqual(['h2']);
  expect([one.phase(execution), two.phase(execution)]).toEqual(['absent', 'running']);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
  expect(world.actsOf(execution).length).toBeGreaterThan(200);
  expect(world.crashes).toEqual([]);
});

test('what passes between source and target', async () => {
  const world = new ClusterWorld(2);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(500);
  world.passages.length = 0;
  world.calls.length = 0;
  await world.settle(world.move(one, execution, two), 5_000);
  await world.advance(50);
  const moves = new Set([
    'prepare',
    'prepared',
    'transfer',
    'transferred',
    'resume',
    'resumed',
    'commit',
    'committed',
  ]);
  expect(world.passages.filter((line) => moves.has(line.split(' ')[1] ?? ''))).toEqual([
    'h1>h2 prepare',
    'h2>h1 prepared',
    'h1>h2 transfer',
    'h2>h1 transferred',
    'h1>h2 resume',
    'h2>h1 resumed',
    'h1>h2 commit',
    'h2>h1 committed',
  ]);
  // The claim, and then the checkpoint that lets the source drop its copy.
  expect(world.calls.filter((line) => line.startsWith('cas execution'))).toHaveLength(2);
});

test('code is imported before anything stands still', async () => {
  const world = new ClusterWorld(2);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(300);
  const kinds = (host: typeof one) => laneOf(host).commands.map(({ kind }) => kind);
  const moved = world.move(one, execution, two);
  await world.until(() => kinds(two).includes('install'), 1_000);
  expect(kinds(one)).not.toContain('freeze');
  expect(await world.settle(moved, 5_000)).toMatchObject({ kind: 'moved' });
  expect(kinds(one)).toContain('freeze');
  expect(kinds(two).filter((kind) => kind === 'install')).toHaveLength(1);
});

test('a target that cannot import the code says so, and the execution runs on all the while', async () => {
  const world = new ClusterWorld(2);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(300);
  laneOf(two).importFault = 'it needs a file that is not there';
  const reply = await world.settle(world.move(one, execution, two), 30_000);
  expect(reply).toMatchObject({ kind: 'refused' });
  expect(JSON.stringify(reply)).toContain('it needs a file that is not there');
  expect(laneOf(one).commands.map(({ kind }) => kind)).not.toContain('freeze');
  expect(world.runners(execution)).toEqual(['h1']);
});

const steps = ['prepare', 'transfer', 'resume', 'commit', ''] as const;
const crashes = steps.flatMap((step) =>
  (['h1', 'h2'] as const).flatMap((side) => [0, 1, 2, 3, 4].map((after) => [step, side, after] as const)),
);

test.each(crashes)(
  'step "%s" at %s, killed after %i passages: moved or rolled back, once',
  async (step, side, after) => {
    const world = new ClusterWorld(3);
    const one = await world.start('h1');
    const two = await world.start('h2');
    const execution = await world.run(one);
    await world.advance(300);
    world.passages.length = 0;
    const asked = world.move(one, execution, two);
    const victim = side === 'h1' ? one : two;
    const crossed = (): boolean => world.passages.length >= after && victim.parts.cells.size > 0;
    expect(await world.until(crossed, 1_000)).toBe(true);
    const [migration] = victim.parts.cells.keys();
    const conductor = address.migration(victim.identity.name, migration as MigrationId);
    victim.crash(step === '' ? conductor : actorAddress(`${conductor}/${step}`));
    const reply = await world.settle(asked, 15_000);
    await world.advance(3_000);
    expect(['moved', 'refused']).toContain(reply.kind);
    expect(world.runners(execution)).toEqual([reply.kind === 'moved' ? 'h2' : 'h1']);
    expect(faultsOf(world.actsOf(execution))).toEqual([]);
    expect(one.parts.cells.size + two.parts.cells.size).toBe(0);
    const { generation } = world.actsOf(execution).at(-1)?.tenure ?? {};
    expect(generation).toBe(1);
  },
);

test.each(['ownership', 'migrations', 'executions', 'checkpoints', 'lease'] as const)(
  'the %s actor of either side, killed at every passage of a move: moved or rolled back, once',
  async (role) => {
    for (const side of ['h1', 'h2']) {
      for (let after = 0; after < 8; after += 1) {
        const world = new ClusterWorld(100 + after);
        const one = await world.start('h1');
        const two = await world.start('h2');
        const execution = await world.run(one);
        await world.advance(300);
        world.passages.length = 0;
        const asked = world.move(one, execution, two).catch((error: unknown) => error);
        await world.until(() => world.passages.length >= after, 1_000);
        (side === 'h1' ? one : two).crashRole(role);
        await world.settle(asked, 25_000);
        await world.advance(5_000);
        const about = `${side} after ${after}: ${one.phase(execution)}, ${two.phase(execution)}`;
        expect(world.runners(execution), about).toHaveLength(1);
        expect(faultsOf(world.actsOf(execution)), about).toEqual([]);
        expect(world.actsOf(execution).at(-1)?.atMs, about).toBeGreaterThan(world.clock.monotonicMs() - 50);
        expect(one.parts.cells.size + two.parts.cells.size, about).toBe(0);
      }
    }
  },
);

test('a step that fails for ever spends its budget: the execution runs on at its source', async () => {
  const world = new ClusterWorld(4);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(300);
  // Nothing of the target's comes back, so that the source stays where it waits for `transferred`.
  world.network.loses = (from, _to, envelope) =>
    from === two && envelope.message.kind === 'passage' && one.phase(execution) === 'frozen';
  const asked = world.move(one, execution, two);
  await world.until(() => one.phase(execution) === 'frozen', 1_000);
  const [migration] = one.parts.cells.keys();
  const step = actorAddress(`${address.migration(one.identity.name, migration as MigrationId)}/transfer`);
  while (one.parts.cells.size > 0) {
    one.crash(step);
    await world.advance(20);
  }
  expect(await world.settle(asked, 5_000)).toMatchObject({ kind: 'refused' });
  world.network.loses = () => false;
  await world.advance(20_000);
  expect(world.runners(execution)).toEqual(['h1']);
  expect(two.parts.cells.size).toBe(0);
  expect(laneOf(two).residents.size).toBe(0);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
});

test('a large snapshot is moved to the lane, and nobody keeps its bytes', async () => {
  const world = new ClusterWorld(5);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one, { bytes: 200_000 });
  await world.advance(1_500);
  expect(await world.settle(world.move(one, execution, two), 5_000)).toMatchObject({
    kind: 'moved',
    bytes: 200_000,
  });
  await world.advance(1_000);
  const cell = two.parts.book.get(execution);
  expect([cell?.received, cell?.frozen]).toEqual([null, null]);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
});

test('bytes that a lane was given are never given to it again: they are fetched anew', async () => {
  const world = new ClusterWorld(7);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one, { bytes: 200_000 });
  await world.advance(1_500);
  const asked = world.move(one, execution, two);
  const isGiven = (): boolean => laneOf(two).commands.some(({ kind }) => kind === 'restore');
  expect(await world.until(isGiven, 1_000)).toBe(true);
  expect(two.phase(execution)).toBe('receiving');
  // Its successor orders the copy once more.
  two.crashRole('ownership');
  expect(await world.settle(asked, 15_000)).toMatchObject({ kind: 'moved' });
  const reasons = world.eventsOf('restoreFailed', [two]).map(({ reason }) => reason);
  expect(reasons).toEqual(['its bytes are not here']);
});

test('bytes of a copy that is given up for a recovery are not kept while that runs', async () => {
  const world = new ClusterWorld(8);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(300);
  const { packages } = two.parts;
  const ensure = packages.ensure.bind(packages);
  packages.ensure = (hash) =>
    two.phase(execution) === 'receiving' ? new Promise<never>(() => undefined) : ensure(hash);
  void world.move(one, execution, two).catch(() => undefined);
  expect(await world.until(() => two.phase(execution) === 'receiving', 1_000)).toBe(true);
  const cell = two.parts.book.get(execution);
  expect(cell?.received).not.toBe(null);
  world.kill(one);
  expect(await world.until(() => two.phase(execution) === 'running', 20_000)).toBe(true);
  expect(two.parts.book.get(execution)).toBe(cell);
  expect(cell?.received).toBe(null);
});

test('to and fro: an execution comes back to where it has just been', async () => {
  const world = new ClusterWorld(6);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(300);
  let moved = 0;
  for (let count = 0; count < 20; count += 1) {
    const reply = await world.settle(world.move(one, execution, count % 2 === 0 ? two : one), 20_000);
    if (reply.kind === 'moved') moved += 1;
    await world.advance(50);
  }
  expect(moved).toBe(20);
  expect(faultsOf(world.actsOf(execution))).toEqual([]);
});
