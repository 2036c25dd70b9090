'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

export const counts: number[] = [];

export async function main(): Promise<unknown> {
  await null;
  counts.push(1);
  return counts;
}
