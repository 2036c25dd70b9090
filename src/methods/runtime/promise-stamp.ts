class Itself {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return
    return object as Itself;
  }
}

/** A private field on an object that somebody else has made: invisible, and a hundred times faster to set than a WeakMap. */
class Stamp extends Itself {
  readonly #record: object;

  constructor(object: object, record: object) {
    super(object);
    this.#record = record;
  }

  static of(object: object): object | null {
    return #record in object ? object.#record : null;
  }
}

export function stampOf(object: object): object | null {
  return Stamp.of(object);
}

/** @returns false when the object has a stamp already */
export function stamp(object: object, record: object): boolean {
  if (Stamp.of(object) !== null) return false;
  void new Stamp(object, record);
  return true;
}
