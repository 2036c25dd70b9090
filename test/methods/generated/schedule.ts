import type { Build, Progress } from './orders.ts';

/** A seeded source of chance whose state is a number. */
export function chanceOf(seed: number): { next(): number; readonly state: () => number } {
  let state = seed | 0;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
    state: () => state,
  };
}

/** The moves of one run, at most. */
const movesMax: Readonly<Record<Build, number>> = { dense: 11, production: 4 };

export function beginProgress(build: Build, seed: number): Progress {
  const chance = chanceOf(seed ^ (build === 'dense' ? 0x5bd1 : 0x2c93));
  // Some runs move at each point from some point on, others here and there.
  const next = Math.floor(chance.next() ** 3 * (build === 'dense' ? 120 : 30));
  const begun = { points: 0, next, moves: 0, pinned: 0, pins: [], bytes: 0, nowMs: 0 };
  return { ...begun, seed: chance.state() };
}

/** The point to move at after this one; Infinity when it has moved often enough. */
export function nextPoint(build: Build, { points, moves }: Progress, random: number): number {
  if (moves >= movesMax[build]) return Infinity;
  if (random < 0.6) return points + 1;
  return points + 1 + Math.floor(random ** 4 * (build === 'dense' ? 60 : 12));
}
