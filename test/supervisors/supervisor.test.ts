import { describe, expect, test } from 'vitest';
import { crashed, normal, shutdown } from '../../src/actors/kernel/exit-reason.ts';
import type { Behaviour } from '../../src/actors/kernel/contract.ts';
import { actorAddress } from '../../src/core/ids.ts';
import { supervisor } from '../../src/supervisors/supervisor.ts';
import { subtree } from '../../src/supervisors/tree.ts';
import type { Job } from './supervisor-world.ts';
import { endOf, fail, SupervisorWorld } from './supervisor-world.ts';

/** Stops only when it is told to a second time, by a job. */
const lingering: Partial<Behaviour<null, Job>> = {
  stopping: (state, _reason, context) => {
    context.linger();
    return state;
  },
};
const exitNow: Job = (context) => context.exit(shutdown);
const many = { restartsMax: 100, periodMs: 5_000 };

describe('starting', () => {
  test('goes in order, each child waiting until the one before is ready', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({}, [
      world.worker('a', {}, { starts: 'whenReady' }),
      world.worker('b'),
      world.worker('c', {}, { starts: 'whenReady' }),
    ]);
    await world.settle();
    expect([world.takeLog(), top.status]).toEqual([['+a'], 'starting']);
    world.ref('a').tell((context) => context.ready());
    await world.settle();
    expect([world.takeLog(), top.status]).toEqual([['+b', '+c'], 'starting']);
    world.ref('c').tell((context) => context.ready());
    await world.settle();
    expect(top.status).toBe('running');
  });

  test.each([
    ['throws in init', (): null => fail({} as never) as unknown as null],
    ['exits in init', null],
  ])('stops the earlier ones, last to first, when a child %s', async (_how, init) => {
    const world = new SupervisorWorld(1);
    const exiting = (context: Parameters<Job>[0]): null => {
      context.exit(crashed(new Error('on purpose')));
      return null;
    };
    const top = world.start({}, [
      world.worker('a'),
      world.worker('b'),
      world.worker('bad', {}, { init: init ?? exiting }),
      world.worker('never'),
    ]);
    await world.settle();
    expect(world.takeLog().filter((line) => line !== '+bad')).toEqual(['+a', '+b', '-b', '-a']);
    expect(endOf(top)).toBe('shutdown: child bad failed to start: crashed: on purpose');
  });

  test('gives up on a child that is not ready in time', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({}, [
      world.worker('a'),
      world.worker('slow', { startTimeoutMs: 200 }, { starts: 'whenReady' }),
    ]);
    await world.advance(199);
    expect(top.status).toBe('starting');
    await world.advance(1);
    expect(endOf(top)).toBe('shutdown: child slow failed to start: killed');
    expect(world.takeLog()).toEqual(['+a', '+slow', '-a']);
  });

  test('takes ignore for an answer: the spec stays, without an actor', async () => {
    const world = new SupervisorWorld(1);
    const ignored = { ...world.worker('ignored'), start: () => ({ kind: 'ignore' as const }) };
    const top = world.start({}, [ignored, world.worker('a')]);
    await world.settle();
    expect(await world.children(top)).toBe('ignored stopped, a running');
  });

  test('two children of one id are a bug', () => {
    const world = new SupervisorWorld(1);
    expect(() => supervisor(world.options(), [world.worker('a'), world.worker('a')])).toThrow(
      'different ids',
    );
  });
});

