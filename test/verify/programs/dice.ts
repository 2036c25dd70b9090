'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

import { sleep } from '../../../src/methods/runtime/api.ts';

function roll(): number {
  return Math.floor(Math.random() * 1e9);
}

async function late(log: readonly number[]): Promise<void> {
  await sleep(5);
  console.log('late', log.length, roll());
}

/** Chance and time, which differ from run to run unless they are fixed; it returns before all that it began is done. */
export async function main(): Promise<unknown> {
  const rolled: number[] = [];
  void late(rolled);
  for (let round = 0; round < 3; round += 1) {
    rolled.push(roll(), Date.now(), new Date().getTime());
    await null;
  }
  return rolled;
}
