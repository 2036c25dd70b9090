'use movable';
import { describe } from 'observer';

// The executor starts a task that rejects the promise turns later; somebody else awaits it meanwhile.

async function later(c: any, turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) {
    c.log.push(i);
    await null;
  }
}

async function hold(c: any, p: Promise<unknown>): Promise<unknown> {
  try {
    return await p;
  } catch (e: any) {
    c.log.push(typeof e);
    return -1;
  }
}

function begin(c: any, turn: number): void {
  c.held.push(hold(c, new Promise((_, reject) => void later(c, 2).then(() => reject(turn), reject))));
}

export async function main(): Promise<unknown> {
  const c: any = { log: [], held: [] };
  const ends: unknown[] = [];
  for (let turn = 0; turn < 4; turn++) begin(c, turn);
  ends.push(await Promise.allSettled(c.held));
  return describe({ ends, c });
}
