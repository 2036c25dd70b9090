import { describe, expect, test } from 'vitest';
import type {
  ActorContext,
  ActorRef,
  AnyRef,
  AskOutcome,
  Behaviour,
  Kernel,
  KernelEvent,
  ReplyTo,
  Signal,
} from '../../src/actors/kernel/contract.ts';
import { ActorGoneError, AskTimeoutError, MailboxFullError } from '../../src/actors/kernel/errors.ts';
import {
  crashed,
  describeExit,
  normal,
  shutdown,
  shutdownBecause,
} from '../../src/actors/kernel/exit-reason.ts';
import type { ExitReason } from '../../src/actors/kernel/exit-reason.ts';
import { actorAddress } from '../../src/core/ids.ts';

/** One kernel under test. Its clock is simulated in both implementations, so that no test waits for real time. */
export interface KernelWorld {
  readonly kernel: Kernel;
  /** Returns when nothing is left to do without time passing. */
  settle(): Promise<void>;
  /** Lets time pass, and settles. */
  advance(ms: number): Promise<void>;
}

type Open = (onEvent: (event: KernelEvent) => void) => KernelWorld;

/** Tells an actor what to do with its own hands. */
type Job = (context: ActorContext<Job, unknown>) => void;

/** An actor that does what it is told, and writes down what happens to it. */
function puppet(
  log: string[],
  name: string,
  overrides: Partial<Behaviour<null, Job>> = {},
): Behaviour<null, Job> {
  return {
    init: () => null,
    receive: (state, job, context) => {
      job(context);
      return state;
    },
    signal: (state, signal) => {
      log.push(`${name} got ${describeSignal(signal)}`);
      return state;
    },
    stopping: (state, reason) => {
      log.push(`${name} stops: ${describeExit(reason)}`);
      return state;
    },
    ...overrides,
  };
}

function describeSignal(signal: Signal): string {
  switch (signal.kind) {
    case 'childReady':
      return `childReady ${signal.child.path}`;
    case 'childExited':
      return `childExited ${signal.child.path} ${describeExit(signal.reason)}`;
    case 'down':
      return `down ${signal.actor.path} ${describeExit(signal.reason)}`;
    case 'exit':
      return `exit ${signal.from?.path ?? 'outside'} ${describeExit(signal.reason)}`;
  }
}

const fail = (): never => {
  throw new Error('on purpose');
};

/** What every kernel must do, whatever schedules it. */
export function kernelContract(name: string, open: Open): void {
  const world = (): KernelWorld & { readonly events: KernelEvent[]; readonly log: string[] } => {
    const events: KernelEvent[] = [];
    return { ...open((event) => events.push(event)), events, log: [] };
  };

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
      const { kernel, settle, advance, log } = world();
      const actor = kernel.spawn('timed', puppet(log, 'timed'));
      actor.tell((context) => {
        const late = { cancel: (): void => undefined };
        context.after(10, () => late.cancel());
        late.cancel = context.after(10, () => log.push('never'));
      });
      await settle();
      await advance(10);
      expect(log).toEqual([]);
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

  crashRows(name, world);
  treeRows(name, world);
  linkRows(name, world);
  immunityRows(name, world);
}

type OpenWorld = () => KernelWorld & { readonly events: KernelEvent[]; readonly log: string[] };

function crashRows(name: string, world: OpenWorld): void {
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

function treeRows(name: string, world: OpenWorld): void {
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

function linkRows(name: string, world: OpenWorld): void {
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

    test('unlink silences an exit that is on its way already', async () => {
      const { kernel, settle, log } = world();
      const a = kernel.spawn('a', puppet(log, 'a', { trapsExits: true }));
      // What b tells a while it stops comes before the exit signal, which is posted next.
      const unlinkLast = (state: null): null => {
        a.tell((context) => context.unlink(b));
        return state;
      };
      const b: ActorRef<Job> = kernel.spawn('b', puppet(log, 'b', { stopping: unlinkLast }));
      a.tell((context) => context.link(b));
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

function immunityRows(name: string, world: OpenWorld): void {
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
