/** What every message of the registry's stream begins with. */
export interface Frame {
  /** Who wrote it: 32 hexadecimal digits, never used twice. For a barrier, its number stands in `predecessor`. */
  readonly nonce: string;
  /** The revision that this one succeeds; 0 when the key was not there. */
  readonly predecessor: number;
  /** What the writer took the server's clock for when it sent this, in milliseconds since 1970. */
  readonly sentAtMs: number;
  /** The highest store clock that the writer knew, in milliseconds since 1970. */
  readonly clockMs: number;
  readonly kind: 'put' | 'delete';
  /** How many messages before this one carry the value; 0 when it follows here. */
  readonly parts: number;
}

const version = 1;
const frameBytes = 44;
/** A value's bytes in one message, less than the server's largest message by so much. */
export const frameRoomBytes = 1024;

export function encodeFrame(frame: Frame, value: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(frameBytes + value.byteLength);
  bytes.writeUInt8(version, 0);
  bytes.writeUInt8(frame.kind === 'put' ? 1 : 2, 1);
  bytes.writeUInt16BE(frame.parts, 2);
  bytes.write(frame.nonce, 4, 16, 'hex');
  bytes.writeDoubleBE(frame.predecessor, 20);
  bytes.writeDoubleBE(frame.sentAtMs, 28);
  bytes.writeDoubleBE(frame.clockMs, 36);
  bytes.set(value, frameBytes);
  return bytes;
}

/** @returns null when godwit did not write it; `value` is a copy */
export function decodeFrame(
  message: Uint8Array,
): { readonly frame: Frame; readonly value: Uint8Array } | null {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (bytes.byteLength < frameBytes || bytes.readUInt8(0) !== version) return null;
  const frame: Frame = {
    kind: bytes.readUInt8(1) === 1 ? 'put' : 'delete',
    parts: bytes.readUInt16BE(2),
    nonce: bytes.toString('hex', 4, 20),
    predecessor: bytes.readDoubleBE(20),
    sentAtMs: bytes.readDoubleBE(28),
    clockMs: bytes.readDoubleBE(36),
  };
  // A copy: the message is a view of what came with it, which would stay in memory as long as the value.
  return { frame, value: new Uint8Array(bytes.subarray(frameBytes)) };
}
