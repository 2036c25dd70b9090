import { describe, expect, test } from 'vitest';
import type { AnyRef } from '../../../src/actors/kernel/contract.ts';
import { MailboxFullError } from '../../../src/actors/kernel/errors.ts';
import { normal } from '../../../src/actors/kernel/exit-reason.ts';
import type { OpenWorld } from './world.ts';
import { puppet } from './world.ts';

export function messageRows(name: string, world: OpenWorld): void {
  describe(`${name}: messages`, () => {
    test('from one sender arrive in order, one at a time, in later turns', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn<number, number, never>('counter', {
        init: () => 0,
        receive: (sum, message) => {
          log.push(`${message}`);
          return sum + message;
        },
      });
      for (let count = 1; count <= 500; count += 1) expect(actor.tell(count)).toBe(true);
      expect(log).toEqual([]);
      await settle();
      expect(log).toEqual(Array.from({ length: 500 }, (_, index) => `${index + 1}`));
    });

    test('what an actor tells itself comes after its handler has returned', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn('one', puppet(log, 'one'));
      actor.tell((context) => {
        context.self.tell(() => log.push('second'));
        log.push('first');
      });
      await settle();
      expect(log).toEqual(['first', 'second']);
    });

    test('beyond the bound are refused, by tell and by ask, and told once; signals and timers still pass', async () => {
      const { kernel, settle, advance, log, events } = world();
      const actor = kernel.spawn('small', puppet(log, 'small'), { mailboxMax: 3 });
      const child: AnyRef[] = [];
      actor.tell((context) => {
        child.push(context.spawn('child', puppet(log, 'child')));
        context.after(10, () => log.push('timer'));
      });
      await settle();
      for (let count = 0; count < 3; count += 1) expect(actor.tell(() => log.push(`m${count}`))).toBe(true);
      expect(actor.tell(() => log.push('lost'))).toBe(false);
      expect(actor.tell(() => log.push('lost'))).toBe(false);
      await expect(kernel.ask(actor, () => log.push('lost'), 1_000)).rejects.toThrow(MailboxFullError);
      expect(events).toEqual([{ kind: 'mailboxFull', actor, mailboxMax: 3 }]);
      kernel.kill(child[0] as AnyRef);
      await advance(10);
      expect(log.toSorted()).toEqual([
        'm0',
        'm1',
        'm2',
        'small got childExited /small/child killed',
        'timer',
      ]);
      expect(actor.tell(() => log.push('again'))).toBe(true);
    });

    test('to an actor that has ended are refused', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn('gone', puppet(log, 'gone'));
      actor.tell((context) => context.exit(normal));
      await settle();
      expect(actor.status).toBe('ended');
      expect(actor.tell(() => log.push('lost'))).toBe(false);
      await settle();
      expect(log).toEqual(['gone stops: normal']);
    });
  });
}
