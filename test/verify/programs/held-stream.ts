'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

/** Something of the process is live at each point. */
export async function main(): Promise<string> {
  const stream = process.stdin;
  let rounds = 0;
  for (let round = 0; round < 3; round += 1) {
    await null;
    rounds += 1;
  }
  return `${typeof stream} ${rounds}`;
}
