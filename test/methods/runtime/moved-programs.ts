import { expect } from 'vitest';
import { load, runMovable, runNative, writeModules } from './workshop.ts';

/** Writes `main` with a body as a movable module `m.ts` with every safe point, and as a native one, `n.ts`. @returns the folder */
export async function prepare(head: string, body: string): Promise<string> {
  const text = `"use movable";\n${head}\nexport async function main() {${body}}\n`;
  const folder = writeModules(
    { 'm.ts': text, 'n.ts': text.replaceAll('use movable', 'use native') },
    { movable: true, dense: true },
  );
  await load(folder, 'm.ts');
  return folder;
}

/** What `main` does natively, which it has to do outside of executions, and preempted at each point, as well. */
export async function nativeOutcome(folder: string): Promise<unknown> {
  const native = await runNative(folder, 'n.ts', 'main', []);
  expect(native.ok).toBe(true);
  expect(await runNative(folder, 'm.ts', 'main', []), 'outside of executions').toEqual(native);
  const still = await runMovable(folder, 'm.ts#main', [], () => false);
  expect(still.outcome, 'preempted at each point').toEqual(native);
  return native;
}

/**
 * `main` is moved at each point in one of three runs, and at two points of three in each: whoever is moved at each chance has no
 * time to wait for a timer.
 *
 * @returns the moves of all three
 */
export async function movedByThirds(folder: string): Promise<number> {
  const native = await nativeOutcome(folder);
  let points = 0;
  for (const skipped of [0, 1, 2]) {
    let chance = skipped;
    const moved = await runMovable(folder, 'm.ts#main', [], () => (chance += 1) % 3 !== 0);
    expect(moved.outcome, `moved at two points of three, from ${skipped} on`).toEqual(native);
    expect(moved.pins).toEqual([]);
    points += moved.moved;
  }
  return points;
}
