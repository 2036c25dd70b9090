import { describe, expect, test } from 'vitest';
import type { AskOutcome, Behaviour, ReplyTo } from '../../../src/actors/kernel/contract.ts';
import { ActorGoneError, AskTimeoutError } from '../../../src/actors/kernel/errors.ts';
import type { Cancel } from '../../../src/core/ports.ts';
import type { Job, OpenWorld } from './world.ts';
import { fail, puppet } from './world.ts';

export function askRows(name: string, world: OpenWorld): void {
  describe(`${name}: ask`, () => {
    const answering: Behaviour<null, number, number> = {
      init: () => null,
      receive: (state, message, context) => {
        context.replyTo?.answer(message * 2);
        return state;
      },
    };

    test('is answered, at once or from a later turn', async () => {
      const { kernel, settle } = world();
      const doubler = kernel.spawn('doubler', answering);
      const later = kernel.spawn<ReplyTo<unknown> | null, string, string>('later', {
        init: () => null,
        receive: (waiting, message, context) => {
          if (message === 'question') return context.replyTo;
          expect(waiting?.answer('late')).toBe(true);
          expect(waiting?.answer('twice')).toBe(false);
          return null;
        },
      });
      const doubled = kernel.ask(doubler, 21, 1_000);
      const late = kernel.ask(later, 'question', 1_000);
      await settle();
      later.tell('now');
      await settle();
      expect(await doubled).toBe(42);
      expect(await late).toBe('late');
    });

    test('2,000 at once each get their own answer', async () => {
      const { kernel, settle } = world();
      const doubler = kernel.spawn('doubler', answering);
      const answers = Array.from({ length: 2_000 }, (_, index) => kernel.ask(doubler, index, 1_000));
      await settle();
      expect(await Promise.all(answers)).toEqual(answers.map((_, index) => index * 2));
    });

    test('times out with the actor, the message and the time in the error; a late answer says so', async () => {
      const { kernel, advance } = world();
      const kept: ReplyTo<unknown>[] = [];
      const silent = kernel.spawn<null, { readonly kind: 'greet' }, never>('silent', {
        init: () => null,
        receive: (state, _message, context) => {
          if (context.replyTo !== null) kept.push(context.replyTo);
          return state;
        },
      });
      const answer = kernel.ask(silent, { kind: 'greet' }, 250);
      const failure = expect(answer).rejects.toThrow(new AskTimeoutError('/silent', 'greet', 250));
      await advance(249);
      expect(kept[0]).toBeDefined();
      await advance(1);
      await failure;
      expect(kept[0]?.answer('late')).toBe(false);
    });

    test('ends at once, with the reason, when the actor crashes or had ended', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn('crasher', puppet(log, 'crasher'));
      const answer = kernel.ask(actor, fail, 60_000);
      const failure = expect(answer).rejects.toThrow(ActorGoneError);
      const queued = expect(kernel.ask(actor, () => undefined, 60_000)).rejects.toThrow('on purpose');
      await settle();
      await failure;
      await queued;
      await expect(kernel.ask(actor, () => undefined, 60_000)).rejects.toThrow('crashed: on purpose');
    });

    test('between actors brings the outcome as a message: a reply, a timeout, an end', async () => {
      const { kernel, settle, advance, log } = world();
      const doubler = kernel.spawn('doubler', answering);
      const silent = kernel.spawn<null, number, number>('silent', {
        init: () => null,
        receive: (state) => state,
      });
      const asker = kernel.spawn('asker', puppet(log, 'asker'));
      const write =
        (to: string) =>
        (outcome: AskOutcome<number>): Job =>
        () =>
          log.push(`${to}: ${outcome.kind === 'replied' ? outcome.reply : outcome.error.code}`);
      asker.tell((context) => {
        context.ask(doubler, 4, 100, write('doubler'));
        context.ask(silent, 4, 100, write('silent'));
      });
      await settle();
      expect(log).toEqual(['doubler: 8']);
      await advance(100);
      asker.tell((context) => context.ask(silent, 4, 100, write('silent')));
      await settle();
      kernel.kill(silent);
      await settle();
      expect(log).toEqual(['doubler: 8', 'silent: ASK_TIMEOUT', 'silent: ACTOR_GONE']);
    });
  });
}

export function timeRows(name: string, world: OpenWorld): void {
  describe(`${name}: time and promises`, () => {
    test('timers fire in order at their time, unless cancelled, and die with their actor', async () => {
      const { kernel, settle, advance, log } = world();
      const actor = kernel.spawn('timed', puppet(log, 'timed'));
      const mortal = kernel.spawn('mortal', puppet([], 'mortal'));
      actor.tell((context) => {
        context.after(20, () => log.push(`second at ${context.nowMs()}`));
        context.after(10, () => log.push(`first at ${context.nowMs()}`));
        const cancel = context.after(15, () => log.push('never'));
        context.after(15, () => log.push('at the same time'));
        cancel();
      });
      mortal.tell((context) => context.after(12, () => log.push('from the dead')));
      await settle();
      kernel.kill(mortal);
      await advance(9);
      expect(log).toEqual([]);
      await advance(11);
      expect(log).toEqual(['first at 10', 'at the same time', 'second at 20']);
    });

    test('a timer that is cancelled after it fired, but before its message was handled, is silent', async () => {
      const { kernel, clock, settle, log } = world();
      const actor = kernel.spawn('timed', puppet(log, 'timed'));
      const cancels: Cancel[] = [];
      actor.tell((context) => cancels.push(context.after(10, () => log.push('never'))));
      await settle();
      clock.advance(10);
      for (const cancel of cancels) cancel();
      await settle();
      expect([cancels.length, log]).toEqual([1, []]);
    });

    test('nothing stays with the clock when an actor has ended, or its ask was answered', async () => {
      const { kernel, clock, settle } = world();
      const actor = kernel.spawn<null, Job, string>('timed', {
        init: () => null,
        receive: (state, job, context) => {
          context.replyTo?.answer('here');
          job(context);
          return state;
        },
      });
      const answer = kernel.ask(actor, (context) => context.after(1_000, () => undefined), 500);
      await settle();
      expect([await answer, clock.nextDueMs()]).toEqual(['here', 1_000]);
      kernel.kill(actor);
      await settle();
      expect(clock.nextDueMs()).toBeNull();
    });

    test('promises come back as messages, done or failed; after the end they go nowhere', async () => {
      const { kernel, settle, log } = world();
      const actor = kernel.spawn('piper', puppet(log, 'piper'));
      let finish = (_value: string): void => undefined;
      const slow = new Promise<string>((resolve) => {
        finish = resolve;
      });
      actor.tell((context) => {
        const write =
          (what: string) =>
          (value: unknown): Job =>
          () =>
            log.push(`${what} ${String(value)}`);
        context.pipe(Promise.resolve(1), write('done'), write('failed'));
        context.pipe(Promise.reject(new Error('no')), write('done'), write('failed'));
        context.pipe(slow, write('done'), write('failed'));
      });
      await settle();
      expect(log).toEqual(['done 1', 'failed Error: no']);
      kernel.kill(actor);
      await settle();
      finish('late');
      await settle();
      expect(log).toEqual(['done 1', 'failed Error: no']);
    });
  });
}
