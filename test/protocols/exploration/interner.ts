/** Numbers values by their content, so that states of the world are short and quick to compare. 0 is nothing. */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];
  /** Objects that were numbered before need not be read again. */
  readonly #seen = new WeakMap<object, number>();
  readonly #keyOf: (value: T) => string;

  /** @param keyOf the same text for equal values only */
  constructor(keyOf: (value: T) => string = (value) => JSON.stringify(value)) {
    this.#keyOf = keyOf;
  }

  id(value: T): number {
    const seen = typeof value === 'object' && value !== null ? this.#seen.get(value) : undefined;
    if (seen !== undefined) return seen;
    const text = this.#keyOf(value);
    const id = this.#ids.get(text) ?? this.#add(text, value);
    if (typeof value === 'object' && value !== null) this.#seen.set(value, id);
    return id;
  }

  /** @param id not 0 */
  value(id: number): T {
    const value = this.#values[id - 1];
    if (value === undefined) throw new Error(`No value has number ${id}`);
    return value;
  }

  get size(): number {
    return this.#values.length;
  }

  #add(text: string, value: T): number {
    if (this.#values.length >= 0xfffe)
      throw new Error('More than 65,534 different values: the bounds are too wide');
    this.#values.push(value);
    this.#ids.set(text, this.#values.length);
    return this.#values.length;
  }
}
