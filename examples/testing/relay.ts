'use movable';

import { receive, send, sleep } from 'godwit';

/** Sends the numbers from 0 on to another execution, and stays until it is told that they are there: it repeats what gets lost. */
export async function feed(to: string, messages: number): Promise<void> {
  for (let number = 0; number < messages; number += 1) {
    await send({ execution: to }, number);
    await sleep(10);
  }
  await receive();
}

/** Takes so many messages, and returns them as they came. */
export async function gather(messages: number): Promise<readonly unknown[]> {
  const taken: unknown[] = [];
  while (taken.length < messages) taken.push(await receive());
  return taken;
}
