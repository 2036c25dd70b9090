'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, unicorn/no-useless-spread, typescript/await-thenable */

// Operands that are read before an `await`, and what happens to them meanwhile. The order of every read, call, conversion
// and write is in the log.

type Log = unknown[];
type Bag = Record<string, unknown>;

async function later<T>(log: Log, what: string, value: T): Promise<T> {
  log.push(`${what}>`);
  await null;
  log.push(`<${what}`);
  return value;
}

/** `a[i++] += g(i) * await h(a)`, where h changes a and i, which are shared with two closures. */
export async function asWritten(): Promise<unknown> {
  const log: Log = [];
  const a = [1, 10, 100, 1000];
  let i = 0;
  const g = (n: number): number => {
    log.push(['g', n, [...a]]);
    for (let k = 0; k < 3; k += 1) log.push(k);
    return n + 1;
  };
  const h = async (list: number[]): Promise<number> => {
    log.push(['h', i, [...list]]);
    list[0] = -7;
    i += 1;
    await null;
    list[1] = -70;
    list.push(i);
    for (let k = 0; k < 2; k += 1) await null;
    i += 1;
    return list.length;
  };
  a[i++]! += g(i) * (await h(a));
  log.push([i, [...a]]);
  a[i++]! -= (await h(a)) - g(i);
  log.push([i, [...a]]);
  a[a[i--]! & 1]! **= 2 - (await h(a)) / (g(i) || 1);
  return [log, i, a];
}

/** Keys that convert, receivers that are calls, getters and setters: each once, each in its place. */
export async function keysAndReceivers(): Promise<unknown> {
  const log: Log = [];
  let inner = 5;
  const traced = {
    get x(): number {
      log.push('get x');
      return inner;
    },
    set x(value: number) {
      log.push(`set x ${value}`);
      inner = value;
    },
  };
  const receiver = (name: string): typeof traced => {
    log.push(`receiver ${name}`);
    return traced;
  };
  const key = (name: string): 'x' =>
    ({
      toString(): string {
        log.push(`key ${name}`);
        return 'x';
      },
    }) as never;
  receiver('a').x += await later(log, 'add', 1);
  receiver('b')[`${key('b')}` as 'x'] *= await later(log, 'times', 3);
  receiver('c')[key('c')] = await later(log, 'plain', 9);
  const before = receiver('d').x++ + (await later(log, 'plus', 100)) + --receiver('e').x;
  const nothing = { v: null as number | null, u: undefined as number | undefined, z: 0 };
  nothing.v ??= await later(log, '??=', 1);
  nothing.v ??= await later(log, 'never', 2);
  nothing.z ||= await later(log, '||=', 3);
  nothing.z &&= await later(log, '&&=', 4);
  nothing.u &&= await later(log, 'never', 5);
  return [log, before, traced.x, nothing];
}

function traceable(log: Log, values: readonly unknown[]): Iterable<never> {
  return {
    *[Symbol.iterator](): Generator<never> {
      try {
        for (const value of values) {
          log.push(`yields ${String(value)}`);
          yield value as never;
        }
        log.push('exhausted');
      } finally {
        log.push('closed');
      }
    },
  };
}

/** Patterns as assignment targets: defaults, computed keys, targets that are calls, and rests; most of them wait. */
export async function patterns(): Promise<unknown> {
  const log: Log = [];
  const a: Bag = {};
  let i = 0;
  const at = (): string => {
    log.push(`at ${i}`);
    return `k${i++}`;
  };
  const target = (): Bag => {
    log.push('target');
    return a;
  };
  [a[at()], target()[at()] = await later(log, 'default', 22), a[at()]] = traceable(log, [
    11,
    undefined,
    33,
    44,
  ]);
  [a[at()], , ...a[at()] as unknown[]] = traceable(log, [1, 2, 3, 4]);
  ({
    [await later(log, 'key', 'p')]: target()['p'],
    q: a[at()] = await later(log, 'deep', 'd'),
    ...a['rest']
  } = { p: 1, r: 2, s: 3 } as Bag);
  let x = 1;
  let y = 2;
  [x, y] = [y, x + (await later(log, 'swap', 10))];
  const {
    u: { v = await later(log, 'v', 'w'), ...others } = await later(log, 'u', { a: 1, b: 2 } as Bag),
    n = x > 1 ? await later(log, 'n', 0) : 5,
    ...left
  } = { m: 1 } as { u?: Bag; n?: number; m: number };
  try {
    [x, target()['fails']] = [5, await Promise.reject(new Error('no second'))];
  } catch (error) {
    log.push((error as Error).message, x);
  }
  return [log, a, x, y, v, others, n, left];
}

/** Callees, receivers, arguments, spreads, templates and keys of literals that were read before something waited. */
export async function pendingOperands(): Promise<unknown> {
  const log: Log = [];
  let n = 0;
  const first = (...all: unknown[]): unknown[] => ['first', ...all];
  const second = (...all: unknown[]): unknown[] => ['second', ...all];
  let f: ((...all: unknown[]) => unknown[]) | null = first;
  const swap = async (): Promise<number> => {
    f = f === first ? second : first;
    await null;
    return (n += 10);
  };
  class Held {
    readonly all: unknown[];
    constructor(...all: unknown[]) {
      this.all = [new.target.name, ...all];
    }
  }
  class Other extends Held {}
  let C = Held;
  const replace = async (): Promise<number> => {
    C = C === Held ? Other : Held;
    await null;
    return n++;
  };
  const object = { name: 'object', m: first as (...all: unknown[]) => unknown };
  const list = [1, 2];
  const grow = async (): Promise<number> => {
    list.push(list.length + 1);
    await null;
    object.m = function (this: typeof object, ...all: unknown[]) {
      return ['replaced on', this.name, ...all];
    };
    return list.length;
  };
  log.push(f(n++, await swap(), n++, ...list, await swap(), n));
  log.push(object.m(n++, await grow(), object.name), object.m(await grow()));
  log.push(new C(n, await replace(), n++).all, new C(await replace(), n).all);
  log.push([...list, await grow(), ...list, n++], `${n++}-${await grow()}-${n}-${list.length}`);
  const made = {
    [`k${n++}`]: n,
    [`w${await grow()}`]: n++,
    ...{ n },
    get live() {
      return n;
    },
    [`z${n}`]: await grow(),
  };
  n += 1;
  log.push(Object.entries(made));
  const maybe = { deep: { call: (v: number) => v + n } } as { deep: { call?: (v: number) => number } | null };
  log.push(
    maybe.deep?.call?.(await grow()),
    maybe['deep']?.['none' as 'call']?.(await later(log, 'never', 1)),
  );
  log.push((log.push(n), await grow(), n), typeof (await later(log, 'typeof', n)), n - (await swap()) - n);
  log.push(
    n < (await swap()) ? n : -(await swap()),
    (await swap()) in { [n]: 1 },
    !(await grow()) || (n++ && (await swap())),
  );
  const tag = (texts: TemplateStringsArray, ...all: unknown[]): unknown => [
    texts.raw.join('|'),
    Object.isFrozen(texts),
    ...all,
  ];
  log.push(tag`a${n}b${await grow()}\n${n++}`);
  return [log, n, list, f === first];
}

export async function main(): Promise<unknown> {
  return [await asWritten(), await keysAndReceivers(), await patterns(), await pendingOperands()];
}
