import * as v from 'valibot';
import { messageOf } from '../../core/errors.ts';
import { StoreCorruptError } from '../errors.ts';

/** What stands under a vault key: where its bytes are. */
export interface ObjectRow {
  /** The chunks' subjects hold this name. */
  readonly object: string;
  readonly chunks: number;
  readonly sizeBytes: number;
  /** Hexadecimal, of all bytes. */
  readonly sha256: string;
}

const schema = v.strictObject({
  object: v.string(),
  chunks: v.number(),
  sizeBytes: v.number(),
  sha256: v.string(),
});

export function encodeObject(row: ObjectRow): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(row));
}

/** @throws {StoreCorruptError} */
export function decodeObject(key: string, value: Uint8Array | null): ObjectRow {
  try {
    return v.parse(schema, JSON.parse(Buffer.from(value ?? new Uint8Array()).toString('utf8')));
  } catch (cause) {
    throw new StoreCorruptError(`The row of vault key ${key}`, messageOf(cause), { cause });
  }
}

/** A fresh object's name; it begins with the server's time, in milliseconds since 1970. */
export function objectName(serverMs: number, chance: string): string {
  return `${Math.round(serverMs).toString(16).padStart(12, '0')}-${chance}`;
}

/** When an object was begun. */
export function begunAtMs(object: string): number {
  return Number.parseInt(object.slice(0, 12), 16);
}
