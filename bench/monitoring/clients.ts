'use movable';

import { sleep } from 'godwit';

/** Wakes once a second, does a little, and waits again, as most executions of a service do. */
export async function client(rounds: number): Promise<number> {
  let sum = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (let step = 0; step < 5_000; step += 1) sum = (sum + step * round) % 1_000_003;
    await sleep(1_000);
  }
  return sum;
}
