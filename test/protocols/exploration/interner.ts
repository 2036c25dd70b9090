/** Numbers values by their content, so that states of the world are short and quick to compare. 0 is nothing. */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];

  id(value: T): number {
    const text = JSON.stringify(value);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    if (this.#values.length >= 0xfffe)
      throw new Error('More than 65,534 different values: the bounds are too wide');
    this.#values.push(value);
    this.#ids.set(text, this.#values.length);
    return this.#values.length;
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
}
