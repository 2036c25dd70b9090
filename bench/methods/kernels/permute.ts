'use movable';

class Permutations {
  readonly #items: number[];
  count = 0;
  hash = 0;

  constructor(size: number) {
    this.#items = Array.from({ length: size }, (_, index) => index + 1);
  }

  visit(rest: number): void {
    if (rest === 0) {
      this.count++;
      this.hash = (Math.imul(this.hash, 31) + this.#items[0]! * 7 + this.#items[this.#items.length - 1]!) | 0;
      return;
    }
    const last = rest - 1;
    this.visit(last);
    for (let at = last - 1; at >= 0; at--) {
      this.#swap(last, at);
      this.visit(last);
      this.#swap(last, at);
    }
  }

  #swap(a: number, b: number): void {
    const kept = this.#items[a]!;
    this.#items[a] = this.#items[b]!;
    this.#items[b] = kept;
  }
}

/** All orders of n things. */
export function main(n: number): number {
  const permutations = new Permutations(n);
  permutations.visit(n);
  return permutations.hash ^ permutations.count;
}
