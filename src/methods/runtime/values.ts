import { decodeValue, encodeValue } from '../snapshot/index.ts';

/** Encodes a value for `args`, messages and results: `encodeArgs([1, 'x'])`. */
export function encodeArgs(args: readonly unknown[]): Uint8Array {
  return encodeValue(args);
}

/** Decodes what a settlement, a message or an effect carries. */
export function decodeResult(bytes: Uint8Array): unknown {
  return decodeValue(bytes);
}
