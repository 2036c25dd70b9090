/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// The executor starts a task that rejects the promise turns later; somebody else awaits it meanwhile.

async function later(c, turns) {
  for (let i = 0; i < turns; i++) {
    c.log.push(i);
    await null;
  }
}

async function hold(c, p) {
  try {
    return await p;
  } catch (e) {
    c.log.push(typeof e);
    return -1;
  }
}

function begin(c, turn) {
  c.held.push(hold(c, new Promise((_, reject) => void later(c, 2).then(() => reject(turn), reject))));
}

export async function main() {
  const c = { log: [], held: [] };
  const ends = [];
  for (let turn = 0; turn < 4; turn++) begin(c, turn);
  ends.push(await Promise.allSettled(c.held));
  return describe({ ends, c });
}
