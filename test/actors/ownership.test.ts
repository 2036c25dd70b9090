import { describe, expect, test } from 'vitest';
import { address } from '../../src/actors/addresses.ts';
import type { ExecutionReply, HostReply } from '../../src/protocols/messages.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import { argsOf } from '../../src/simulator/cluster/script.ts';
import { faultsOf } from './act-faults.ts';
import { ClusterWorld, laneOf, noFaults, scriptOf } from './cluster-world.ts';

describe('starting', () => {
  test('what is asked of the lane and of the store', async () => {
    const world = new ClusterWorld(1);
    const host = await world.start('h1');
    world.calls.length = 0;
    const execution = await world.run(host);
    await world.until(() => host.phase(execution) === 'running', 1_000);
    await world.advance(0.2);
    const kinds = laneOf(host)
      .commands.map(({ kind }) => kind)
      .filter((kind) => kind !== 'clock');
    expect(kinds.slice(0, 3)).toEqual(['install', 'start', 'run']);
    expect(world.calls.filter((line) => line.includes('x-1'))).toEqual([
      'put arguments/x-1',
      'get execution/x-1',
      'cas execution/x-1',
      'get execution/x-1',
      'fetch arguments/x-1',
    ]);
  });

  test('a claim whose answer is lost is settled by reading; starting again changes nothing', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const world = new ClusterWorld(seed);
      const host = await world.start('h1');
      world.storeFaults = { lost: 0.25, ambiguous: 0.25, delayMaxMs: 3 };
      const order = {
        kind: 'startExecution',
        execution: 'x-twice',
        method: { package: 'p', method: 'count.ts#count' },
        args: argsOf(scriptOf({ until: 500, bytes: 10 })),
        affinity: anywhere,
        durable: false,
      } as const;
      const ask = (): Promise<HostReply> =>
        host.exchange.ask<HostReply>(address.host(host.identity.name), order, 20_000);
      const replies = await world.settle(Promise.all([ask(), ask()]), 30_000);
      // Both put the arguments into the store: whoever could not is told, and may ask again.
      const again = replies.every(({ kind }) => kind === 'refused')
        ? [await world.settle(ask(), 30_000)]
        : [];
      const started = [...replies, ...again].filter(({ kind }) => kind === 'started');
      await world.advance(2_000);
      if (started.length === 0) continue;
      expect(world.eventsOf('executionStarted', [host]).length).toBeLessThanOrEqual(1);
      expect(faultsOf(world.acts), `seed ${seed}`).toEqual([]);
      expect(world.acts.length).toBeGreaterThan(0);
    }
  });
});

describe('the lease', () => {
  test('nothing is claimed while it is not surely valid, and the claim is made when it is', async () => {
    const world = new ClusterWorld(9);
    const host = await world.start('h1');
    await world.advance(300);
    host.parts.leaseCell.validUntilMs = host.machine.monotonicMs();
    world.calls.length = 0;
    const begun = world.run(host);
    await world.advance(200);
    expect(world.calls).toContain('put arguments/x-1');
    expect(world.calls).not.toContain('cas execution/x-1');
    await world.settle(begun, 3_000);
    expect(world.calls).toContain('cas execution/x-1');
  });
});

describe('lanes', () => {
  test('a dead lane: its host recovers from the checkpoint, at a new generation', async () => {
    const world = new ClusterWorld(2);
    const host = await world.start('h1');
    const execution = await world.run(host);
    await world.advance(2_500);
    laneOf(host).die();
    await world.advance(3_000);
    expect(world.actsOf(execution).at(-1)?.tenure).toMatchObject({ epoch: 2, generation: 2 });
    expect(faultsOf(world.actsOf(execution))).toEqual([]);
    expect(world.eventsOf('recovered', [host])).toMatchObject([{ from: host.identity.incarnation }]);
  });

  test('a lane that dies while the ownership actor is away is noticed when it is back', async () => {
    const world = new ClusterWorld(3);
    const host = await world.start('h1');
    const execution = await world.run(host);
    await world.advance(2_500);
    host.crashRole('ownership');
    const ownership = address.role(host.identity.name, 'ownership');
    while (host.kernel.lookup(ownership) !== null) host.kernel.step();
    laneOf(host).die();
    await world.advance(3_000);
    expect(world.runners(execution)).toEqual(['h1']);
    expect(world.actsOf(execution).at(-1)?.atMs).toBeGreaterThan(world.clock.monotonicMs() - 50);
  });

  test('one with which each lane dies before it runs is quarantined as one with which they die later', async () => {
    const world = new ClusterWorld(12);
    const host = await world.start('h1');
    const execution = await world.run(host);
    await world.advance(2_500);
    const { board } = host.parts;
    const post = board.post.bind(board);
    board.post = (asked, command) => {
      if (command.kind !== 'restore') return post(asked, command);
      laneOf(host).die();
      return true;
    };
    laneOf(host).die();
    await world.advance(5_000);
    expect(world.store.registers.rows.get(execution)?.row).toMatchObject({
      deaths: 3,
      standing: { phase: 'quarantined' },
    });
    expect(host.lanes).toHaveLength(4);
  });

  test('a late order never replaces the copy that runs', async () => {
    const world = new ClusterWorld(4);
    const host = await world.start('h1');
    const execution = await world.run(host);
    await world.advance(2_500);
    laneOf(host).die();
    // Each restart of the actor orders the copy once more, while the store is slow to bring its bytes.
    world.storeFaults = { lost: 0, ambiguous: 0, delayMaxMs: 200 };
    for (let count = 0; count < 6; count += 1) {
      await world.advance(130);
      if (host.phase(execution) === 'restoring') host.crashRole('ownership');
    }
    await world.advance(8_000);
    expect(world.runners(execution)).toEqual(['h1']);
    expect(faultsOf(world.actsOf(execution))).toEqual([]);
  });
});