describe('stopping', () => {
  test('goes last to first, each child waited for; a killed one is reported', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({}, [
      world.worker('a'),
      world.worker('b', { shutdown: { kind: 'grace', graceMs: 300 } }, lingering),
      world.worker('c', { shutdown: { kind: 'grace', graceMs: 500 } }, lingering),
      world.worker('d', { shutdown: { kind: 'brutal' } }),
    ]);
    await world.settle();
    world.takeLog();
    const stopped = world.kernel.stop(top, Infinity);
    await world.settle();
    expect(world.takeLog()).toEqual(['-c']);
    await world.advance(100);
    world.ref('c').tell(exitNow);
    await world.settle();
    expect(world.takeLog()).toEqual(['-b']);
    await world.advance(299);
    expect(world.takeLog()).toEqual([]);
    await world.advance(1);
    expect(world.takeLog()).toEqual(['-a']);
    expect(await stopped).toEqual(shutdown);
    expect(world.events.filter((event) => event.kind === 'childKilled')).toEqual([
      { kind: 'childKilled', supervisor: '/top', id: 'b', graceMs: 300 },
    ]);
    expect(world.events.filter((event) => event.kind === 'childStopped').map((event) => event.id)).toEqual([
      'd',
      'c',
      'b',
      'a',
    ]);
  });

  test('a tree ends from its last leaf to its first', async () => {
    const world = new SupervisorWorld(1);
    const one = subtree('one', world.options(), [world.worker('a'), world.worker('b', {}, lingering)]);
    const other = subtree('other', world.options({ strategy: 'one_for_all' }), [
      world.worker('c'),
      world.worker('d'),
    ]);
    const top = world.start({}, [one, world.worker('x'), other]);
    await world.settle();
    expect(world.takeLog()).toEqual(['+a', '+b', '+x', '+c', '+d']);
    const stopped = world.kernel.stop(top, Infinity);
    await world.settle();
    expect(world.takeLog()).toEqual(['-d', '-c', '-x', '-b']);
    world.ref('b').tell(exitNow);
    await world.settle();
    expect(world.takeLog()).toEqual(['-a']);
    expect(await stopped).toEqual(shutdown);
  });

  test('works while children start, while one is restarted, and while a restart waits', async () => {
    for (const moment of ['starting', 'stoppingSibling', 'backingOff'] as const) {
      const world = new SupervisorWorld(1);
      const backoff = { initialMs: 100, factor: 1, maxMs: 100, jitter: 0 };
      const starts = moment === 'starting' ? 'whenReady' : 'atOnce';
      const top = world.start({ strategy: 'one_for_all', budget: many, backoff }, [
        world.worker('a', {}, moment === 'stoppingSibling' ? lingering : {}),
        world.worker('b', {}, { starts }),
      ]);
      await world.settle();
      if (moment !== 'starting') world.ref('b').tell(fail);
      await world.settle();
      if (moment === 'backingOff') {
        world.ref('b').tell(fail);
        await world.settle();
        expect(await world.children(top)).toBe('a stopped, b restarting');
      }
      const stopped = world.kernel.stop(top, Infinity);
      await world.settle();
      if (moment === 'stoppingSibling') world.ref('a').tell(exitNow);
      await world.advance(10_000);
      expect(await stopped).toEqual(shutdown);
      const last = world.log.filter((line) => line.endsWith('a')).at(-1);
      expect(last).toBe('-a');
    }
  });

  test('a killed supervisor takes its children along', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({}, [world.worker('a'), world.worker('b')]);
    await world.settle();
    world.kernel.kill(top);
    await world.settle();
    expect(world.takeLog()).toEqual(['+a', '+b', '-b', '-a']);
  });
});

