'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

function roll(): number {
  return Math.floor(Math.random() * 1e9);
}

/** Chance and time, which differ from run to run unless they are fixed. */
export async function main(): Promise<unknown> {
  const rolled: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    rolled.push(roll(), Date.now(), new Date().getTime());
    await null;
  }
  return rolled;
}
