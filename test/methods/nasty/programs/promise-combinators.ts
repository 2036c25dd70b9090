'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, unicorn/no-thenable, unicorn/no-single-promise-in-promise-methods, typescript/await-thenable, typescript/no-misused-promises */

// Combinators over children of which one settles while another rejects: the order of all reactions is in the log.

type Log = unknown[];

async function child(log: Log, name: string, turns: number, fails = false): Promise<string> {
  try {
    for (let k = 0; k < turns; k += 1) {
      log.push(`${name}${k}`);
      await null;
    }
    if (fails) throw new Error(`${name} failed`);
    return name;
  } finally {
    log.push(`${name} ends`);
  }
}

function shown(settled: readonly PromiseSettledResult<unknown>[]): unknown {
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : `!${(one.reason as Error).message}`));
}

/** All four combinators over the same children, whose ends fall together. */
export async function shared(): Promise<unknown> {
  const log: Log = [];
  for (const [first, second, third] of [
    [1, 2, 3],
    [3, 1, 2],
    [2, 2, 2],
    [0, 3, 0],
  ] as const) {
    const children = [child(log, 'a', first), child(log, 'b', second, true), child(log, 'c', third)];
    const results = [
      Promise.race(children),
      Promise.all(children),
      Promise.any(children),
      Promise.allSettled(children),
    ];
    for (const [at, result] of results.entries()) {
      result.then(
        (value: unknown) =>
          log.push([at, 'ok', at === 3 ? shown(value as PromiseSettledResult<unknown>[]) : value]),
        (error: unknown) => log.push([at, 'failed', (error as Error).message]),
      );
    }
    log.push(shown((await Promise.allSettled(results)).slice(0, 3)));
    log.push(
      await Promise.all(children)
        .catch((error: unknown) => (error as Error).message)
        .finally(() => log.push('finally')),
    );
  }
  return log;
}

/** None fulfils; none is there; values, thenables and one promise twice among the children. */
export async function corners(): Promise<unknown> {
  const log: Log = [];
  const none: readonly Promise<never>[] = [];
  const thenable = {
    then(resolve: (value: string) => void, reject: (error: unknown) => void): void {
      log.push('then is called');
      resolve('thenable');
      reject(new Error('too late'));
      log.push('then returns');
    },
  };
  try {
    await Promise.any([child(log, 'x', 2, true), child(log, 'y', 1, true)]);
  } catch (error) {
    const { name, message, errors } = error as AggregateError;
    log.push([name, message, errors.map((one) => (one as Error).message), error instanceof AggregateError]);
  }
  try {
    await Promise.any(none);
  } catch (error) {
    log.push((error as AggregateError).errors.length);
  }
  const twice = child(log, 't', 2);
  log.push(await Promise.all([]), await Promise.allSettled(none));
  log.push(await Promise.all([twice, thenable, 5, twice, undefined, Promise.resolve('p')]));
  log.push(await Promise.race([thenable, twice]), await Promise.race([child(log, 'slow', 3), 'at once']));
  const never = Promise.race(none);
  log.push(await Promise.race([never, child(log, 'only', 1)]));
  const nested = Promise.all([
    Promise.allSettled([child(log, 'n', 1, true)]),
    Promise.any([Promise.race([child(log, 'm', 1)])]),
  ]);
  const [settled, any] = await nested;
  log.push(shown(settled), any);
  return log;
}

