import type { SnapshotDigest } from '../../core/ids.ts';
import type {
  DecodeOptions,
  EncodeOptions,
  SnapshotDecodeOptions,
  SnapshotEncodeOptions,
} from './options.ts';

export type {
  BufferClass,
  DecodeOptions,
  EncodeOptions,
  ExternalRecord,
  Permanents,
  Reviver,
  SnapshotDecodeOptions,
  SnapshotEncodeOptions,
} from './options.ts';
export {
  PermanentMissingError,
  SnapshotCorruptError,
  SnapshotTooLargeError,
  SnapshotVersionError,
  UnserialisableError,
} from './errors.ts';
export { type PathStep, pathText } from './path-text.ts';

/**
 * Writes everything that `root` reaches into one snapshot: identity, cycles and shared buffers kept.
 *
 * @returns magic, format version, content, SHA-256 of all of it
 * @throws {UnserialisableError} at the first value that is neither data nor known by reference, with its path
 * @throws {SnapshotTooLargeError} beyond `sizeLimitBytes`
 */
export declare function encode(root: unknown, options: SnapshotEncodeOptions): Uint8Array;

/**
 * Rebuilds what `encode` was given. The digest is checked before anything is read; nothing is ever evaluated.
 *
 * @throws {SnapshotCorruptError} when the bytes are not a whole, unaltered snapshot
 * @throws {SnapshotVersionError} when another version of the format wrote them
 * @throws {PermanentMissingError} when something that is held by reference is not here
 */
export declare function decode(bytes: Uint8Array, options: SnapshotDecodeOptions): unknown;

/** The digest that a snapshot carries, in hexadecimal, without computing it again: `decode` checks it. */
export declare function digestOf(snapshot: Uint8Array): SnapshotDigest;

/** Like `encode`, without magic and digest: for arguments, messages and results, which links authenticate. */
export declare function encodeValue(value: unknown, options?: EncodeOptions): Uint8Array;

/** Reads what `encodeValue` wrote. Throws like `decode`. */
export declare function decodeValue(bytes: Uint8Array, options?: DecodeOptions): unknown;

/** A two-way table out of (name, value) pairs. Names and values must be unique. */
export declare function createPermanents(
  entries: Iterable<readonly [string, object | symbol]>,
): import('./options.ts').Permanents;

/** A value for people's eyes, at most `lengthMax` characters; runs no user code and never throws. */
export declare function preview(value: unknown, lengthMax: number): string;
