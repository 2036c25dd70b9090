/** How many activations may stand on one another that await each other's outcome at once. */
const leftMax = 64;

/**
 * What stands below an activation of an asynchronous method whose caller awaits it at once, and so never holds its promise.
 * Where it is the first of its job, or all below it down to the first do nothing but await, an `await` of what is settled already
 * goes on in place when no other job is queued: to unwind them all, and to come back by the queue, would be the same, and slower.
 *
 * Passed as one argument more than a method declares. Never seen by anybody's code.
 */
export class Depth {
  readonly #left: number;
  readonly below: Depth;

  private constructor(left: number, below: Depth | null) {
    this.#left = left;
    this.below = below ?? this;
  }

  /** Something else stands below, or too many activations do: a wait is a real one. */
  static readonly none = new Depth(0, null);
  /** What comes next is no await, but something else that takes a promise's record: there always is one. */
  static readonly apart = new Depth(0, Depth.none);
  /** Nothing stands below. */
  static readonly first: Depth = Depth.#under(leftMax);

  static #under(left: number): Depth {
    return left === 0 ? Depth.none : new Depth(left, Depth.#under(left - 1));
  }

  /** @returns null for whatever an author may have passed */
  static of(given: unknown): Depth | null {
    return typeof given === 'object' && given !== null && #left in given ? given : null;
  }

  get isFree(): boolean {
    return this.#left > 0;
  }
}