/** Chains: what `then`, `catch` and `finally` return, pass on and keep, and in which order they run between other tasks. */
export async function chains(): Promise<unknown> {
  const log: Log = [];
  const ticks = (async () => {
    for (let k = 0; k < 14; k += 1) {
      log.push(k);
      await null;
    }
  })();
  const base = child(log, 'base', 2);
  const failing = child(log, 'bad', 3, true);
  const ends = [
    base.then((value) => `${value}!`).then(() => child(log, 'inner', 1)),
    base.finally(() => child(log, 'held up', 2)),
    base.finally(() => Promise.reject(new Error('finally rejects'))),
    base
      .then(undefined, () => 'never')
      .then((value) => ({ then: (f: (v: string) => void) => f(`${value} adopted`) }) as PromiseLike<string>),
    failing.then(() => 'never').catch((error: unknown) => (error as Error).message),
    failing.finally(() => 'ignored').catch((error: unknown) => error instanceof Error),
    failing.catch((error: unknown) => {
      for (let k = 0; k < 2; k += 1) log.push(`caught ${k}`);
      throw new TypeError('thrown on', { cause: error });
    }),
    new Promise((resolve, reject) => {
      for (let k = 0; k < 2; k += 1) log.push(`executor ${k}`);
      resolve(base);
      reject(new Error('ignored'));
      throw new Error('ignored as well');
    }),
    new Promise<never>(() => {
      throw new RangeError('executor throws');
    }),
  ];
  log.push('all are made');
  const settled = await Promise.allSettled(ends);
  const causes = settled.map((one) =>
    one.status === 'rejected' ? String((one.reason as Error).cause) : null,
  );
  await ticks;
  return [log, shown(settled), causes];
}

/** A queue of waiting consumers whose resolvers lie in an array, woken by a producer in another order. */
export async function deferred(): Promise<unknown> {
  const log: Log = [];
  const waiting: {
    readonly resolve: (value: unknown) => void;
    readonly reject: (error: unknown) => void;
    readonly n: number;
  }[] = [];
  const wait = (n: number): Promise<unknown> =>
    new Promise((resolve, reject) => waiting.push({ resolve, reject, n }));
  let open = 5;
  const consumers = [0, 1, 2, 3, 4].map(async (n) => {
    try {
      for (let round = 0; round < 2; round += 1) log.push([n, round, await wait(n * 10 + round)]);
      return n;
    } catch (error) {
      log.push([n, 'failed', (error as Error).message]);
      return -n;
    } finally {
      open -= 1;
    }
  });
  let served = 0;
  while (open > 0) {
    await null;
    const next = waiting.splice((served * 3) % (waiting.length || 1), 1)[0];
    if (next === undefined) continue;
    served += 1;
    if (served === 4) next.reject(new Error(`rejected ${next.n}`));
    else if (served === 6) next.resolve(child(log, `for ${next.n}`, 2));
    else next.resolve(`served ${served}`);
    next.resolve('once more');
  }
  log.push(await Promise.all(consumers), waiting.length);
  const { promise, cancelled } = ((): { promise: Promise<unknown>; cancelled: AbortController } => {
    const controller = new AbortController();
    return {
      cancelled: controller,
      promise: new Promise((_resolve, reject) => {
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), {
          once: true,
        });
      }),
    };
  })();
  setTimeout(() => cancelled.abort(new Error('out of time')), 5);
  log.push(await promise.catch((error: unknown) => (error as Error).message), cancelled.signal.aborted);
  return log;
}

/** Timers of different lengths and kinds beside tasks and microtasks; the order does not hang on how long a move takes. */
export async function timers(): Promise<unknown> {
  const log: Log = [];
  const say = (what: string) => (): void => void log.push(what);
  const cancelled = setTimeout(say('never'), 2);
  const late = new Promise<void>((resolve) => setTimeout(resolve, 25)).then(say('late'));
  setTimeout((a: string, b: number) => log.push([a, b]), 10, 'with', 2);
  queueMicrotask(say('microtask'));
  clearTimeout(cancelled);
  log.push(await child(log, 'between', 2));
  await late;
  let beats = 0;
  const end = new Promise<string>((resolve) => {
    const beat = setInterval(() => {
      for (let k = 0; k < 2; k += 1) beats += 1;
      log.push(beats);
      if (beats < 6) return;
      clearInterval(beat);
      resolve(`beats ${beats}`);
    }, 3);
  });
  log.push(await end);
  await new Promise<void>((resolve) => setTimeout(resolve, 12));
  return log;
}

export async function main(): Promise<unknown> {
  return [await shared(), await corners(), await chains(), await deferred(), await timers()];
}
