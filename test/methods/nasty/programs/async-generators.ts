'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

// Generators of both kinds: queued requests, delegation, early ends, and what `finally` does meanwhile.

type Log = unknown[];

async function pause(log: Log, what: string): Promise<string> {
  log.push(`${what}>`);
  await null;
  log.push(`<${what}`);
  return what;
}

async function* inner(log: Log, name: string): AsyncGenerator<unknown, string, unknown> {
  let received: unknown = 'nothing';
  try {
    for (let n = 0; n < 3; n += 1) {
      log.push([name, n, received]);
      received = yield `${name}${n}`;
      await pause(log, `${name} between`);
    }
    return `${name} returns`;
  } catch (error) {
    log.push([name, 'caught', (error as Error).message]);
    yield `${name} goes on`;
    return `${name} recovered`;
  } finally {
    await pause(log, `${name} finally`);
    log.push([name, 'finally', received]);
  }
}

async function* outer(log: Log): AsyncGenerator<unknown, unknown, unknown> {
  try {
    const got = yield* inner(log, 'i');
    log.push(['outer got', got]);
    const more = yield* [Promise.resolve('x'), 'y'];
    log.push(['outer got', more]);
    return yield* inner(log, 'j');
  } finally {
    log.push('outer finally');
    yield 'from the finally';
    await pause(log, 'outer ends');
  }
}

function settled(log: Log, name: string, result: Promise<IteratorResult<unknown>>): Promise<void> {
  return result.then(
    ({ value, done }) => void log.push([name, value, done]),
    (error: unknown) => void log.push([name, 'failed', (error as Error).message]),
  );
}

/** Requests queue up while the generator is at work; then it is ended early, from outside and in the middle. */
export async function queued(): Promise<unknown> {
  const log: Log = [];
  for (const mode of ['through', 'return', 'throw', 'both'] as const) {
    const made = outer(log);
    const all: Promise<void>[] = [];
    for (let n = 0; n < 3; n += 1) all.push(settled(log, `${mode} next ${n}`, made.next(n)));
    log.push('three are queued');
    if (mode === 'return') all.push(settled(log, 'return', made.return(Promise.resolve('given'))));
    if (mode === 'throw') all.push(settled(log, 'throw', made.throw(new Error('thrown in'))));
    if (mode === 'both') {
      await all[0];
      all.push(
        settled(log, 'throw', made.throw(new Error('first'))),
        settled(log, 'return', made.return('then')),
      );
    }
    for (let n = 3; n < 11; n += 1) all.push(settled(log, `${mode} next ${n}`, made.next(n)));
    await Promise.all(all);
    await settled(log, 'after the end', made.return('late'));
    await settled(log, 'after the end', made.throw(new Error('late')));
  }
  return log;
}

/** `for await` over generators, over lists of promises and over iterators of one's own, left in every way. */
export async function walks(): Promise<unknown> {
  const log: Log = [];
  const own = (name: string): AsyncIterable<string> => ({
    [Symbol.asyncIterator]() {
      let n = 0;
      return {
        next: async () => (log.push(`${name} ${n}`), { value: `${name}${n++}`, done: n > 3 }),
        return: async () => {
          await pause(log, `${name} closes`);
          return { value: undefined, done: true };
        },
      };
    },
  });
  const leave = async (how: string, from: AsyncIterable<unknown> | Iterable<unknown>): Promise<unknown> => {
    let seen = 0;
    try {
      for await (const value of from) {
        log.push([how, value]);
        seen += 1;
        if (seen < 2) continue;
        if (how === 'break') break;
        if (how === 'return') return `returned ${seen}`;
        if (how === 'throw') throw new Error(`thrown ${seen}`);
      }
      return `through ${seen}`;
    } catch (error) {
      return (error as Error).message;
    } finally {
      log.push(`${how} left`);
    }
  };
  const failing = (): Iterable<unknown> => [Promise.resolve(1), Promise.reject(new Error('second fails')), 3];
  for (const how of ['through', 'break', 'return', 'throw']) {
    log.push(
      await leave(how, outer(log)),
      await leave(how, own(how)),
      await leave(how, [1, Promise.resolve(2), 3]),
    );
  }
  log.push(await leave('through', failing()));
  return log;
}

