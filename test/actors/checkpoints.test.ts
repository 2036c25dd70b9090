import { expect, test } from 'vitest';
import { ClusterWorld, laneOf, noFaults } from './cluster-world.ts';
import { epoch, generation, snapshotDigest, type ExecutionId } from '../../src/core/ids.ts';

const snapshots = (world: ClusterWorld, execution: ExecutionId): readonly string[] =>
  [...world.store.values.keys()].filter((key) => key.startsWith(`snapshot/${execution}/`));

const named = (world: ClusterWorld, execution: ExecutionId): string | undefined =>
  world.store.registers.rows.get(execution)?.row.recovery.vaultKey;

test('what changed is checkpointed each second, what did not is not', async () => {
  const world = new ClusterWorld(1);
  const host = await world.start('h1');
  const busy = await world.run(host);
  const sleeping = await world.run(host, { busy: false });
  await world.advance(3_000);
  world.calls.length = 0;
  await world.advance(10_000);
  const puts = (execution: ExecutionId): number =>
    world.calls.filter((line) => line.startsWith(`put snapshot/${execution}/`)).length;
  expect(puts(sleeping)).toBe(0);
  expect(puts(busy)).toBeGreaterThanOrEqual(8);
  expect(puts(busy)).toBeLessThanOrEqual(11);
});

test.for([0, 1_000_000])(
  'a replaced snapshot is deleted, and never the one that the register names (along with it up to %i bytes)',
  async (alongMaxBytes) => {
    const world = new ClusterWorld(2, { alongMaxBytes });
    world.storeFaults = { lost: 0.1, ambiguous: 0.1, delayMaxMs: 20 };
    const host = await world.start('h1');
    const execution = await world.run(host);
    for (let round = 0; round < 300; round += 1) {
      await world.advance(100);
      if (round === 150) host.crashRole('checkpoints');
      if (round % 70 === 69) host.crashRole('ownership');
      expect([...world.store.values.keys()]).toContain(named(world, execution));
    }
    world.storeFaults = noFaults;
    await world.advance(5_000);
    expect(named(world, execution)).toMatch(/^snapshot\//);
    // What failed on the way goes when the execution ends; what went well is gone.
    expect(snapshots(world, execution).length).toBeLessThan(12);
  },
);

test('what goes along with a row that is fenced is not written, and what is recovered from always stands', async () => {
  const world = new ClusterWorld(6, { alongMaxBytes: 1_000_000 });
  world.storeFaults = { lost: 0.1, ambiguous: 0.1, delayMaxMs: 50 };
  let owner = await world.start('h1');
  const execution = await world.run(owner);
  for (let round = 0; round < 6; round += 1) {
    await world.advance(6_000);
    const next = await world.start(`n${round}`);
    world.kill(owner);
    await world.until(() => next.phase(execution) === 'running', 60_000);
    owner = next;
    expect([...world.store.values.keys()]).toContain(named(world, execution));
  }
  await world.advance(1_000);
  expect(world.actsOf(execution).at(-1)?.tenure.generation).toBe(7);
  // Each was one call: nothing was put by itself.
  expect(world.calls.filter((line) => line.startsWith('put snapshot/'))).toEqual([]);
});

test('a capture never takes the place of a later one, though the actor was away when another was taken up', async () => {
  const world = new ClusterWorld(11);
  const host = await world.start('h1', { settings: { checkpoints: { everyMs: 100 } } });
  const execution = await world.run(host);
  await world.advance(1_000);
  const { tables, vault } = host.parts;
  const held: { readonly swaps: (() => void)[]; readonly puts: (() => void)[] } = { swaps: [], puts: [] };
  const holds =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>, by: (() => void)[]) =>
    (...args: Args): Promise<Answer> =>
      new Promise((resolve, reject) => by.push(() => void call(...args).then(resolve, reject)));
  const swap = tables.registers.cas.bind(tables.registers);
  const put = vault.put.bind(vault);
  tables.registers.cas = holds(swap, held.swaps);
  await world.until(() => held.swaps.length === 1, 2_000);
  vault.put = holds(put, held.puts);
  host.crashRole('checkpoints');
  await world.until(() => held.puts.length === 1, 2_000);
  tables.registers.cas = swap;
  held.swaps[0]?.();
  await world.advance(1_500);
  const covered: number[] = [];
  for (const goOn of held.puts.toReversed()) {
    goOn();
    await world.advance(50);
    const point = world.store.registers.rows.get(execution)?.row.recovery;
    covered.push(point?.kind === 'snapshot' ? point.effectSequence : 0);
  }
  expect(covered).toEqual(covered.toSorted((one, other) => one - other));
});

