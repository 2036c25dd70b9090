import { describe, expect, test } from 'vitest';
import { normal, shutdown } from '../../src/actors/kernel/exit-reason.ts';
import { endOf, fail, SupervisorWorld } from './supervisor-world.ts';
import type { SupervisorRef } from './supervisor-world.ts';

const many = { restartsMax: 100, periodMs: 5_000 };

function open(overrides: Parameters<SupervisorWorld['start']>[0] = {}): [SupervisorWorld, SupervisorRef] {
  const world = new SupervisorWorld(1);
  return [world, world.start({ strategy: 'dynamic', budget: many, ...overrides }, [])];
}

describe('a dynamic supervisor', () => {
  test('carries a thousand children, and forgets those that are done', async () => {
    const [world, top] = open();
    for (let count = 0; count < 1_000; count += 1) {
      top.tell({ kind: 'startChild', spec: world.worker(`w${count}`, { restart: 'transient' }) });
    }
    await world.settle();
    for (let count = 0; count < 500; count += 1) {
      world.ref(`w${count}`).tell((context) => context.exit(normal));
    }
    for (let count = 500; count < 550; count += 1) world.ref(`w${count}`).tell(fail);
    await world.settle();
    expect(await world.ask(top, { kind: 'countChildren' })).toMatchObject({ specs: 500, active: 500 });
    expect(world.starts.get('w549')).toBe(2);
    const stopped = world.kernel.stop(top, Infinity);
    await world.settle();
    expect(await stopped).toEqual(shutdown);
    expect(world.takeLog().filter((line) => line.startsWith('-')).length).toBe(500);
  });

  test('lets nobody wait for another child', async () => {
    const [world, top] = open();
    const slow = world.worker('slow', { startTimeoutMs: 500 }, { starts: 'whenReady' });
    const replies: string[] = [];
    const ask = (message: Parameters<typeof world.ask>[1]): void => {
      void world.kernel.ask(top, message, 60_000).then((reply) => {
        replies.push(reply.kind === 'refused' ? `${reply.reason}: ${reply.detail}` : reply.kind);
      });
    };
    ask({ kind: 'startChild', spec: slow });
    await world.settle();
    ask({ kind: 'startChild', spec: world.worker('quick') });
    await world.settle();
    expect(replies).toEqual(['childStarted']);
    expect(await world.children(top)).toBe('slow starting, quick running');
    await world.advance(500);
    expect(replies).toEqual(['childStarted', 'startFailed: killed']);
    expect(await world.children(top)).toBe('quick running');
    ask({ kind: 'startChild', spec: world.worker('ready', {}, { starts: 'whenReady' }) });
    await world.settle();
    world.ref('ready').tell((context) => context.ready());
    await world.settle();
    expect(replies.at(-1)).toBe('childStarted');
    expect(await world.children(top)).toBe('quick running, ready running');
  });

  test('refuses what makes no sense for it', async () => {
    const [world, top] = open();
    await world.ask(top, { kind: 'startChild', spec: world.worker('a') });
    const refusals: unknown[] = [
      await world.ask(top, { kind: 'startChild', spec: world.worker('a') }),
      await world.ask(top, { kind: 'restartChild', id: 'a' }),
      await world.ask(top, { kind: 'deleteChild', id: 'a' }),
      await world.ask(top, { kind: 'terminateChild', id: 'b' }),
    ];
    expect(refusals).toMatchObject(
      ['alreadyStarted', 'dynamic', 'dynamic', 'notFound'].map((reason) => ({ kind: 'refused', reason })),
    );
    expect(await world.ask(top, { kind: 'terminateChild', id: 'a' })).toEqual({ kind: 'done' });
    expect(await world.children(top)).toBe('');
    expect((await world.ask(top, { kind: 'startChild', spec: world.worker('a') })).kind).toBe('childStarted');
  });

  test('kills those that outlive their grace, all at the same time', async () => {
    const [world, top] = open();
    const lingering = {
      stopping: (state: null, _reason: unknown, context: { linger(): void }) => (context.linger(), state),
    };
    for (const [id, graceMs] of [
      ['a', 100],
      ['b', 200],
      ['c', 200],
    ] as const) {
      top.tell({
        kind: 'startChild',
        spec: world.worker(id, { shutdown: { kind: 'grace', graceMs } }, lingering),
      });
    }
    await world.settle();
    void world.kernel.stop(top, Infinity);
    await world.advance(199);
    expect(endOf(top)).toBe('stopping');
    await world.advance(1);
    expect(endOf(top)).toBe('shutdown');
    expect(
      world.events
        .filter((event) => event.kind === 'childKilled')
        .map((event) => event.id)
        .toSorted(),
    ).toEqual(['a', 'b', 'c']);
  });

  test('restarts after its backoff, unless the child is terminated; a failing restart is tried again', async () => {
    const [world, top] = open({ backoff: { initialMs: 100, factor: 1, maxMs: 100, jitter: 0 } });
    let failures = 0;
    const init = (): null => {
      if (failures === 0) return null;
      failures -= 1;
      throw new Error('not yet');
    };
    await world.ask(top, { kind: 'startChild', spec: world.worker('a', {}, { init }) });
    failures = 2;
    world.ref('a').tell(fail);
    await world.settle();
    expect(await world.children(top)).toBe('a restarting');
    await world.advance(200);
    expect(await world.children(top)).toBe('a running');
    world.ref('a').tell(fail);
    await world.settle();
    expect(await world.ask(top, { kind: 'terminateChild', id: 'a' })).toEqual({ kind: 'done' });
    await world.advance(1_000);
    expect(await world.children(top)).toBe('');
    expect(world.starts.get('a')).toBe(4);
  });

  test('terminating a child that is starting, stopping or just dying is done when it has ended', async () => {
    const [world, top] = open();
    const lingering = {
      stopping: (state: null, _reason: unknown, context: { linger(): void }) => (context.linger(), state),
    };
    const replies: string[] = [];
    const ask = (message: Parameters<typeof world.ask>[1]): void => {
      void world.kernel.ask(top, message, 60_000).then((reply) => replies.push(reply.kind));
    };
    ask({ kind: 'startChild', spec: world.worker('starting', {}, { starts: 'whenReady' }) });
    ask({ kind: 'startChild', spec: world.worker('lingering', {}, lingering) });
    ask({ kind: 'startChild', spec: world.worker('dying') });
    await world.settle();
    expect(replies).toEqual(['childStarted', 'childStarted']);
    ask({ kind: 'terminateChild', id: 'starting' });
    ask({ kind: 'terminateChild', id: 'lingering' });
    ask({ kind: 'terminateChild', id: 'lingering' });
    world.kernel.kill(world.ref('dying'));
    ask({ kind: 'terminateChild', id: 'dying' });
    await world.settle();
    expect(await world.children(top)).toMatch(/^lingering stopping/);
    world.ref('lingering').tell((context) => context.exit(shutdown));
    await world.settle();
    expect(replies.filter((reply) => reply === 'done').length).toBeGreaterThanOrEqual(3);
    const left = await world.children(top);
    // Killed from outside and terminated at the same time: restarted first, or terminated for good.
    expect(['', 'dying running']).toContain(left);
    expect(replies.length).toBe(7);
  });
});
