import type { Digest } from '../../core/ports.ts';

/**
 * Things that a snapshot holds by reference, under a name that means the same on every host: movable methods, exports
 * of modules. The intrinsics of the language (`Math`, `Map.prototype`, `Array.prototype.push`) are known without it.
 */
export interface Permanents {
  /** @returns the name of `value`, or undefined when it is to be written out */
  nameOf(value: object | symbol): string | undefined;
  /** @returns what carries the name here, or undefined when nothing does */
  find(name: string): object | symbol | undefined;
  /** Everything that has a name: the entries of a WeakMap are looked for under these keys as well. */
  values(): Iterable<object | symbol>;
}

/** A callable thing, made by `function`, an arrow, a method, `class` or `bind`. */
export type Callable = (...parameters: never[]) => unknown;

/** A function of movable code: the id of its code, and what it has captured, in the order of its code's own list. */
export interface ClosureForm {
  readonly code: string;
  readonly captured: readonly unknown[];
}

/** What `bind` was given. */
export interface BoundForm {
  readonly target: Callable;
  readonly self: unknown;
  readonly args: readonly unknown[];
}

/** A class that was evaluated at run time. */
export interface ClassForm extends ClosureForm {
  /** `undefined` without `extends`; `null` and any constructor otherwise. */
  readonly superclass: unknown;
  /** The values of its computed keys (strings and symbols), in the order of the source. */
  readonly keys: readonly unknown[];
}

/** A function that stands in the text of a class or an object literal (method, accessor). */
export interface MemberForm {
  /** The class, or the closure that stands for the literal. */
  readonly home: Callable;
  readonly member: string;
}

/** Private elements that one class has put on an object. */
export interface PrivatesForm {
  readonly owner: Callable;
  readonly values: readonly unknown[];
}

/**
 * How functions and classes of movable code are written: by the id of their code, and what they have captured. None of
 * these may run code of the program; each may be asked about any function or object, and answers `null` (or an empty
 * list) for what is not its own. The snapshot asks once for each identity.
 *
 * What a form holds is made before the thing itself: `captured`, `superclass`, `keys`, a bound function's parts and a
 * member's home. Cycles therefore lead through objects and boxes only, which stand empty at first and are filled last. Own
 * properties (`name`, `length`, `prototype`, statics), prototype and integrity level are the snapshot's to carry: a form need not tell them, and
 * whatever `make…` has put on a fresh function is replaced by what the original had.
 */
export interface CodeTable {
  /** Of functions that stand at the top level as well: an object with the prototype of a function is movable if the function is. */
  closureOf(f: Callable): ClosureForm | null;
  makeClosure(code: string, captured: readonly unknown[]): Callable;
  boundOf(f: Callable): BoundForm | null;
  makeBound(target: Callable, self: unknown, args: readonly unknown[]): Callable;
  /** Of classes that stand at the top level as well: instances are movable if their class is. */
  classOf(f: Callable): ClassForm | null;
  makeClass(
    code: string,
    captured: readonly unknown[],
    superclass: unknown,
    keys: readonly unknown[],
  ): Callable;
  memberOf(f: Callable): MemberForm | null;
  findMember(home: Callable, member: string): Callable;
  /** Private elements of an object or a class, those of the outermost ancestor first. Never asked for plain data. */
  privatesOf(o: object): readonly PrivatesForm[];
  /** Whether an object of any kind has private elements of classes that it does not inherit from. */
  isStamped(o: object): boolean;
  /**
   * Makes an empty object with room for private elements; null when any object with that prototype will do. Asked only
   * for objects that have private elements. `base` is '' for ordinary objects, or the built-in ancestor: 'Array', 'Map', 'Set' or 'Error'. Objects
   * of other ancestors (Date, RegExp, buffers, …) are always made by the snapshot; `fillPrivates` has to be able to add to them.
   */
  makeInstance(prototype: object, base: string): object | null;
  fillPrivates(o: object, owner: Callable, values: readonly unknown[]): void;
  /** Told of each object of the platform that was made again. */
  remade(o: object): void;
}

/**
 * What stands in a snapshot for a value that the runtime replaces: a promise of a task, a generator. Prototype, own properties and integrity
 * level are carried besides, unless the value's class is internal to the host (neither the language's nor movable).
 */