describe('restarting', () => {
  test('is limited within any period, not for ever', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({ budget: { restartsMax: 2, periodMs: 1_000 } }, [world.worker('a')]);
    for (const waitMs of [0, 600, 600, 600, 600]) {
      await world.advance(waitMs);
      world.ref('a').tell(fail);
      await world.settle();
      expect(top.status).toBe('running');
    }
    await world.advance(100);
    world.ref('a').tell(fail);
    await world.settle();
    expect(endOf(top)).toBe('shutdown: restart budget spent by child a');
    expect(world.events.at(-1)).toEqual({ kind: 'budgetSpent', supervisor: '/top', id: 'a', restarts: 3 });
  });

  test('a failing attempt costs budget like any other, and is tried again', async () => {
    const world = new SupervisorWorld(1);
    let failures = 0;
    const flaky = world.worker(
      'flaky',
      {},
      {
        init: () => {
          if (failures > 0) {
            failures -= 1;
            throw new Error('not yet');
          }
          return null;
        },
      },
    );
    const top = world.start({ strategy: 'rest_for_one', budget: { restartsMax: 3, periodMs: 5_000 } }, [
      world.worker('a'),
      flaky,
      world.worker('c'),
    ]);
    await world.settle();
    world.takeLog();
    failures = 2;
    world.ref('flaky').tell(fail);
    await world.settle();
    expect(world.takeLog()).toEqual(['-c', '+flaky', '+c']);
    expect(await world.children(top)).toBe('a running, flaky running, c running');
    await world.advance(10_000);
    failures = 3;
    world.ref('flaky').tell(fail);
    await world.settle();
    expect(endOf(top)).toBe('shutdown: restart budget spent by child flaky');
    expect(world.takeLog()).toEqual(['-c', '-a']);
  });

  test('a sibling that fails to start in one_for_all becomes the one that is tried again', async () => {
    const world = new SupervisorWorld(1);
    let failing = false;
    const init = (): null => {
      if (!failing) return null;
      failing = false;
      throw new Error('not yet');
    };
    const top = world.start({ strategy: 'one_for_all', budget: many }, [
      world.worker('a'),
      world.worker('b', {}, { init }),
      world.worker('c'),
    ]);
    await world.settle();
    world.takeLog();
    failing = true;
    world.ref('c').tell(fail);
    await world.settle();
    expect(world.takeLog()).toEqual(['-b', '-a', '+a', '-a', '+a', '+b', '+c']);
    expect(await world.children(top)).toBe('a running, b running, c running');
  });

  test('one_for_all forgets temporary siblings and starts transient ones that were done, as Erlang does', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({ strategy: 'one_for_all' }, [
      world.worker('temporary', { restart: 'temporary' }),
      world.worker('done', { restart: 'transient' }),
      world.worker('a'),
    ]);
    await world.settle();
    world.ref('done').tell((context) => context.exit(normal));
    await world.settle();
    expect(await world.children(top)).toBe('temporary running, done stopped, a running');
    world.takeLog();
    world.ref('a').tell(fail);
    await world.settle();
    expect(world.takeLog()).toEqual(['-temporary', '+done', '+a']);
    expect(await world.children(top)).toBe('done running, a running');
  });

  test('two failures at once are dealt with one after the other', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({ strategy: 'one_for_all', budget: many }, [
      world.worker('a'),
      world.worker('b'),
      world.worker('c'),
    ]);
    await world.settle();
    for (const id of ['a', 'b', 'c']) world.ref(id).tell(fail);
    await world.settle();
    expect(await world.children(top)).toBe('a running, b running, c running');
    // The other two ended while the first failure was being dealt with: one restart for all three.
    expect(world.events.filter((event) => event.kind === 'restarting').length).toBe(1);
    expect([...world.starts.values()]).toEqual([2, 2, 2]);
  });

  test('a sibling that fails while another one is waited for is restarted once, with the rest', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({ strategy: 'one_for_all', budget: many }, [
      world.worker('a'),
      world.worker('b'),
      world.worker('c', {}, lingering),
    ]);
    await world.settle();
    world.ref('a').tell(fail);
    await world.settle();
    world.ref('b').tell(fail);
    await world.settle();
    expect(await world.children(top)).toBe('a restarting, b running, c stopping');
    world.ref('c').tell(exitNow);
    await world.settle();
    expect(await world.children(top)).toBe('a running, b running, c running');
    expect([...world.starts.values()]).toEqual([2, 2, 2]);
  });

  test('backs off: at once, then longer and longer, up to a bound; stopped siblings wait too', async () => {
    const world = new SupervisorWorld(1);
    const backoff = { initialMs: 100, factor: 2, maxMs: 300, jitter: 0 };
    const top = world.start(
      { strategy: 'rest_for_one', budget: { restartsMax: 9, periodMs: 60_000 }, backoff },
      [world.worker('a'), world.worker('b'), world.worker('c')],
    );
    await world.settle();
    const waits: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const startMs = world.clock.monotonicMs();
      const starts = world.starts.get('c') ?? 0;
      world.ref('b').tell(fail);
      await world.settle();
      if (count > 0) expect(await world.children(top)).toBe('a running, b restarting, c stopped');
      while (world.starts.get('c') === starts) await world.advance(1);
      waits.push(world.clock.monotonicMs() - startMs);
    }
    expect(waits).toEqual([0, 100, 200, 300, 300]);
  });

  test('an earlier child that fails during the backoff restarts the waiting one with it, once', async () => {
    const world = new SupervisorWorld(1);
    const backoff = { initialMs: 100, factor: 1, maxMs: 100, jitter: 0 };
    const top = world.start({ strategy: 'rest_for_one', budget: many, backoff }, [
      world.worker('a'),
      world.worker('b'),
    ]);
    await world.settle();
    world.ref('b').tell(fail);
    await world.settle();
    world.ref('b').tell(fail);
    await world.advance(50);
    world.ref('a').tell(fail);
    await world.advance(99);
    expect(await world.children(top)).toBe('a restarting, b stopped');
    await world.advance(1_000);
    expect(await world.children(top)).toBe('a running, b running');
    expect([world.starts.get('a'), world.starts.get('b')]).toEqual([2, 3]);
  });

  test('gives the new actor the same address', async () => {
    const world = new SupervisorWorld(1);
    const address = actorAddress('host/h1/ownership');
    world.start({}, [world.worker('ownership', { address })]);
    await world.settle();
    const before = world.kernel.lookup(address);
    world.ref(address).tell(fail);
    await world.settle();
    const after = world.kernel.lookup(address);
    expect(after?.status).toBe('running');
    expect(after).not.toBe(before);
  });

  test('a supervisor that gives up is restarted by its own, with a fresh budget and its original children', async () => {
    const world = new SupervisorWorld(1);
    const inner = subtree('inner', world.options({ budget: { restartsMax: 1, periodMs: 5_000 } }), [
      world.worker('a'),
      world.worker('b'),
    ]);
    const top = world.start({ budget: { restartsMax: 1, periodMs: 5_000 } }, [inner, world.worker('x')]);
    await world.settle();
    for (let count = 0; count < 2; count += 1) {
      world.ref('a').tell(fail);
      await world.settle();
    }
    expect(await world.children(top)).toBe('inner running, x running');
    expect([world.starts.get('a'), world.starts.get('b'), world.starts.get('x')]).toEqual([3, 2, 1]);
    for (let count = 0; count < 2; count += 1) {
      world.ref('a').tell(fail);
      await world.settle();
    }
    expect(endOf(top)).toBe('shutdown: restart budget spent by child inner');
  });
});

