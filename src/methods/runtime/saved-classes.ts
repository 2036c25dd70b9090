import { GodwitError } from '../../core/errors.ts';
import type { SavedClasses } from '../snapshot/index.ts';

/** How instances of a class that is not movable cross from one process to another. */
export interface SavedForm<T extends object, D> {
  /**
   * What an instance is made of. Called whenever a snapshot is taken, and must change nothing. It may return anything that a
   * snapshot can hold, but nothing that leads back to the instance.
   */
  save(instance: T): D;
  /** Makes an instance of it, in another process. What `save` has made is whole by then. */
  load(data: D): T;
}

/** Two classes want one name, or a class wants two. */
export class ClassNameTakenError extends GodwitError {
  override readonly name = 'ClassNameTakenError';
  readonly code = 'CLASS_NAME_TAKEN';
  readonly retryable = false;
}

/** A snapshot holds an instance of a class that nobody has registered in this process, or one that cannot be made again. */
export class SavedClassError extends GodwitError {
  override readonly name = 'SavedClassError';
  readonly code = 'SAVED_CLASS_BROKEN';
  readonly retryable = false;
}

interface Registered {
  readonly name: string;
  readonly type: abstract new (...args: never[]) => object;
  save(instance: object): unknown;
  load(data: unknown): object;
}

class ClassRegister implements SavedClasses {
  readonly #byPrototype = new Map<object, Registered>();
  readonly #byName = new Map<string, Registered>();

  add(registered: Registered): void {
    const { name, type } = registered;
    const prototype = type.prototype as object;
    const [holder, named] = [this.#byName.get(name), this.#byPrototype.get(prototype)];
    if (holder !== undefined && holder.type !== type) {
      throw new ClassNameTakenError(
        `The classes ${type.name} and ${holder.type.name} are both registered as '${name}'. Give one another name.`,
      );
    }
    if (named !== undefined && named.name !== name) {
      throw new ClassNameTakenError(
        `The class ${type.name} is registered as '${named.name}' and as '${name}'. Register it once.`,
      );
    }
    this.#byName.set(name, registered);
    this.#byPrototype.set(prototype, registered);
  }

  of(prototype: object): Registered | null {
    return this.#byPrototype.get(prototype) ?? null;
  }

  load(name: string, data: unknown): object {
    const registered = this.#byName.get(name);
    if (registered === undefined) {
      throw new SavedClassError(
        `The snapshot holds an instance of '${name}', which is not registered here. ` +
          'Import the module that calls registerClass for it wherever the method may run.',
      );
    }
    const made = registered.load(data);
    if (typeof made === 'object' && made !== null) return made;
    throw new SavedClassError(
      `load of the class '${name}' has returned ${made === null ? 'null' : typeof made}. Return an instance.`,
    );
  }
}

const shared = globalThis as unknown as Record<symbol, ClassRegister | undefined>;
const key = Symbol.for('godwit.classes.1');

/** One for each thread, even where godwit was loaded twice. */
const register: ClassRegister = (shared[key] ??= new ClassRegister());

export const savedClasses: SavedClasses = register;

/**
 * Lets instances of a class of others be held where a method can be moved: `save` says what an instance is made of,
 * `load` makes it again. Both ends must have registered it, under the same name; instances of its subclasses need a
 * registration of their own.
 *
 * @throws {ClassNameTakenError}
 */
export function registerClass<T extends object, D>(
  type: abstract new (...args: never[]) => T,
  name: string,
  { save, load }: SavedForm<T, D>,
): void {
  register.add({
    name,
    type,
    save: (instance) => save(instance as T),
    load: (data) => load(data as D),
  });
}
