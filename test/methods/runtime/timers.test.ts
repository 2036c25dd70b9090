import { expect, test } from 'vitest';
import { $ } from '../../../src/methods/runtime/gate.ts';
import type { AnyFunction } from '../../../src/methods/runtime/method-code.ts';
import { BareExecution } from './bare-execution.ts';
import { load, runMovable, tenure, Workshop, writeModules } from './workshop.ts';

// Promise 6 of docs/semantics.md.

/** Runs a body as an execution. @returns what it has logged, with the time of each entry */
function run(body: (log: (what: unknown) => void) => void): { log: string[]; bare: BareExecution } {
  const log: string[] = [];
  const bare = new BareExecution(() => body((what) => void log.push(`${bare.nowMs} ${String(what)}`)));
  bare.run();
  return { log, bare };
}

const noting =
  (log: (what: unknown) => void) =>
  (what: unknown): void =>
    log(what);

test('the order of deadlines, and among equal ones that of their making', () => {
  const { log } = run((log) => {
    const note = noting(log);
    $.setTimeout(note, 20, 'a 20');
    $.setTimeout(note, 10, 'b 10');
    $.setTimeout(note, 20, 'c 20');
    $.setTimeout(note, 0, 'd 1');
    $.setTimeout(note, 1, 'e 1');
    $.setTimeout(note, Number.NaN, 'f 1');
    $.setTimeout(note, -5, 'g 1');
    $.setTimeout(note, 2 ** 31, 'h 1');
    $.setTimeout(note, '15', 'i 15');
    $.setTimeout(note, undefined, 'j 1');
    $.setTimeout(() => $.setTimeout(note, 10, 'l 20'), 10);
  });
  expect(log).toEqual([
    '1 d 1',
    '1 e 1',
    '1 f 1',
    '1 g 1',
    '1 h 1',
    '1 j 1',
    '10 b 10',
    '15 i 15',
    '20 a 20',
    '20 c 20',
    '20 l 20',
  ]);
});

test('after each callback first the ticks, then the promises; immediates in rounds', () => {
  const { log } = run((log) => {
    const note = noting(log);
    const both = (name: string): void => {
      note(name);
      $.queueMicrotask(() => {
        note(`job of ${name}`);
        $.process.nextTick(note, `tick of job of ${name}`);
      });
      $.process.nextTick(() => {
        note(`tick of ${name}`);
        $.queueMicrotask(() => note(`job of tick of ${name}`));
        $.process.nextTick(note, `tick of tick of ${name}`);
      });
    };
    $.setTimeout(both, 1, 'first');
    $.setTimeout(both, 1, 'second');
    $.setImmediate(() => {
      note('immediate');
      $.setImmediate(note, 'immediate of the next round');
      $.queueMicrotask(() => note('job of immediate'));
    });
    const cleared = $.setImmediate(note, 'never');
    $.setImmediate(note, 'immediate too');
    $.clearImmediate(cleared);
  });
  const turn = (name: string): string[] => [
    `1 ${name}`,
    `1 tick of ${name}`,
    `1 tick of tick of ${name}`,
    `1 job of ${name}`,
    `1 job of tick of ${name}`,
    `1 tick of job of ${name}`,
  ];
  expect(log).toEqual([
    '0 immediate',
    '0 job of immediate',
    '0 immediate too',
    '0 immediate of the next round',
    ...turn('first'),
    ...turn('second'),
  ]);
});

interface TimeoutLike {
  ref(): TimeoutLike;
  unref(): TimeoutLike;
  hasRef(): boolean;
  refresh(): TimeoutLike;
  close(): TimeoutLike;
}

