'use movable';

/** A source of pseudo-random numbers that is plain data, so that it moves with whoever draws from it. */
export interface Chance {
  state: number;
}

/** The same numbers for the same three. */
export function chanceOf(seed: number, x: number, y: number): Chance {
  let mixed = Math.imul(seed, 0x9e3779b1) ^ Math.imul(x + 1, 0x85ebca6b) ^ Math.imul(y + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return { state: mixed ^ (mixed >>> 15) };
}

/** @returns at least 0, less than 1 */
export function nextChance(chance: Chance): number {
  chance.state = (chance.state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(chance.state ^ (chance.state >>> 15), chance.state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}
