import { describe, expect, test } from 'vitest';
import type { ActorRef, Behaviour } from '../../../src/actors/kernel/contract.ts';
import { ActorGoneError } from '../../../src/actors/kernel/errors.ts';
import { describeExit, shutdown, shutdownBecause } from '../../../src/actors/kernel/exit-reason.ts';
import { actorAddress } from '../../../src/core/ids.ts';
import type { Job, OpenWorld } from './world.ts';
import { fail, puppet } from './world.ts';

export function treeRows(name: string, world: OpenWorld): void {
  describe(`${name}: parents, children, names`, () => {
    test('children end with their parent, last to first, each hook once', async () => {
      const { kernel, settle, log } = world();
      const parent = kernel.spawn('parent', puppet(log, 'parent'));
      parent.tell((context) => {
        for (const child of ['a', 'b', 'c']) {
          const ref = context.spawn(child, puppet(log, child));
          ref.tell((own) => own.spawn(`${child}-1`, puppet(log, `${child}-1`)));
        }
      });
      await settle();
      kernel.exit(parent, shutdownBecause('enough'));
      await settle();
      expect(log).toEqual([
        'parent stops: shutdown: enough',
        ...['c', 'c-1', 'b', 'b-1', 'a', 'a-1'].map((child) => `${child} stops: shutdown`),
      ]);
    });

    test('a killed actor runs no hook; its children do', async () => {
      const { kernel, settle, log } = world();
      const parent = kernel.spawn('parent', puppet(log, 'parent'));
      parent.tell((context) => context.spawn('child', puppet(log, 'child')));
      await settle();
      kernel.kill(parent);
      await settle();
      expect(log).toEqual(['child stops: shutdown']);
      expect(parent.exitReason).toEqual({ kind: 'killed' });
    });

    test('names and addresses are taken by the living only', async () => {
      const { kernel, settle, log } = world();
      const address = actorAddress('host/h1/one');
      const first = kernel.spawn('one', puppet(log, 'one'), { address });
      expect(kernel.lookup(address)).toBe(first);
      expect(() => kernel.spawn('one', puppet(log, 'one'))).toThrow('/one is alive');
      expect(() => kernel.spawn('two', puppet(log, 'two'), { address })).toThrow(
        'belongs to the living actor /one',
      );
      expect(() => kernel.spawn('a/b', puppet(log, 'x'))).toThrow("'a/b' under / is invalid");
      expect(() => kernel.spawn('', puppet(log, 'x'))).toThrow('invalid');
      kernel.kill(first);
      await settle();
      expect(kernel.lookup(address)).toBeNull();
      const second = kernel.spawn('one', puppet(log, 'one'), { address });
      expect(kernel.lookup(address)).toBe(second);
      expect(second.incarnation).not.toBe(first.incarnation);
      const lost = first as ActorRef<Job>;
      expect(lost.tell(() => log.push('reached the wrong one'))).toBe(false);
      await settle();
      expect(log).toEqual([]);
    });

    test('10,000 children of one parent all run', async () => {
      const { kernel, settle, log } = world();
      let greeted = 0;
      const parent = kernel.spawn('parent', puppet(log, 'parent', { signal: (state) => state }));
      const children: ActorRef<Job>[] = [];
      parent.tell((context) => {
        for (let count = 0; count < 10_000; count += 1) {
          children.push(context.spawn(`c${count}`, puppet([], 'c')));
        }
      });
      await settle();
      for (const child of children) child.tell(() => (greeted += 1));
      await settle();
      expect(greeted).toBe(10_000);
      // Places are used again: half of them end, and as many others come.
      for (const child of children.slice(0, 5_000)) kernel.kill(child);
      await settle();
      parent.tell((context) => {
        for (let count = 0; count < 5_000; count += 1) {
          context.spawn(`d${count}`, puppet([], 'd')).tell(() => (greeted += 1));
        }
      });
      await settle();
      expect(greeted).toBe(15_000);
      kernel.kill(parent);
      await settle();
      expect(children.every((child) => child.status === 'ended')).toBe(true);
    });

    test('an actor that starts whenReady says so to its parent', async () => {
      const { kernel, settle, log } = world();
      const parent = kernel.spawn('parent', puppet(log, 'parent'));
      const child: ActorRef<Job>[] = [];
      parent.tell((context) => {
        child.push(context.spawn('slow', puppet(log, 'slow', { starts: 'whenReady' })));
        log.push(child[0]?.status ?? '');
        const quick = puppet(log, 'quick', {
          starts: 'whenReady',
          init: (own) => {
            own.ready();
            return null;
          },
        });
        log.push(context.spawn('quick', quick).status);
      });
      await settle();
      child[0]?.tell((context) => {
        context.ready();
        context.ready();
      });
      await settle();
      expect(log).toEqual(['starting', 'running', 'parent got childReady /parent/slow']);
    });

    test('stop gives grace to an actor that lingers, and kills it afterwards', async () => {
      const { kernel, settle, advance, log } = world();
      const lingering = (who: string): Behaviour<null, Job> =>
        puppet(log, who, {
          stopping: (state, reason, context) => {
            log.push(`${who} stops: ${describeExit(reason)}`);
            context.linger();
            return state;
          },
        });
      const polite = kernel.spawn('polite', lingering('polite'));
      const stubborn = kernel.spawn('stubborn', lingering('stubborn'));
      const crashing = kernel.spawn('crashing', lingering('crashing'));
      const ends: string[] = [];
      for (const actor of [polite, stubborn, crashing]) {
        void kernel.stop(actor, 1_000).then((reason) => ends.push(`${actor.path} ${describeExit(reason)}`));
      }
      await settle();
      expect([polite.status, stubborn.status]).toEqual(['stopping', 'stopping']);
      // A second order to stop changes nothing, and `stopping` does not run again.
      kernel.exit(stubborn, shutdown);
      polite.tell((context) => context.exit(shutdownBecause('drained')));
      crashing.tell(fail);
      await advance(999);
      expect(ends.toSorted()).toEqual(['/crashing crashed: on purpose', '/polite shutdown: drained']);
      await advance(1);
      expect(ends).toContain('/stubborn killed');
      expect(log.toSorted()).toEqual(
        ['crashing', 'polite', 'stubborn'].map((who) => `${who} stops: shutdown`),
      );
    });

    test('kernel.shutdown stops the actors at the top, last to first, and refuses new ones', async () => {
      const { kernel, settle, log } = world();
      for (const top of ['a', 'b', 'c']) kernel.spawn(top, puppet(log, top));
      const down = kernel.shutdown(1_000);
      expect(() => kernel.spawn('late', puppet(log, 'late'))).toThrow(ActorGoneError);
      // Each stop is ordered only once the one before has ended.
      for (let count = 0; count < 4; count += 1) await settle();
      await down;
      expect(log).toEqual(['c', 'b', 'a'].map((top) => `${top} stops: shutdown`));
    });
  });
}
