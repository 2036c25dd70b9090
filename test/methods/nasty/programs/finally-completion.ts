'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable, no-unsafe-finally */

// What is pending when a `finally` begins (a return, a throw, a jump, the end of a loop) is kept while it waits, or is given
// up by what it does.

type Log = unknown[];

async function pause(log: Log, what: string): Promise<string> {
  log.push(`${what}>`);
  for (let k = 0; k < 2; k += 1) await null;
  log.push(`<${what}`);
  return what;
}

/** A labelled `continue` in a nested `finally` cancels a pending return, then a pending throw. */
export async function cancelled(): Promise<unknown> {
  const log: Log = [];
  const one = async (): Promise<unknown> => {
    let rounds = 0;
    outer: for (let i = 0; i < 5; i += 1) {
      rounds += 1;
      try {
        log.push(`try ${i}`);
        try {
          if (i === 0) return await pause(log, 'returned in vain');
          if (i === 1) throw new Error(`thrown in vain ${await pause(log, 'throwing')}`);
          if (i === 2) continue;
          if (i === 3) break;
          log.push('through');
        } finally {
          log.push(`inner ${i}`);
          await pause(log, `inner ${i}`);
          if (i === 0) log.push('inner goes on');
        }
      } finally {
        await pause(log, `outer ${i}`);
        if (i < 2) continue outer;
        log.push(`outer ${i} lets it be`);
      }
    }
    return `rounds ${rounds}`;
  };
  return [await one(), log];
}

/** The value of a `return` is fixed before its `finally` runs; a later completion takes the place of an earlier one. */
export async function overridden(): Promise<unknown> {
  const log: Log = [];
  const fixed = async (): Promise<unknown> => {
    let x = 1;
    const shared = { x };
    try {
      return [x++, x, shared, await pause(log, 'value')];
    } finally {
      x = 100;
      shared.x = 200;
      await pause(log, 'after the value');
    }
  };
  const replaced = async (how: string): Promise<unknown> => {
    try {
      try {
        if (how === 'throw') throw new Error('first');
        return 'first';
      } finally {
        await pause(log, how);
        if (how !== 'keep') throw new Error(`second after ${how}`, { cause: how });
      }
    } catch (error) {
      log.push((error as Error).message, (error as Error).cause);
      try {
        return await pause(log, 'caught');
      } finally {
        if (how === 'return') return 'third';
      }
    } finally {
      log.push(`end of ${how}`);
    }
  };
  return [await fixed(), await replaced('keep'), await replaced('return'), await replaced('throw'), log];
}

/** Loops of every kind that are left through nested `finally` blocks, towards different labels. */
export async function jumps(): Promise<unknown> {
  const log: Log = [];
  const closing = (name: string): Iterable<number> => ({
    [Symbol.iterator]: () => {
      let n = 0;
      return {
        next: () => ({ done: n >= 4, value: n++ }),
        return: (value?: unknown) => {
          for (let k = 0; k < 2; k += 1) log.push(`${name} closes ${k}`);
          return { done: true, value: value as number };
        },
      };
    },
  });
  const run = async (mode: number): Promise<string> => {
    let turns = 0;
    top: while (turns < 3) {
      turns += 1;
      let inner = 0;
      middle: do {
        inner += 1;
        for (const value of closing(`of ${mode}`)) {
          try {
            try {
              if (value === 1 && mode === 0) continue;
              if (value === 2 && mode === 1) continue top;
              if (value === 1 && mode === 2) break middle;
              if (value === 2 && mode === 3) break top;
              if (value === 1 && mode === 4) return 'left';
              if (value === 2 && mode === 5) throw new RangeError('thrown out');
            } catch (error) {
              log.push((error as Error).name);
              await pause(log, 'catch');
              throw new TypeError('thrown on', { cause: error });
            } finally {
              await pause(log, `first ${mode} ${value}`);
            }
            log.push(`body ${value}`);
          } finally {
            log.push(`second ${mode} ${value}`);
            for (const key in { p: 1, q: 2 }) {
              if (key === 'q') break;
              await pause(log, key);
            }
          }
        }
        log.push('for over');
      } while (inner < 2);
      log.push('do over');
      if (turns > 1) break;
    }
    return `ended ${turns}`;
  };
  const ends: unknown[] = [];
  for (let mode = 0; mode < 6; mode += 1) {
    try {
      ends.push(await run(mode));
    } catch (error) {
      ends.push([(error as Error).message, String((error as Error).cause)]);
    }
  }
  return [ends, log];
}

/** Without any `await`: what is pending survives a capture in the middle of a loop, or of a call, in a `finally`. */
export function synchronous(): unknown {
  const log: Log = [];
  const work = (n: number): number => {
    let sum = 0;
    for (let k = 0; k < n; k += 1) sum += k;
    return sum;
  };
  const pick = (n: number): unknown => {
    const seen = { n };
    for (let i = 0; ; i += 1) {
      try {
        switch (n) {
          case 0:
            return seen;
          case 1:
            throw seen;
          case 2:
            if (i < 2) continue;
            break;
          default:
            if (i > 1) return work(i);
        }
        log.push(`falls ${n} ${i}`);
        if (i > 3) return 'given up';
      } catch (thrown) {
        log.push(thrown === seen);
        return work(5);
      } finally {
        seen.n += work(4);
        let spins = 0;
        do spins += 1;
        while (spins < 3);
        log.push([n, i, seen.n, spins]);
        if (n === 3 && i === 2) continue;
      }
    }
  };
  return [[0, 1, 2, 3].map((n) => pick(n)), log];
}

export async function main(): Promise<unknown> {
  return [await cancelled(), await overridden(), await jumps(), synchronous()];
}
