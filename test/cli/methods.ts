/** A movable file for tests of the command line: `spin` is a tight loop that goes on until a file is there. */
export const methodsFile = `'use movable';

import { existsSync } from 'node:fs';
import { effect } from 'godwit';

export async function spin(until, modulus) {
  let sum = 0;
  let rounds = 0;
  for (;;) {
    for (let step = 0; step < 50000000; step += 1) {
      sum = (sum + rounds) % modulus;
      rounds += 1;
    }
    if (await effect('look', {}, () => existsSync(until))) break;
  }
  console.log('saw the file');
  return { rounds, sum };
}

export function double(value) {
  return value * 2;
}

export function fail(why) {
  throw new RangeError(why);
}

export function odd() {
  return new Map([['big', 5n]]);
}
`;

/** What `godwit wait` prints of `spin`. */
export interface Finished {
  readonly value: { readonly rounds: number; readonly sum: number };
}

/** What `spin` must return after so many rounds. */
export function spinSum(rounds: number, modulus: number): number {
  const count = BigInt(rounds);
  return Number(((count * (count - 1n)) / 2n) % BigInt(modulus));
}
