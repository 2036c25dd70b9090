/** How many moves began within the last `windowMs`: of times at most `keepMax`, more are as good as that many. */
export class MoveCount {
  readonly #windowMs: number;
  readonly #keepMax: number;
  #atMs: number[] = [];

  constructor(windowMs: number, keepMax: number) {
    this.#windowMs = windowMs;
    this.#keepMax = keepMax;
  }

  count(atMs: number): void {
    this.#atMs.push(atMs);
    if (this.#atMs.length > this.#keepMax) this.#atMs.shift();
  }

  within(nowMs: number): number {
    this.#atMs = this.#atMs.filter((atMs) => nowMs - atMs < this.#windowMs);
    return this.#atMs.length;
  }
}
