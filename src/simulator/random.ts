import type { Random } from '../core/ports.ts';

/** Splitmix32: the same numbers for the same seed, on every machine. Not for secrets. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    return this.#uint32() / 2 ** 32;
  }

  hex(bytes: number): string {
    let text = '';
    for (let count = 0; count < bytes; count += 1) {
      text += (this.#uint32() >>> 24).toString(16).padStart(2, '0');
    }
    return text;
  }

  /** Uniform among the whole numbers from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** An independent source, so that one part's draws do not shift another's. */
  fork(): SeededRandom {
    return new SeededRandom(this.#uint32());
  }

  #uint32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }
}

/** @param values at least one */
export function oneOf<Value>(random: SeededRandom, values: readonly Value[]): Value {
  return values[random.below(values.length)] as Value;
}

/** @param range both ends included */
export function within(random: SeededRandom, [least, most]: readonly [number, number]): number {
  return least + random.below(most - least + 1);
}