function* tree(log: Log, depth: number, name = 'r'): Generator<string, number, number | undefined> {
  let sum = 0;
  try {
    if (depth === 0) {
      const sent = yield name;
      return sent ?? 1;
    }
    for (const side of ['l', 'r']) sum += yield* tree(log, depth - 1, name + side);
    for (let k = 0; k < 2; k += 1) log.push(`${name} ${sum}`);
    return sum;
  } finally {
    log.push(`${name} done`);
  }
}

/** Recursive delegation; generators held in data, driven by hand, by spread, by patterns, and never ended at all. */
export async function delegated(): Promise<unknown> {
  const log: Log = [];
  const held = new Map(['a', 'b', 'c', 'd'].map((name) => [name, tree(log, 3, name)]));
  const out: unknown[] = [];
  for (let n = 0; n < 10; n += 1) {
    for (const [name, walk] of held) {
      const step = name === 'b' && n === 3 ? walk.return(-1) : walk.next(name === 'a' ? n : undefined);
      out.push(step.value, step.done);
      await null;
      if (name === 'c' && n === 2) {
        const [one, two] = walk;
        out.push(one, two);
      }
    }
  }
  const last = tree(log, 2, 'z');
  out.push([...last], last.next(), last[Symbol.iterator]() === last, Object.prototype.toString.call(last));
  try {
    const thrown = tree(log, 2, 't');
    thrown.next();
    thrown.throw(new Error('thrown in'));
  } catch (error) {
    out.push((error as Error).message);
  }
  function* itself(): Generator<number> {
    try {
      for (const _ of busy) yield 1;
    } catch (error) {
      log.push((error as Error).name);
    }
    yield* { [Symbol.iterator]: () => ({ next: () => ({ done: true, value: 0 }) }) };
  }
  const busy = itself();
  out.push([...busy]);
  return [out, log];
}

/** Methods that are generators, with `this`, `super`, private state, defaults and `arguments`. */
export async function members(): Promise<unknown> {
  const log: Log = [];
  class Source {
    #left: number;
    constructor(left: number) {
      this.#left = left;
    }
    *[Symbol.iterator](): Generator<number> {
      while (this.#left > 0) yield this.#left--;
    }
    async *slowly(by = this.#left): AsyncGenerator<number, string> {
      for (const n of this) yield n * by;
      return `${arguments.length} given`;
    }
    static *pairs<T>(...all: T[]): Generator<[T, number]> {
      let n = 0;
      for (const one of all) yield [one, n++];
    }
  }
  class Doubled extends Source {
    override *[Symbol.iterator](): Generator<number> {
      for (const n of super[Symbol.iterator]()) yield* [n, n];
    }
    override async *slowly(): AsyncGenerator<number, string> {
      const relay = (): AsyncGenerator<number, string> => super.slowly(3);
      return `doubled: ${yield* relay()}`;
    }
  }
  for (const source of [new Source(3), new Doubled(2)]) {
    const slow = source.slowly();
    for (;;) {
      const step = await slow.next();
      log.push(step);
      if (step.done === true) break;
    }
  }
  log.push([...Source.pairs('p', 'q')], [...new Doubled(2)], Math.max(...new Source(4)));
  const waits = log.length;
  const object = {
    base: 10,
    *walk(this: { base: number }, n: number): Generator<number> {
      while (n-- > 0) yield this.base + n;
    },
    async *[`wait${waits}`](): AsyncGenerator<number> {
      yield* this.walk(2);
    },
  };
  for await (const n of (object as unknown as Record<string, () => AsyncGenerator<number>>)[
    `wait${waits}`
  ]!())
    log.push(n);
  return log;
}

export async function main(): Promise<unknown> {
  return [await queued(), await walks(), await delegated(), await members()];
}
