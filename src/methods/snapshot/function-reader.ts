import { PermanentMissingError, SnapshotCorruptError } from './errors.ts';
import { describe } from './intrinsics.ts';
import type { Callable, CodeTable } from './options.ts';
import type { ValueReader } from './value-reader.ts';

/** Makes functions and classes again, by the heads that say what they are made of. */
export class FunctionReader {
  readonly #values: ValueReader;
  readonly #code: CodeTable | undefined;

  constructor(values: ValueReader, code: CodeTable | undefined) {
    this.#values = values;
    this.#code = code;
  }

  closure(): object {
    const id = this.#values.text();
    return this.#table(id).makeClosure(id, this.list());
  }

  class(): object {
    const id = this.#values.text();
    const captured = this.list();
    const superclass = this.#values.next();
    return this.#table(id).makeClass(id, captured, superclass, this.list());
  }

  bound(): object {
    const target = this.#callable();
    const self = this.#values.next();
    return this.#table('a bound function').makeBound(target, self, this.list());
  }

  member(): object {
    const home = this.#callable();
    const name = this.#values.text();
    return this.#table(name).findMember(home, name);
  }

  /** The `prototype` of a function. */
  prototype(): object {
    const found: unknown = describe(this.#callable(), 'prototype')?.value;
    if (typeof found !== 'object' || found === null)
      throw new SnapshotCorruptError('a function has no prototype');
    return found;
  }

  list(): unknown[] {
    return Array.from({ length: this.#values.count() }, () => this.#values.next());
  }

  #callable(): Callable {
    const value = this.#values.next();
    if (typeof value !== 'function') throw new SnapshotCorruptError('something else stands for a function');
    return value as Callable;
  }

  #table(name: string): CodeTable {
    if (this.#code === undefined) throw new PermanentMissingError(name);
    return this.#code;
  }
}
