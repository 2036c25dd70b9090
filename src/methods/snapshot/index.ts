import { assert } from '../../core/assert.ts';
import { type SnapshotDigest, snapshotDigest } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import { decodeBody } from './decoder.ts';
import { defaultSizeLimitBytes, Encoder } from './encoder.ts';
import { SnapshotCorruptError, SnapshotTooLargeError, SnapshotVersionError } from './errors.ts';
import { containerHeadBytes, digestBytes, formatVersion, magic } from './format.ts';
import { Hints, Restart } from './hints.ts';
import type {
  DecodeOptions,
  EncodeOptions,
  SnapshotDecodeOptions,
  SnapshotEncodeOptions,
} from './options.ts';

export type {
  BoundForm,
  BufferClass,
  Callable,
  ClassForm,
  ClosureForm,
  CodeTable,
  DecodeOptions,
  EncodeOptions,
  ExternalRecord,
  IteratorProbe,
  MemberForm,
  Permanents,
  PrivatesForm,
  Reviver,
  SavedClasses,
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
export { createPermanents } from './permanents.ts';
export { preview } from './preview.ts';
export { type PathStep, pathText } from './path-text.ts';

/** From this size on a snapshot lies in memory that threads share: another one gets it without a copy. */
const sharedBytesMin = 64 * 1024;

/**
 * Writes everything that `root` reaches into one snapshot: identity, cycles and shared buffers kept.
 *
 * @returns magic, format version, content, SHA-256 of all of it. A large one is never to be transferred to another thread: once an
 *   ArrayBuffer was detached anywhere, V8 looks at each access to any typed array of the thread whether that still has its memory
 * @throws {UnserialisableError} at the first value that is neither data nor known by reference, with its path
 * @throws {SnapshotTooLargeError} beyond `sizeLimitBytes`
 */
export function encode(root: unknown, options: SnapshotEncodeOptions): Uint8Array {
  const head = new Uint8Array([...magic, formatVersion]);
  const sections = [head, ...encodeBody(root, options)];
  const total = sizeOf(sections, digestBytes, options);
  const bytes = join(
    sections,
    total < sharedBytesMin ? new Uint8Array(total) : new Uint8Array(new SharedArrayBuffer(total)),
  );
  const content = bytes.subarray(0, bytes.length - digestBytes);
  bytes.set(digestOfContent(content, options.digest), content.length);
  return bytes;
}

/**
 * Rebuilds what `encode` was given. The digest is checked before anything is read; nothing is ever evaluated.
 *
 * @throws {SnapshotCorruptError} when the bytes are not a whole, unaltered snapshot
 * @throws {SnapshotVersionError} when another version of the format wrote them
 * @throws {PermanentMissingError} when something that is held by reference is not here
 */
export function decode(bytes: Uint8Array, options: SnapshotDecodeOptions): unknown {
  checkContainer(bytes);
  const content = bytes.subarray(0, bytes.length - digestBytes);
  const found = digestOfContent(content, options.digest);
  if (!found.every((byte, index) => byte === bytes[content.length + index])) {
    throw new SnapshotCorruptError(`its digest is ${hex(found)}, it says ${digestOf(bytes)}`);
  }
  return decodeBody(content.subarray(containerHeadBytes), options);
}

/**
 * The digest that a snapshot carries, in hexadecimal, without computing it again: `decode` checks it.
 *
 * @throws {SnapshotCorruptError} when it is no snapshot at all
 */
export function digestOf(snapshot: Uint8Array): SnapshotDigest {
  checkContainer(snapshot);
  return snapshotDigest(hex(snapshot.subarray(snapshot.length - digestBytes)));
}

/** Like `encode`, without magic and digest: for arguments, messages and results, which links authenticate. */
export function encodeValue(value: unknown, options: EncodeOptions = {}): Uint8Array {
  const sections = [new Uint8Array([formatVersion]), ...encodeBody(value, options)];
  return join(sections, new Uint8Array(sizeOf(sections, 0, options)));
}

/** Reads what `encodeValue` wrote. Throws like `decode`. */
export function decodeValue(bytes: Uint8Array, options: DecodeOptions = {}): unknown {
  const version = bytes[0];
  if (version === undefined) throw new SnapshotCorruptError('it is empty');
  if (version !== formatVersion) throw new SnapshotVersionError(version, formatVersion);
  return decodeBody(bytes.subarray(1), options);
}

/**
 * Writes a graph, as the sections of a body in order.
 */
function encodeBody(root: unknown, options: EncodeOptions): Uint8Array[] {
  const hints = new Hints();
  for (;;) {
    try {
      return new Encoder(options, hints).run(root);
    } catch (thrown) {
      // Each restart knows one thing more of a finite graph.
      if (!(thrown instanceof Restart)) throw thrown;
    }
  }
}

function sizeOf(sections: readonly Uint8Array[], reservedBytes: number, options: EncodeOptions): number {
  let total = reservedBytes;
  for (const section of sections) total += section.length;
  const limit = options.sizeLimitBytes ?? defaultSizeLimitBytes;
  if (total > limit) throw new SnapshotTooLargeError(total, limit);
  return total;
}

function join(sections: readonly Uint8Array[], into: Uint8Array): Uint8Array {
  let at = 0;
  for (const section of sections) {
    into.set(section, at);
    at += section.length;
  }
  return into;
}

function checkContainer(bytes: Uint8Array): void {
  if (!magic.every((byte, index) => bytes[index] === byte)) {
    throw new SnapshotCorruptError('it does not begin like a snapshot');
  }
  const version = bytes[magic.length];
  if (version !== undefined && version !== formatVersion) {
    throw new SnapshotVersionError(version, formatVersion);
  }
  if (bytes.length < containerHeadBytes + digestBytes) {
    throw new SnapshotCorruptError(`it ends after ${bytes.length} bytes`);
  }
}

function digestOfContent(content: Uint8Array, digest: Digest): Uint8Array {
  const text = digest.sha256(content);
  assert(text.length === 2 * digestBytes, 'SHA-256 has 32 bytes in hexadecimal');
  return Uint8Array.from({ length: digestBytes }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