describe('requests', () => {
  test('add, stop, start again and forget children', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({}, [world.worker('a'), subtree('tree', world.options(), [])]);
    await world.settle();
    const ask = async (message: Parameters<typeof world.ask>[1]): Promise<string> => {
      const reply = await world.ask(top, message);
      return reply.kind === 'refused' ? `refused: ${reply.reason}` : reply.kind;
    };
    const b = world.worker('b');
    const bad = world.worker('bad', {}, { init: () => fail({} as never) as unknown as null });
    const temporary = world.worker('temporary', { restart: 'temporary' });
    expect(await ask({ kind: 'startChild', spec: b })).toBe('childStarted');
    expect(await ask({ kind: 'startChild', spec: b })).toBe('refused: alreadyStarted');
    expect(await ask({ kind: 'startChild', spec: bad })).toBe('refused: startFailed');
    expect(await ask({ kind: 'startChild', spec: temporary })).toBe('childStarted');
    expect(await world.children(top)).toBe('a running, tree running, b running, temporary running');
    expect(await world.ask(top, { kind: 'countChildren' })).toEqual({
      kind: 'counts',
      specs: 4,
      active: 4,
      supervisors: 1,
      workers: 3,
    });
    expect(await ask({ kind: 'restartChild', id: 'b' })).toBe('refused: running');
    expect(await ask({ kind: 'deleteChild', id: 'b' })).toBe('refused: running');
    expect(await ask({ kind: 'terminateChild', id: 'b' })).toBe('done');
    expect(await ask({ kind: 'terminateChild', id: 'temporary' })).toBe('done');
    expect(await world.children(top)).toBe('a running, tree running, b stopped');
    expect(await ask({ kind: 'startChild', spec: b })).toBe('refused: alreadyPresent');
    expect(await ask({ kind: 'restartChild', id: 'b' })).toBe('childStarted');
    expect(await ask({ kind: 'terminateChild', id: 'b' })).toBe('done');
    expect(await ask({ kind: 'deleteChild', id: 'b' })).toBe('done');
    for (const kind of ['terminateChild', 'restartChild', 'deleteChild'] as const) {
      expect(await ask({ kind, id: 'b' })).toBe('refused: notFound');
    }
    expect(await world.children(top)).toBe('a running, tree running');
  });

  test('wait for the work at hand, except questions; a supervisor that stops refuses them', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({}, [world.worker('a', {}, lingering)]);
    await world.settle();
    const replies: string[] = [];
    const ask = (message: Parameters<typeof world.ask>[1]): void => {
      void world.kernel.ask(top, message, 60_000).then((reply) => {
        replies.push(reply.kind === 'refused' ? reply.reason : reply.kind);
      });
    };
    ask({ kind: 'terminateChild', id: 'a' });
    await world.settle();
    ask({ kind: 'startChild', spec: world.worker('b') });
    await world.settle();
    expect(await world.children(top)).toBe('a stopping');
    expect(replies).toEqual([]);
    void world.kernel.stop(top, Infinity);
    await world.settle();
    expect(replies).toEqual(['stopping']);
    ask({ kind: 'deleteChild', id: 'a' });
    await world.settle();
    expect(replies).toEqual(['stopping', 'stopping']);
  });

  test('terminateChild calls off the next attempt after a failed one', async () => {
    const world = new SupervisorWorld(1);
    let failing = false;
    const init = (): null => {
      if (!failing) return null;
      top.tell({ kind: 'terminateChild', id: 'a' });
      throw new Error('not yet');
    };
    const top = world.start({ budget: many }, [world.worker('a', {}, { init })]);
    await world.settle();
    failing = true;
    world.ref('a').tell(fail);
    await world.settle();
    expect(await world.children(top)).toBe('a stopped');
    expect(world.starts.get('a')).toBe(2);
  });

  test('that would wait behind a thousand others are refused', async () => {
    const world = new SupervisorWorld(1);
    const top = world.start({}, [world.worker('a', {}, { starts: 'whenReady' })]);
    for (let count = 0; count < 1_000; count += 1) {
      top.tell({ kind: 'startChild', spec: world.worker(`b${count}`) });
    }
    const refused = await world.ask(top, { kind: 'startChild', spec: world.worker('c') });
    expect(refused).toMatchObject({ kind: 'refused', reason: 'busy' });
    world.ref('a').tell((context) => context.ready());
    await world.settle();
    expect(await world.ask(top, { kind: 'countChildren' })).toMatchObject({ active: 1_001 });
  });

  test('terminateChild calls off a restart that is due', async () => {
    const world = new SupervisorWorld(1);
    const backoff = { initialMs: 100, factor: 1, maxMs: 100, jitter: 0 };
    const top = world.start({ budget: many, backoff }, [world.worker('a')]);
    await world.settle();
    world.ref('a').tell(fail);
    await world.settle();
    world.ref('a').tell(fail);
    await world.settle();
    const reply = await world.ask(top, { kind: 'deleteChild', id: 'a' });
    expect(reply).toMatchObject({ kind: 'refused', reason: 'restarting' });
    expect(await world.ask(top, { kind: 'terminateChild', id: 'a' })).toEqual({ kind: 'done' });
    await world.advance(1_000);
    expect(await world.children(top)).toBe('a stopped');
    expect(world.starts.get('a')).toBe(2);
  });
});
