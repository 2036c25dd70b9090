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
}

/** What stands in a snapshot for a value that the runtime replaces: a promise of a task, a reference to an execution. */
export interface ExternalRecord {
  /** Tells `Reviver.create` what to make. */
  readonly kind: string;
  /** Written out like any other value; it may refer to anything, cycles through the replaced value included. */
  readonly record: unknown;
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

export interface EncodeOptions {
  /** Default: none besides the intrinsics. */
  readonly permanents?: Permanents;
  /**
   * Asked for each value that would be refused otherwise (functions, promises, instances of classes, …), once for each
   * identity. Must not run user code. `null` refuses the value.
   */
  readonly external?: (value: object) => ExternalRecord | null;
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