test('clear, refresh, ref and numbers of timers', () => {
  const { log } = run((log) => {
    const note = noting(log);
    const timeout = $.setTimeout(note, 10, 'cleared') as TimeoutLike;
    $.clearTimeout(timeout);
    timeout.refresh();
    $.clearTimeout($.setTimeout(note, 10, 'cleared by number') as object);
    const numbered = $.setTimeout(note, 10, 'cleared by its number') as TimeoutLike & number;
    $.clearTimeout(Number(numbered));
    $.clearInterval(String(Number($.setTimeout(note, 10, 'cleared by its name'))));
    ($.setTimeout(note, 10, 'closed') as TimeoutLike).close();
    const later = $.setTimeout(note, 10, 'refreshed') as TimeoutLike;
    $.setTimeout(() => note(later.refresh() === later), 5);
    const again = $.setTimeout(note, 30, 'again') as TimeoutLike;
    $.setTimeout(() => again.refresh(), 40);
    note([later.hasRef(), later.unref() === later, later.hasRef(), later.ref().hasRef()].join());
    for (const nothing of [undefined, null, {}, 12_345, 'x', Number.NaN]) $.clearTimeout(nothing);
  });
  expect(log).toEqual(['0 true,true,false,true', '5 true', '15 refreshed', '30 again', '70 again']);
});

test('intervals count from when they were due, and stop when they are cleared, by themselves too', () => {
  const { log } = run((log) => {
    let count = 0;
    const interval = $.setInterval(
      function (this: unknown, ...args: unknown[]) {
        count += 1;
        log(`${count} ${this === interval} ${args.join()}`);
        if (count === 3) $.clearInterval(interval);
      },
      7,
      'x',
      'y',
    );
    const other = $.setInterval(() => log('other'), 5) as TimeoutLike;
    $.setTimeout(() => other.close(), 12);
  });
  expect(log).toEqual(['5 other', '7 1 true x,y', '10 other', '14 2 true x,y', '21 3 true x,y']);
});

test('what only unreferenced timers are left of is over', () => {
  const { log, bare } = run((log) => {
    ($.setTimeout(log, 50, 'held by nobody') as TimeoutLike).unref();
    ($.setImmediate(log, 'an immediate') as TimeoutLike).unref();
    $.setTimeout(log, 10, 'held');
  });
  expect(log).toEqual(['0 an immediate', '10 held']);
  expect(bare.execution.timers.size).toBe(1);
});

test('what is no function is refused in the same words', () => {
  const { log } = run((log) => {
    const calls = {
      setTimeout: $.setTimeout,
      setInterval: $.setInterval,
      setImmediate: $.setImmediate,
      queueMicrotask: $.queueMicrotask,
      nextTick: $.process.nextTick,
    } as const;
    const native = (name: string): AnyFunction =>
      name === 'nextTick'
        ? (process.nextTick.bind(process) as AnyFunction)
        : (Reflect.get(globalThis, name) as AnyFunction);
    const wordsOf = (call: AnyFunction): string => {
      try {
        return `made ${String(call('no function'))}`;
      } catch (error) {
        return `${String(error)} ${(error as { code: string }).code}`;
      }
    };
    for (const [name, call] of Object.entries(calls)) log(wordsOf(call) === wordsOf(native(name)));
  });
  expect(log).toEqual(Array(5).fill('0 true'));
});

test.each([
  ['a timer', () => $.setTimeout(fail, 1)],
  ['an interval', () => $.setInterval(fail, 1)],
  ['an immediate', () => $.setImmediate(fail)],
  ['a tick', () => $.process.nextTick(fail)],
  ['a microtask', () => $.queueMicrotask(fail)],
])('an error that leaves the callback of %s ends the execution', (_name, start) => {
  const { bare, log } = run((log) => {
    start();
    $.setTimeout(log, 100, 'never');
  });
  expect(bare.uncaught).toEqual([{ kind: 'uncaughtException', error: new RangeError('in a callback') }]);
  expect(bare.execution.crash).toEqual({ error: new RangeError('in a callback') });
  expect(log).toEqual([]);
});

function fail(): never {
  throw new RangeError('in a callback');
}

test('a rejection that nobody has handled by the end of its turn ends the execution', () => {
  const { bare, log } = run((log) => {
    const late = $.promise.reject(new Error('handled in time')) as Promise<unknown>;
    $.process.nextTick(() => ($.member(late, 'catch') as AnyFunction).call(late, log));
    $.setTimeout(() => {
      const lost = $.promise.reject(new Error('lost')) as Promise<unknown>;
      ($.member(lost, 'then') as AnyFunction).call(lost, log);
      $.setTimeout(log, 1, 'never');
      $.setImmediate(log, 'never');
      $.process.nextTick(log, 'tick before it is noticed');
    }, 5);
  });
  expect(log).toEqual(['0 Error: handled in time', '5 tick before it is noticed']);
  expect(bare.uncaught).toEqual([{ kind: 'unhandledRejection', error: new Error('lost') }]);
});

