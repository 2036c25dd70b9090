'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

import { effect, sleep } from '../../../src/methods/runtime/api.ts';

interface Account {
  readonly name: string;
  readonly entries: number[];
  partner: Account | null;
}

function open(name: string): Account {
  return { name, entries: [], partner: null };
}

function total(entries: readonly number[]): number {
  let sum = 0;
  for (const entry of entries) sum += entry;
  return sum;
}

async function book(account: Account, amount: number): Promise<number> {
  await null;
  account.entries.push(amount);
  const sum = total(account.entries);
  if (sum > 40) throw new RangeError(`${account.name} is over its limit`, { cause: { sum } });
  return sum;
}

/** Goes on in the process where it began, while the program moves on. */
function rate(): Promise<number> {
  return effect('rate', {}, async () => {
    await sleep(20);
    return 2;
  });
}

/** Calls, loops, tasks, an effect, an error, two streams, and a graph that shares and refers to itself. */
export async function main(): Promise<unknown> {
  const [left, right] = [open('left'), open('right')];
  left.partner = right;
  right.partner = left;
  const log: unknown[] = [];
  const rated = rate();
  for (let round = 0; round < 4; round += 1) {
    try {
      console.log('round', round, await book(left, round * 10));
      log.push(await Promise.all([book(right, -round), book(right, 2 * round)]));
    } catch (error) {
      console.error('failed', (error as Error).message);
      log.push(error);
    }
  }
  log.push(await rated);
  process.exitCode = 3;
  return { left, right, log, zero: -0, none: Number.NaN };
}
