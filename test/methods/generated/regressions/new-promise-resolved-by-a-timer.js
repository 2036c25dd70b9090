/* oxlint-disable */
'use movable';
import { describe } from 'observer';

// Promises that timers resolve, among timers that only log: their order is that of the timers.

async function waits(c, turn) {
  c.log.push('before' + turn);
  c.log.push(await new Promise((resolve) => void setTimeout(() => resolve(turn), 1)));
  if (turn === 1) throw new Error('one');
  return turn;
}

function note(c, turn) {
  setTimeout(() => void c.log.push('timer' + turn), 1);
}

export async function main() {
  const c = { log: [], held: [] };
  const ends = [];
  for (let turn = 0; turn < 3; turn++) {
    c.held.push(waits(c, turn).catch((e) => e.message));
    note(c, turn);
  }
  ends.push(await Promise.all(c.held));
  return describe({ ends, c });
}
