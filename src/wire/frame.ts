import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { assert } from '../core/assert.ts';
import type { LinkEnd } from './contract.ts';

/*
 * A frame: version (1 byte), kind (1), sequence (6, big-endian), body, seal (16). The seal is a truncated
 * HMAC-SHA-256 over all that comes before it, under a key of this link and direction; with the sequence it makes
 * frames that are forged, repeated, reordered or missing end the link.
 */
export const frameVersion = 1;
const headerBytes = 8;
const sealBytes = 16;
export const frameOverheadBytes = headerBytes + sealBytes;

const kindBytes = { envelopes: 1, ping: 2, pong: 3 } as const;
export type FrameKind = keyof typeof kindBytes;

export type Opened =
  | { readonly kind: 'frame'; readonly frame: FrameKind; readonly body: Buffer }
  | { readonly kind: 'refused'; readonly reason: LinkEnd };

/** Makes the frames of one direction of a link. */
export class Sealer {
  readonly #key: KeyObject;
  #sequence = 0;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** @returns a frame that nobody else holds; frames must leave in the order in which they were sealed */
  seal(kind: FrameKind, parts: readonly Uint8Array[]): Buffer {
    const bodyBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    const frame = Buffer.allocUnsafe(frameOverheadBytes + bodyBytes);
    frame.writeUInt8(frameVersion, 0);
    frame.writeUInt8(kindBytes[kind], 1);
    frame.writeUIntBE(this.#sequence, 2, 6);
    this.#sequence += 1;
    let offset = headerBytes;
    for (const part of parts) {
      frame.set(part, offset);
      offset += part.byteLength;
    }
    sealOf(this.#key, frame.subarray(0, offset)).copy(frame, offset, 0, sealBytes);
    return frame;
  }
}

/** Checks and opens the frames of one direction of a link; after a refusal the link must end. */
export class Opener {
  readonly #key: KeyObject;
  #sequence = 0;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  open(frame: Buffer): Opened {
    if (frame.byteLength < frameOverheadBytes) {
      return refused({
        kind: 'malformed',
        detail: `a frame of ${frame.byteLength} bytes, expected at least ${frameOverheadBytes}`,
      });
    }
    const version = frame.readUInt8(0);
    if (version !== frameVersion) {
      return refused({ kind: 'unknownVersion', expected: frameVersion, found: version });
    }
    const sealAt = frame.byteLength - sealBytes;
    const seal = sealOf(this.#key, frame.subarray(0, sealAt)).subarray(0, sealBytes);
    if (!timingSafeEqual(seal, frame.subarray(sealAt))) {
      return refused({ kind: 'unauthenticated', detail: "a frame's seal does not match its content" });
    }
    const sequence = frame.readUIntBE(2, 6);
    if (sequence !== this.#sequence) {
      return refused({ kind: 'outOfOrder', expected: this.#sequence, found: sequence });
    }
    this.#sequence += 1;
    const kind = kindOf(frame.readUInt8(1));
    if (kind === null) return refused({ kind: 'malformed', detail: `frame kind ${frame.readUInt8(1)}` });
    return { kind: 'frame', frame: kind, body: frame.subarray(headerBytes, sealAt) };
  }
}

/** Encoded envelopes as the parts of one frame's body, each after its length. */
export function batchParts(envelopes: readonly Uint8Array[]): Uint8Array[] {
  const lengths = Buffer.allocUnsafe(envelopes.length * 4);
  return envelopes.flatMap((bytes, index) => {
    lengths.writeUInt32BE(bytes.byteLength, index * 4);
    return [lengths.subarray(index * 4, index * 4 + 4), bytes];
  });
}

/** What one envelope adds to a frame's body beyond its own bytes. */
export const batchEntryBytes = 4;

/** @returns views into `body`, or null when the lengths do not add up */
export function splitBatch(body: Buffer): Buffer[] | null {
  const envelopes: Buffer[] = [];
  let offset = 0;
  while (offset < body.byteLength) {
    if (offset + batchEntryBytes > body.byteLength) return null;
    const start = offset + batchEntryBytes;
    const end = start + body.readUInt32BE(offset);
    if (end > body.byteLength) return null;
    envelopes.push(body.subarray(start, end));
    offset = end;
  }
  assert(offset === body.byteLength, 'a batch ends where its last envelope does');
  return envelopes;
}

function kindOf(byte: number): FrameKind | null {
  if (byte === kindBytes.envelopes) return 'envelopes';
  if (byte === kindBytes.ping) return 'ping';
  return byte === kindBytes.pong ? 'pong' : null;
}

function sealOf(key: KeyObject, bytes: Uint8Array): Buffer {
  return createHmac('sha256', key).update(bytes).digest();
}

function refused(reason: LinkEnd): Opened {
  return { kind: 'refused', reason };
}
