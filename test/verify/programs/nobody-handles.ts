'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

import { sleep } from '../../../src/methods/runtime/api.ts';

async function fail(): Promise<never> {
  await null;
  throw new RangeError('nobody waits for this');
}

/** Ends by a rejection that nobody handles, while something else is still to come. */
export async function main(): Promise<string> {
  void fail();
  for (let round = 0; round < 5; round += 1) await null;
  console.log('not yet');
  await sleep(60_000);
  return 'never';
}
