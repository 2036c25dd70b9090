import { expect, test } from 'vitest';
import type { ExecutionId } from '../../src/core/ids.ts';
import type { SimulatedHost } from '../../src/simulator/cluster/host.ts';
import { ClusterWorld, laneOf } from './cluster-world.ts';

// Promise 2 of docs/semantics.md: an execution that is set back may come to something else than before, and that is its result.

/** Puts of results wait at the store's door, in order. */
interface Door {
  /** The next one comes through. */
  open(): void;
  /** The next one is turned away. */
  refuse(): void;
  /** How many came here. */
  readonly count: number;
}

function holdResults({ session }: SimulatedHost): Door {
  const { vault } = session;
  const put = vault.put.bind(vault);
  const waiting: ((isOpen: boolean) => void)[] = [];
  let count = 0;
  vault.put = async (key, bytes) => {
    if (!key.startsWith('result/')) return put(key, bytes);
    count += 1;
    const isOpen = await new Promise<boolean>((resolve) => waiting.push(resolve));
    if (!isOpen) throw new Error('the store is away');
    return put(key, bytes);
  };
  const next = (isOpen: boolean): void => {
    const first = waiting.shift();
    if (first === undefined) throw new Error('no result waits to be stored');
    first(isOpen);
  };
  return {
    open: () => next(true),
    refuse: () => next(false),
    get count() {
      return count;
    },
  };
}

/** What the register says that it came to. */
function resultOf({ store }: ClusterWorld, execution: ExecutionId): string | undefined {
  const standing = store.registers.rows.get(execution)?.row.standing;
  const bytes = standing?.phase === 'settled' ? store.values.get(standing.result.vaultKey) : undefined;
  return bytes === undefined ? standing?.phase : new TextDecoder().decode(bytes);
}

/** An execution that came to 'early', was set back, and came to 'late': both wait to be stored by the same host. */
async function endedTwice() {
  const world = new ClusterWorld(1);
  const one = await world.start('h1');
  const two = await world.start('h2');
  // Its source keeps its copy, and goes back to its arguments without it.
  world.store.fateOf = (call) => (call.startsWith('put snapshot/') ? 'notDone' : 'done');
  const execution = await world.run(one);
  const door = holdResults(one);
  await world.advance(500);
  world.voices.end(one, execution, 'early');
  expect(await world.settle(world.move(one, execution, two), 5_000)).toMatchObject({ kind: 'moved' });
  await world.advance(6_000);
  expect([one.phase(execution), two.phase(execution)]).toEqual(['retained', 'running']);
  laneOf(two).die();
  const isSetBack = (): boolean =>
    two.phase(execution) === 'running' && laneOf(two).residents.get(execution)?.tenure.generation === 2;
  expect(await world.until(isSetBack, 5_000)).toBe(true);
  expect(await world.settle(world.move(two, execution, one), 5_000)).toMatchObject({ kind: 'moved' });
  world.voices.end(one, execution, 'late');
  await world.idle();
  return { world, execution, door };
}

test('what it came to before it was set back is not its result, however late that is stored', async () => {
  const { world, execution, door } = await endedTwice();
  door.open();
  await world.advance(300);
  expect(resultOf(world, execution)).toBe('live');
  door.open();
  await world.advance(300);
  expect(resultOf(world, execution)).toBe('late');
});

test('what it came to before it was set back may fail to be stored: its result is stored once all the same', async () => {
  const { world, execution, door } = await endedTwice();
  door.refuse();
  await world.advance(300);
  door.open();
  await world.advance(300);
  expect(resultOf(world, execution)).toBe('late');
  expect(door.count).toBe(2);
});

test('a result comes into the register as soon as the store takes it, without anybody’s help', async () => {
  const world = new ClusterWorld(2);
  const host = await world.start('h1');
  const execution = await world.run(host, { until: 20 });
  world.store.fateOf = (call) => (call.startsWith('cas execution/') ? 'notDone' : 'done');
  await world.advance(2_000);
  expect([host.phase(execution), resultOf(world, execution)]).toEqual(['settling', 'live']);
  world.store.fateOf = () => 'done';
  await world.advance(2_000);
  expect(resultOf(world, execution)).toBe('20');
});
