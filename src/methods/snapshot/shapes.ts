/** A list of keys on its way to becoming a shape; each key leads one step further. */
interface Step {
  /** Its number; -1 while no object had exactly these keys. */
  number: number;
  readonly next: Map<string, Step>;
}

const newStep = (): Step => ({ number: -1, next: new Map() });

/** More keys than this are a dictionary, which shares its keys with nobody. */
const sharedKeysMax = 40;

/** Numbers the lists of keys that plain objects have, so that each list is written once. */
export class ShapeTable {
  readonly #root = newStep();
  #lastKeys: readonly string[] = [];
  #lastNumber = -1;
  /** The lists, in the order of their numbers. */
  readonly lists: (readonly string[])[] = [];

  /** @returns the number of the shape, from 0 */
  numberOf(keys: readonly string[]): number {
    if (this.#isLast(keys)) return this.#lastNumber;
    const found = keys.length > sharedKeysMax ? this.#add(keys) : this.#find(keys);
    this.#lastKeys = keys;
    this.#lastNumber = found;
    return found;
  }

  #isLast(keys: readonly string[]): boolean {
    if (this.#lastNumber < 0 || keys.length !== this.#lastKeys.length) return false;
    for (let index = 0; index < keys.length; index += 1) {
      if (keys[index] !== this.#lastKeys[index]) return false;
    }
    return true;
  }

  #find(keys: readonly string[]): number {
    let step = this.#root;
    for (const key of keys) {
      let next = step.next.get(key);
      if (next === undefined) {
        next = newStep();
        step.next.set(key, next);
      }
      step = next;
    }
    if (step.number < 0) step.number = this.#add(keys);
    return step.number;
  }

  #add(keys: readonly string[]): number {
    this.lists.push(keys);
    return this.lists.length - 1;
  }
}