describe('ending', () => {
  test('a result is not lost when the actors that store it crash', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      const world = new ClusterWorld(seed);
      const host = await world.start('h1');
      const execution = await world.run(host, { until: 20 });
      world.storeFaults = { lost: 0.2, ambiguous: 0.2, delayMaxMs: 3 };
      for (let count = 0; count < 12; count += 1) {
        await world.advance(30);
        host.crashRole(count % 2 === 0 ? 'executions' : 'ownership');
      }
      world.storeFaults = noFaults;
      await world.advance(15_000);
      const standing = world.store.registers.rows.get(execution)?.row.standing;
      expect(standing, `seed ${seed}`).toMatchObject({ phase: 'settled' });
      expect(world.actsOf(execution)).toHaveLength(20);
    }
  });

  test('what has just ended is neither recovered nor moved, nor run again', async () => {
    const world = new ClusterWorld(5);
    const one = await world.start('h1');
    const two = await world.start('h2');
    const execution = await world.run(one, { until: 50 });
    await world.until(() => one.parts.board.settlement(execution) !== null, 5_000);
    const asked = world.move(one, execution, two).catch((error: unknown) => error);
    laneOf(one).die();
    await world.settle(asked, 25_000);
    await world.advance(5_000);
    expect(world.actsOf(execution)).toHaveLength(50);
    expect(world.eventsOf('recovered', [one])).toEqual([]);
    expect(world.store.registers.rows.get(execution)?.row).toMatchObject({
      generation: 1,
      standing: { phase: 'settled' },
    });
  });
});

describe('dead hosts', () => {
  test('are recovered by the survivors, each execution once, and the sweep does not multiply', async () => {
    const world = new ClusterWorld(6);
    const settings = { affinity: { enabled: false } };
    const one = await world.start('h1', { settings });
    const two = await world.start('h2', { settings });
    const three = await world.start('h3', { settings });
    const executions = [];
    for (let count = 0; count < 12; count += 1) executions.push(await world.run(one));
    await world.advance(2_500);
    world.kill(one);
    await world.advance(10_000);
    for (const execution of executions) {
      expect(world.runners(execution)).toHaveLength(1);
      expect(faultsOf(world.actsOf(execution))).toEqual([]);
      expect(world.actsOf(execution).at(-1)?.tenure.generation).toBe(2);
    }
    expect(world.eventsOf('recovered')).toHaveLength(12);
    // Spread over both.
    expect(Math.min(two.parts.board.executions, three.parts.board.executions)).toBeGreaterThanOrEqual(2);
    // Each copy is told once of the incarnation whose effects will not report: the dead host's.
    for (const host of [two, three]) {
      const lost = laneOf(host).commands.filter(({ kind }) => kind === 'effectsLost');
      expect(lost).toHaveLength(host.parts.board.executions);
    }
    // One look each half second, also after somebody's end was told.
    let looks = 0;
    const { directory } = two.parts;
    const registers = directory.registers.bind(directory);
    directory.registers = () => {
      looks += 1;
      return registers();
    };
    two.tellRole('ownership', { kind: 'peerEnded', incarnation: one.identity.incarnation });
    await world.advance(5_000);
    expect(looks).toBeLessThanOrEqual(11);
    expect(looks).toBeGreaterThanOrEqual(10);
  });

  test('an execution answers where it is, whoever asks, through a recovery', async () => {
    const world = new ClusterWorld(7);
    const one = await world.start('h1');
    const two = await world.start('h2');
    const execution = await world.run(one);
    await world.advance(1_500);
    world.kill(one);
    const asked = two.exchange.ask<ExecutionReply>(address.execution(execution), { kind: 'describe' }, 2_000);
    await expect(world.settle(asked, 3_000)).rejects.toThrow();
    await world.advance(10_000);
    const again = two.exchange.ask<ExecutionReply>(address.execution(execution), { kind: 'describe' }, 2_000);
    expect(await world.settle(again, 3_000)).toMatchObject({
      kind: 'summary',
      summary: { host: 'h2', generation: 2 },
    });
  });
});

describe('an execution’s own actor', () => {
  test('is there again after all of them were lost', async () => {
    const world = new ClusterWorld(8);
    const host = await world.start('h1');
    const execution = await world.run(host);
    for (let count = 0; count < 8; count += 1) {
      host.crash(address.execution(execution));
      await world.advance(60);
    }
    await world.advance(15_000);
    const asked = host.exchange.ask<ExecutionReply>(
      address.execution(execution),
      { kind: 'describe' },
      2_000,
    );
    expect(await world.settle(asked, 3_000)).toMatchObject({ kind: 'summary' });
    expect(faultsOf(world.actsOf(execution))).toEqual([]);
  });
});
