'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

import { sleep } from '../../../src/methods/runtime/api.ts';

async function late(log: string[]): Promise<void> {
  await sleep(5);
  log.push('late');
  console.log('late', log.length);
}

/** Returns before all that it began is done. */
export async function main(): Promise<readonly string[]> {
  const log: string[] = [];
  void late(log);
  await null;
  return [...log, 'returned'];
}
