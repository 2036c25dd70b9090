import { describe, expect, test } from 'vitest';
import type { Behaviour } from '../../../src/actors/kernel/contract.ts';
import { describeExit, normal, shutdown } from '../../../src/actors/kernel/exit-reason.ts';
import type { Job, OpenWorld } from './world.ts';
import { fail, puppet } from './world.ts';

export function crashRows(name: string, world: OpenWorld): void {
  describe(`${name}: crashes`, () => {
    type Row = readonly [string, (log: string[]) => Behaviour<null, Job>, Job | null, string];
    const rows: readonly Row[] = [
      ['receive', (log) => puppet(log, 'a'), fail, 'crashed: on purpose'],
      ['init', (log) => puppet(log, 'a', { init: fail }), null, 'crashed: on purpose'],
      [
        'stopping',
        (log) => puppet(log, 'a', { stopping: fail }),
        (it) => it.exit(normal),
        'crashed: on purpose',
      ],
      [
        'signal',
        (log) => puppet(log, 'a', { signal: fail }),
        (it) => it.kill(it.spawn('b', puppet([], 'b'))),
        'crashed: on purpose',
      ],
      [
        'receive and then stopping',
        (log) =>
          puppet(log, 'a', {
            stopping: () => {
              throw new Error('second');
            },
          }),
        fail,
        'crashed: on purpose',
      ],
      [
        'an outcome that cannot be turned into a message',
        (log) => puppet(log, 'a'),
        (it) => it.pipe(Promise.resolve(1), fail, fail),
        'crashed: on purpose',
      ],
      [
        'a hook that returns a promise',
        (log) => puppet(log, 'a', { receive: (async () => fail()) as unknown as () => null }),
        () => undefined,
        'crashed: hooks are synchronous: use context.pipe for asynchronous work',
      ],
    ];
    test.each(rows)('in %s is a crash of that actor only', async (_where, behaviour, job, reason) => {
      const { kernel, settle, log, events } = world();
      const other = kernel.spawn('other', puppet(log, 'other'));
      const actor = kernel.spawn('a', behaviour(log));
      if (job !== null) actor.tell(job);
      await settle();
      expect(actor.status).toBe('ended');
      expect(describeExit(actor.exitReason ?? normal)).toBe(reason);
      expect(events.map((event) => event.kind)).toContain(
        _where === 'stopping' ? 'stoppingFailed' : 'crashed',
      );
      other.tell(() => log.push('other lives'));
      await settle();
      expect(log).toContain('other lives');
    });

    test('tell the parent once, after all that the child had told it', async () => {
      const { kernel, settle, log } = world();
      const parent = kernel.spawn('parent', puppet(log, 'parent'));
      parent.tell((context) => {
        const child = context.spawn('child', puppet(log, 'child'));
        const parentRef = context.self;
        child.tell((own) => {
          parentRef.tell(() => log.push('last words'));
          own.self.tell(() => log.push('never handled'));
          fail();
        });
        context.spawn('stillborn', puppet(log, 'stillborn', { init: fail }));
      });
      await settle();
      expect(log.toSorted()).toEqual([
        'child stops: crashed: on purpose',
        'last words',
        'parent got childExited /parent/child crashed: on purpose',
        'parent got childExited /parent/stillborn crashed: on purpose',
      ]);
      expect(log.indexOf('last words')).toBeLessThan(
        log.indexOf('parent got childExited /parent/child crashed: on purpose'),
      );
      expect(parent.status).toBe('running');
    });
  });
}

export function immunityRows(name: string, world: OpenWorld): void {
  // Each row is a fault that bare nact shows.
  describe(`${name}: faults of the actor library underneath that must not show`, () => {
    test('after a child crashed and its parent went on, both handle one message at a time', async () => {
      const { kernel, settle, log } = world();
      let running = 0;
      const parent = kernel.spawn('parent', puppet(log, 'parent', { signal: (state) => state }));
      const alone: Job = () => {
        running += 1;
        expect(running).toBe(1);
        running -= 1;
        log.push('handled');
      };
      parent.tell((context) => {
        context.spawn('child', puppet([], 'child')).tell(fail);
        for (let count = 0; count < 5; count += 1) context.self.tell(alone);
      });
      await settle();
      parent.tell((context) => context.spawn('child', puppet([], 'child')).tell(alone));
      await settle();
      expect(log.filter((line) => line === 'handled').length).toBe(6);
    });

    test('an actor that is stopped while a promise of its own is pending, which then rejects, stops once', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn('a', puppet(log, 'a'));
      let reject = (_error: Error): void => undefined;
      const pending = new Promise<never>((_resolve, rejectIt) => {
        reject = rejectIt;
      });
      actor.tell((context) =>
        context.pipe(
          pending,
          () => fail,
          () => fail,
        ),
      );
      await settle();
      kernel.exit(actor, shutdown);
      await settle();
      reject(new Error('late'));
      await settle();
      expect(log).toEqual(['a stops: shutdown']);
    });

    test('an asynchronous init is a crash, not an actor whose state is a promise', async () => {
      const { kernel, settle } = world();
      const init = (async () => null) as unknown as () => null;
      const actor = kernel.spawn('a', puppet([], 'a', { init }));
      await settle();
      expect(describeExit(actor.exitReason ?? normal)).toMatch(/^crashed: hooks are synchronous/);
    });

    test('a crashing actor crashes whatever spawned it thinks of it: there is no stateless kind that goes on', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn('a', puppet(log, 'a'));
      actor.tell(fail);
      actor.tell(() => log.push('went on'));
      await settle();
      expect(log).toEqual(['a stops: crashed: on purpose']);
    });

    test('an actor that ends in the middle of a batch handles nothing more', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn('a', puppet(log, 'a'));
      for (let count = 0; count < 10; count += 1) {
        actor.tell((context) => {
          log.push(`m${count}`);
          if (count === 3) context.exit(normal);
        });
      }
      await settle();
      expect(log).toEqual(['m0', 'm1', 'm2', 'm3', 'a stops: normal']);
    });
  });
}