export interface ExternalRecord {
  /** Tells `Reviver.create` what to make. */
  readonly kind: string;
  /** Written out like any other value; it may refer to anything, cycles through the replaced value included. */
  readonly record: unknown;
}

/** Classes of others, whose instances are written as what their `save` makes of them. */
export interface SavedClasses {
  /** @returns how instances with exactly this prototype are written, or null */
  of(prototype: object): { readonly name: string; save(instance: object): unknown } | null;
  /** Makes an instance out of whole data. @throws when no class has the name */
  load(name: string, data: unknown): object;
}

/** Makes the values again that `external` replaced, in two steps, so that their records may be cyclic. */
export interface Reviver {
  /** Called once for each replaced value, before anything refers to it. */
  create(kind: string): object;
  /** Called once for each, in the order of `create`, when the whole graph stands; objects are frozen only afterwards. */
  fill(value: object, kind: string, record: unknown): void;
}

/** Node's `Buffer`, or something that makes the same views. */
export interface BufferClass {
  readonly prototype: object;
  from(buffer: ArrayBuffer, byteOffset: number, length: number): Uint8Array;
}

/** Sees iterators of a Map or Set, without moving them, and without running code of a program's. */
export interface IteratorProbe {
  isOne(value: object): boolean;
  /** May make an iterator be over that has come to the end of its collection. */
  look(iterator: object): IteratorLook;
}

export interface IteratorLook {
  /** How many entries are still to come. */
  readonly left: number;
  /** Whether it shows pairs: `entries()`. */
  readonly isPaired: boolean;
  /** What comes next, as a text: another one for a symbol of another description. */
  readonly next: () => string;
}

export interface EncodeOptions {
  /** Default: none besides the intrinsics. */
  readonly permanents?: Permanents;
  /** Default: none; functions and classes are refused then, unless they are permanents. */
  readonly code?: CodeTable;
  /** Default: none; instances of classes that are not movable are refused then. */
  readonly classes?: SavedClasses;
  /**
   * Names things of the host (its modules' functions, its globals). Asked only for what would be refused otherwise, so it may be slow.
   */
  readonly host?: Permanents;
  /** Default: none. A Proxy cannot be told from its target without it: its traps would run, and the target would be written. */
  readonly isProxy?: (value: object) => boolean;
  /**
   * Asked for each value that would be refused otherwise (functions, promises, instances of classes, …), once for each
   * identity. Must not run user code. `null` refuses the value.
   */
  readonly external?: (value: object) => ExternalRecord | null;
  /** Default: none; iterators of a Map or Set are refused then. */
  readonly iterators?: IteratorProbe;
  /** Default: none; a `Buffer` is refused then. */
  readonly buffer?: BufferClass;
  /**
   * Whether an array or a typed array has own properties besides its elements. Default: all its keys are
   * listed, which is slow for long arrays (0.3 µs an element); of views longer than 65,536 elements only symbols are
   * looked for then. `src/named-properties.ts` knows a better way on Node.js.
   */
  readonly hasNamedProperties?: (indexed: object) => boolean;
  /** The largest result, in bytes. Default: 1 GiB. */
  readonly sizeLimitBytes?: number;
  /**
   * Errors whose class is not one of the language's: `refuse` them, or write them as their `nearest` ancestor that is,
   * with `name` as an own property. Default: `refuse`.
   */
  readonly foreignErrors?: 'refuse' | 'nearest';
}

export interface DecodeOptions {
  readonly permanents?: Permanents;
  /** Default: none; a snapshot with functions or classes is refused then. */
  readonly code?: CodeTable;
  /** Default: none; a snapshot with instances of saved classes is refused then. */
  readonly classes?: SavedClasses;
  /** Default: none. */
  readonly host?: Permanents;
  /** Default: none; a snapshot with replaced values is refused then. */
  readonly reviver?: Reviver;
  /** Default: none; a `Buffer` comes back as a Uint8Array then. */
  readonly buffer?: BufferClass;
}

export interface SnapshotEncodeOptions extends EncodeOptions {
  readonly digest: Digest;
}

export interface SnapshotDecodeOptions extends DecodeOptions {
  readonly digest: Digest;
}