const moving = `"use movable";
function burn(steps) { let left = steps; while (left > 0) left -= 1; return steps; }
function fires(log, name) { burn(2); log.push(name); }
export async function main() {
  const log = [];
  const state = { count: 0 };
  const interval = setInterval((step) => { burn(2); state.count += step; if (state.count >= 9) clearInterval(interval); }, 10, 3);
  const cleared = setTimeout(() => log.push('never'), 25);
  const kept = { timeout: setTimeout(fires, 15, log, 'fires'), refreshed: null };
  kept.refreshed = setTimeout(function () { burn(1); log.push(['refreshed', this === kept.refreshed, this.hasRef()]); }, 20);
  setTimeout(() => { burn(1); kept.refreshed.refresh(); log.push(kept.refreshed.hasRef()); kept.refreshed.unref(); }, 12);
  setTimeout(() => { burn(2); clearTimeout(cleared); log.push(typeof Number(cleared)); }, 20);
  setTimeout(() => {
    for (const name of ['tick 1', 'tick 2']) process.nextTick(() => { burn(2); log.push(name); });
    queueMicrotask(() => { burn(1); log.push('job'); });
  }, 5);
  const immediate = setImmediate((name) => { burn(2); log.push(name); }, 'immediate');
  clearImmediate(setImmediate(() => log.push('never')));
  process.nextTick((name) => { burn(2); log.push(name); }, 'tick');
  queueMicrotask(() => { burn(2); log.push('microtask'); });
  burn(2);
  await new Promise((resolve) => { setTimeout(resolve, 60, 'value'); });
  log.push(state.count, interval.hasRef(), immediate.hasRef(), interval === kept.timeout);
  return log;
}
`;

test('timers, immediates and ticks are moved while they wait, and in the middle of their callbacks', async () => {
  const folder = writeModules({ 'm.ts': moving }, { movable: true, dense: true });
  await load(folder, 'm.ts');
  // Written down, not run: on a machine that is busy the language's own timers come late, and intervals miss turns.
  const native = {
    ok: true,
    value: [
      'microtask',
      'tick',
      'immediate',
      'tick 1',
      'tick 2',
      'job',
      true,
      'fires',
      'number',
      ['refreshed', true, false],
      9,
      true,
      false,
      false,
    ],
  };
  expect((await runMovable(folder, 'm.ts#main', [], () => false)).outcome).toEqual(native);
  let points = 0;
  for (const skipped of [0, 1, 2]) {
    let chance = skipped;
    const moved = await runMovable(folder, 'm.ts#main', [], () => (chance += 1) % 3 !== 0);
    expect(moved.outcome).toEqual(native);
    expect(moved.pins).toEqual([]);
    points += moved.moved;
  }
  expect(points).toBeGreaterThan(40);
});

test('a timer keeps its deadline in store time when it moves, and is cleared by the same object', async () => {
  const folder = writeModules({ 'm.ts': moving }, { movable: true, dense: true });
  await load(folder, 'm.ts');
  const source = new Workshop(folder);
  source.start('m.ts#main', []);
  while (source.runtime.step().ready > 0);
  expect(source.nowMs).toBe(0);
  const frozen = source.runtime.freeze(tenure.execution);
  if (frozen.kind !== 'captured') throw new Error('it is at rest');
  const target = new Workshop(folder, {}, 'h2');
  // The target's monotonic clock began elsewhere; its offset to the store says so.
  target.nowMs = 1_000_004;
  target.runtime.setClock(-1_000_000);
  target.restore(frozen.capture.bytes);
  const fired: number[] = [];
  while (target.outcome === null) {
    while (target.runtime.step().ready > 0);
    if (target.outcome === null && target.passTime()) fired.push(target.nowMs - 1_000_000);
  }
  expect(fired).toEqual([5, 10, 12, 15, 20, 30, 32, 60]);
  expect(target.outcome).toMatchObject({ ok: true });
});
