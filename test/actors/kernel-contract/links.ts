import { describe, expect, test } from 'vitest';
import type { ActorRef } from '../../../src/actors/kernel/contract.ts';
import type { ExitReason } from '../../../src/actors/kernel/exit-reason.ts';
import {
  crashed,
  describeExit,
  normal,
  shutdown,
  shutdownBecause,
} from '../../../src/actors/kernel/exit-reason.ts';
import type { Job, OpenWorld } from './world.ts';
import { fail, puppet } from './world.ts';

export function linkRows(name: string, world: OpenWorld): void {
  describe(`${name}: links, monitors, exit signals`, () => {
    type Row = readonly [ExitReason, boolean, string];
    // What a linked actor does when the other end exits so: ignore, get a signal, or end alike.
    const rows: readonly Row[] = [
      [normal, false, 'lives'],
      [shutdown, false, 'ended: shutdown'],
      [shutdownBecause('x'), false, 'ended: shutdown: x'],
      [crashed(new Error('bad')), false, 'ended: crashed: bad'],
      [{ kind: 'killed' }, false, 'ended: killed'],
      [normal, true, 'signal: normal'],
      [shutdown, true, 'signal: shutdown'],
      [crashed(new Error('bad')), true, 'signal: crashed: bad'],
      [{ kind: 'killed' }, true, 'signal: killed'],
    ];
    test.each(rows)('link: exit with %o, trapping %o: %s', async (reason, trapsExits, expected) => {
      const { kernel, settle, log } = world();
      const one = kernel.spawn('one', puppet([], 'one'));
      const other = kernel.spawn('other', puppet(log, 'other', { trapsExits }));
      other.tell((context) => context.link(one));
      await settle();
      if (reason.kind === 'killed') kernel.kill(one);
      else one.tell((context) => context.exit(reason));
      await settle();
      if (expected === 'lives') expect([other.status, log]).toEqual(['running', []]);
      else if (trapsExits) expect(log).toEqual([`other got exit /one ${expected.slice('signal: '.length)}`]);
      else expect(describeExit(other.exitReason ?? normal)).toBe(expected.slice('ended: '.length));
    });

    test('a link works both ways, ends once, and is gone after unlink', async () => {
      const { kernel, settle, log } = world();
      const a = kernel.spawn('a', puppet(log, 'a', { trapsExits: true }));
      const b = kernel.spawn('b', puppet(log, 'b', { trapsExits: true }));
      const c = kernel.spawn('c', puppet(log, 'c', { trapsExits: true }));
      a.tell((context) => {
        context.link(b);
        context.link(b);
        context.link(c);
        context.unlink(c);
      });
      await settle();
      kernel.kill(a);
      await settle();
      expect(log).toEqual(['b got exit /a killed']);
    });

    test('unlink and demonitor silence what is on its way already', async () => {
      const { kernel, settle, log } = world();
      const a = kernel.spawn('a', puppet(log, 'a', { trapsExits: true }));
      const monitors: number[] = [];
      // What b tells a while it stops comes before the signals of its end, which are posted next.
      const unlinkLast = (state: null): null => {
        a.tell((context) => {
          context.unlink(b);
          for (const monitor of monitors) context.demonitor(monitor);
        });
        return state;
      };
      const b: ActorRef<Job> = kernel.spawn('b', puppet(log, 'b', { stopping: unlinkLast }));
      a.tell((context) => {
        context.link(b);
        monitors.push(context.monitor(b));
      });
      await settle();
      b.tell(fail);
      await settle();
      expect(b.status).toBe('ended');
      expect(log).toEqual([]);
    });

    test('linking to, or monitoring, the dead says noproc', async () => {
      const { kernel, settle, log } = world();
      const dead = kernel.spawn('dead', puppet([], 'dead'));
      kernel.kill(dead);
      await settle();
      const trapping = kernel.spawn('trapping', puppet(log, 'trapping', { trapsExits: true }));
      const plain = kernel.spawn('plain', puppet([], 'plain'));
      trapping.tell((context) => {
        context.link(dead);
        context.monitor(dead);
      });
      plain.tell((context) => context.link(dead));
      await settle();
      expect(log).toEqual(['trapping got exit /dead noproc', 'trapping got down /dead noproc']);
      expect(plain.exitReason).toEqual({ kind: 'noproc' });
    });

    test('each monitor brings one down, unless demonitored; the watched do not notice their watchers', async () => {
      const { kernel, settle, log } = world();
      const watched = kernel.spawn('watched', puppet(log, 'watched'));
      const watcher = kernel.spawn('watcher', puppet(log, 'watcher'));
      const mortal = kernel.spawn('mortal', puppet(log, 'mortal'));
      watcher.tell((context) => {
        context.monitor(watched);
        context.monitor(watched);
        context.demonitor(context.monitor(watched));
      });
      mortal.tell((context) => context.monitor(watched));
      await settle();
      kernel.kill(mortal);
      await settle();
      expect(watched.status).toBe('running');
      watched.tell(fail);
      await settle();
      expect(log).toEqual([
        'watched stops: crashed: on purpose',
        'watcher got down /watched crashed: on purpose',
        'watcher got down /watched crashed: on purpose',
      ]);
    });

    test('exit signals: normal ends nobody, trapping actors see them, but not those of their own parent', async () => {
      const { kernel, settle, log } = world();
      const parent = kernel.spawn('parent', puppet(log, 'parent'));
      const trapping = kernel.spawn('trapping', puppet(log, 'trapping', { trapsExits: true }));
      kernel.exit(trapping, normal);
      kernel.exit(trapping, shutdown);
      kernel.exit(parent, normal);
      await settle();
      expect(log).toEqual(['trapping got exit outside normal', 'trapping got exit outside shutdown']);
      parent.tell((context) => {
        const child = context.spawn('child', puppet(log, 'child', { trapsExits: true }));
        context.exitOther(child, shutdown);
        context.exitOther(trapping, shutdown);
      });
      await settle();
      expect(log.slice(2).toSorted()).toEqual([
        'child stops: shutdown',
        'parent got childExited /parent/child shutdown',
        'trapping got exit /parent shutdown',
      ]);
    });
  });
}