test('the bandwidth is bounded over all executions', async () => {
  const world = new ClusterWorld(3);
  const settings = { checkpoints: { bytesPerSecondMax: 100_000 } };
  const host = await world.start('h1', { settings });
  for (let count = 0; count < 10; count += 1) await world.run(host, { bytes: 50_000 });
  await world.advance(3_000);
  world.calls.length = 0;
  await world.advance(20_000);
  const puts = world.calls.filter((line) => line.startsWith('put snapshot/')).length;
  expect(puts * 50_000).toBeLessThanOrEqual(20 * 100_000 + 10 * 50_000);
  expect(puts).toBeGreaterThanOrEqual(30);
});

test('a move that is called off while a snapshot is being stored does not end the checkpoints', async () => {
  const world = new ClusterWorld(4);
  const one = await world.start('h1');
  const two = await world.start('h2');
  const execution = await world.run(one);
  await world.advance(2_050);
  world.storeFaults = { lost: 0, ambiguous: 0, delayMaxMs: 400 };
  world.calls.length = 0;
  const isPut = (line: string): boolean => line.startsWith('put snapshot/');
  expect(await world.until(() => world.calls.some(isPut), 5_000)).toBe(true);
  // Frozen for a transfer that is never answered: ownership takes no checkpoint up meanwhile.
  world.network.loses = (from) => from === two && one.phase(execution) === 'frozen';
  expect(await world.settle(world.move(one, execution, two), 10_000)).toMatchObject({ kind: 'refused' });
  world.network.loses = () => false;
  world.storeFaults = noFaults;
  await world.advance(5_000);
  const before = named(world, execution);
  await world.advance(3_000);
  expect(named(world, execution)).not.toBe(before);
});

/** One that sleeps, on a host that takes no checkpoints by itself, and what happens from now on. */
async function asleep(seed: number) {
  const world = new ClusterWorld(seed, { alongMaxBytes: 1_000_000 });
  const host = await world.start('h1', { settings: { checkpoints: { everyMs: 3_600_000 } } });
  const execution = await world.run(host, { busy: false });
  const done = async (): Promise<{
    readonly writes: readonly string[];
    readonly lane: readonly string[];
  }> => {
    world.calls.length = 0;
    laneOf(host).commands.length = 0;
    await world.advance(90);
    const writes = world.calls.filter((line) => line.includes(execution));
    const ofLane = laneOf(host).commands.filter((command) => 'execution' in command);
    return { writes, lane: ofLane.map(({ kind }) => kind) };
  };
  await done();
  return { world, host, execution, done };
}

test('a step of a durable execution is one write, and nothing is asked of its lane', async () => {
  const { world, host, execution, done } = await asleep(7);
  for (let step = 0; step < 3; step += 1) {
    world.voices.want(host, execution, true);
    const before = named(world, execution);
    const { writes, lane } = await done();
    // What the first one replaces are the arguments, which stand by themselves.
    const replaced = step === 0 ? [`delete arguments/${execution}`] : [];
    expect(writes).toEqual([`cas execution/${execution}`, ...replaced]);
    expect(lane).toEqual(['covered']);
    expect(named(world, execution)).not.toBe(before);
  }
});

test('what is wanted without a capture is asked for', async () => {
  const { world, host, execution, done } = await asleep(8);
  world.voices.want(host, execution, false);
  expect((await done()).lane).toEqual(['checkpoint', 'covered']);
});

test('a capture that comes while another is being stored is dropped, and a later one taken instead', async () => {
  const { world, host, execution, done } = await asleep(9);
  world.voices.want(host, execution, true);
  world.voices.want(host, execution, true);
  const { writes, lane } = await done();
  expect(lane).toEqual(['covered', 'checkpoint', 'covered']);
  expect(writes.filter((line) => line.startsWith('cas'))).toHaveLength(2);
});

test('a capture of another stay is not stored', async () => {
  const { host, execution, done } = await asleep(10);
  const tenure = { execution, epoch: epoch(2), generation: generation(1) };
  const digest = snapshotDigest('0'.repeat(64));
  const capture = { tenure, bytes: Uint8Array.of(1), digest, effectSequence: 0, effectsPending: 0, atMs: 0 };
  host.tellRole('checkpoints', { kind: 'wanted', execution, capture });
  expect((await done()).lane).toEqual(['checkpoint', 'covered']);
});
