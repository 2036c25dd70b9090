/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// A list has no `return`, but what walks it for `for await` has: leaving the loop takes turns of its own.

async function ticks(log) {
  for (let i = 0; i < 10; i++) {
    await null;
    log.push(i);
  }
}

export async function main() {
  const log = [];
  const held = ticks(log);
  for await (const e of [4, Promise.resolve(5)]) {
    log.push(e);
    break;
  }
  log.push('left');
  for await (const e of [4, Promise.resolve(5)]) log.push(e);
  log.push('ended');
  await held;
  return describe(log);
}
