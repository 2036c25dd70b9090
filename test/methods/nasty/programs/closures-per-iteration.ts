'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable, typescript/no-explicit-any, no-var, no-redeclare, no-case-declarations */

// One environment for each iteration, shared by the closures made in it; changed in the body, in the update clause, and by
// closures that outlive the loop.

type Read = () => unknown;
type Write = (by: number) => unknown;

async function rest(turns = 2): Promise<void> {
  for (let k = 0; k < turns; k += 1) await null;
}

/** Closures of the initialiser, the condition, the update clause and the body see different environments. */
export async function everyClause(): Promise<unknown> {
  const reads: Read[] = [];
  const writes: Write[] = [];
  for (
    let i = 0, step = 1, of = (): unknown => ['initial', i];
    reads.push(() => ['condition', i]), i < 4;
    reads.push(() => ['before update', i]),
      i += step,
      writes.push((by) => (i += by)),
      reads.push(() => ['after update', i])
  ) {
    reads.push(of, () => ['body', i, step]);
    if (i === 1) {
      step = 2;
      i -= 1;
      await rest();
      i += 1;
    }
    writes.push((by) => (step -= by));
    if (i === 2) continue;
    of = () => ['changed', i, step];
  }
  const before = reads.map((read) => read());
  await rest();
  const written = writes.map((write, n) => write(n * 10));
  await rest();
  return [before, written, reads.map((read) => read())];
}

interface Pair {
  readonly read: Read;
  readonly write: Write;
}

/** Two closures share each iteration's variable; they lie in a Map, an object's fields and a set, and are used by tasks. */
export async function sharedPairs(): Promise<unknown> {
  const log: unknown[] = [];
  const pairs = new Map<string | Read, Pair>();
  const all = new Set<Read>();
  const kept: { own: Pair | null; list: Read[] } = { own: null, list: [] };
  for (let i = 0; i < 3; i += 1) {
    let extra = i * 100;
    const read: Read = () => [i, extra];
    const write: Write = (by) => {
      for (let k = 0; k < by; k += 1) extra += 1;
      return (i += 0) + by;
    };
    pairs.set(`p${i}`, { read, write }).set(read, { read, write });
    all.add(read);
    if (i === 1) kept.own = { read, write };
    kept.list.push(read);
    await rest(1);
    extra += 1;
  }
  const tasks = [...pairs.values()].map(async ({ read, write }, n) => {
    write(n);
    await rest(n + 1);
    log.push([n, read(), kept.own?.read === read, all.has(read), pairs.get(read)?.write === write]);
    write(1);
  });
  kept.own?.write(1000);
  await Promise.all(tasks);
  return [log, kept.list.map((read) => read()), [...all].map((read) => read())];
}

/** Counters over parameters, defaults, a catch parameter, a class, the function's own name, and three levels of nesting. */
export async function kindsOfBindings(): Promise<unknown> {
  const counter = (n = 0, get = (): number => n, set = (v: number): number => (n = v)): (() => number[]) => {
    n += 1;
    return () => [(n += 1), get(), set(n * 2), get()];
  };
  const separate = (n = 1, get = (): number => n): number[] => {
    var n = n + 10;
    return [n, get()];
  };
  const own = function fact(n: number): number {
    return n < 2 ? 1 : n * fact(n - 1);
  };
  const deep = (a: number) => {
    let b = a;
    return () => {
      let c = (b += 1);
      return () => {
        b += 1;
        c += a;
        return [a, b, c];
      };
    };
  };
  const caught: Read[] = [];
  for (const thrown of [1, 2]) {
    try {
      throw { thrown };
    } catch ({ thrown: value }: any) {
      let times = value as number;
      caught.push(() => (times *= 3));
      await rest();
    }
  }
  const count = counter(5);
  const level = deep(1)();
  const another = deep(7);
  const first = [count(), separate(), own(6), level(), another()(), level()];
  await rest();
  const made = class Local {
    static made = 0;
    readonly id = (Local.made += 1);
    read = (): unknown => [this.id, Local.made, first.length];
  };
  const instances = [new made(), new made()];
  await rest();
  return [
    first,
    count(),
    level(),
    another()(),
    caught.map((f) => [f(), f()]),
    instances.map((one) => one.read()),
    new made().read(),
  ];
}

/** Temporal dead zones, and bindings of a `switch` that only some cases initialise. */
export async function deadZones(): Promise<unknown> {
  const log: unknown[] = [];
  const peek = (read: Read): unknown => {
    try {
      return read();
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  };
  for (let round = 0; round < 3; round += 1) {
    const early: Read = () => later;
    const assign = (v: number): unknown => (later = v);
    log.push(
      peek(early),
      peek(() => assign(1)),
    );
    await rest(1);
    let later = round;
    log.push(
      peek(early),
      peek(() => assign(round + 40)),
      later,
    );
    await rest(1);
    later += 1;
    try {
      switch (round) {
        case 0:
          let inner: unknown = 'set';
          log.push(inner);
          break;
        case 1:
          log.push(peek(() => inner));
          await rest(1);
          inner = 'assigned too early';
          log.push('not reached');
          break;
        default:
          log.push(peek(() => typeof inner));
      }
    } catch (error) {
      log.push((error as Error).name, (error as Error).message);
    }
    log.push(peek(early));
  }
  return log;
}

/** `for-of`, `for-in` and nested loops whose closures are moved half-way, then run in another order than made. */
export async function halfWay(): Promise<unknown> {
  const made: ((add: number) => unknown)[] = [];
  const state = { total: 0 };
  for (const word of ['a', 'b', 'c']) {
    for (let n = 0; n < 2; n += 1) {
      for (const key in { x: 1, y: 2 }) {
        made.push((add) => {
          state.total += add;
          n += add;
          return `${word}${n}${key}${state.total}`;
        });
        if (key === 'x') await rest(1);
      }
    }
  }
  const order = [7, 2, 11, 0, 3, 7, 10, 1, 0];
  const out: unknown[] = [];
  for (const index of order) {
    out.push(made[index]!(index));
    await rest(1);
  }
  return [out, made.length, state];
}

export async function main(): Promise<unknown> {
  return [
    await everyClause(),
    await sharedPairs(),
    await kindsOfBindings(),
    await deadZones(),
    await halfWay(),
  ];
}
