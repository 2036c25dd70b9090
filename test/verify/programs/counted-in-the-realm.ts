'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

/** Keeps its state where it cannot be moved: in the realm of the process. */
export async function main(): Promise<number> {
  const realm = globalThis as { visits?: number };
  for (let round = 0; round < 3; round += 1) {
    realm.visits = (realm.visits ?? 0) + 1;
    await null;
  }
  return realm.visits ?? 0;
}
