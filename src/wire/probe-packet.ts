import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { IncarnationId } from '../core/ids.ts';
import type { NetworkCoordinate } from '../protocols/messages/latency.ts';
import { coordinateDimensions } from '../protocols/probing/coordinates.ts';

/*
 * One datagram, of one size whatever it says, so that an answer is never larger than what it answers:
 *
 *   0   4  'gdw' and the version
 *   4   1  1 for a probe, 2 for an answer
 *   5   3  nothing
 *   8   8  number, the same in the answer
 *  16  16  tag of the incarnation that sends it
 *  32  16  tag of the incarnation that it is meant for
 *  48  40  the sender's coordinate: axes (room for 8), height, error; 32-bit floats
 *  88  16  seal: HMAC-SHA-256 of all of the above, cut to 128 bits, under a key derived from the cluster secret
 *
 * There is no time in it: only the prober's own clock counts.
 */
export const probePacketBytes = 104;

const magic = 0x67647701;
const numberAt = 8;
const fromAt = 16;
const toAt = 32;
const tagBytes = 16;
const coordinateAt = 48;
const floatBytes = 4;
const heightAt = coordinateAt + 8 * floatBytes;
const errorAt = heightAt + floatBytes;
const sealAt = 88;

const kinds = { probe: 1, answer: 2 } as const;

export interface ProbePacket {
  readonly kind: keyof typeof kinds;
  readonly number: number;
  /** Tags: see `tagOf`. */
  readonly from: string;
  readonly to: string;
  readonly coordinate: NetworkCoordinate;
}

/** What a packet calls an incarnation: 128 bits of a hash, in hexadecimal. */
export function tagOf(incarnation: IncarnationId): string {
  return createHash('sha256')
    .update(incarnation)
    .digest('hex')
    .slice(0, 2 * tagBytes);
}

/** Seals and opens packets under a key that is used for nothing else. */
export class ProbeSeal {
  readonly #key: KeyObject;

  constructor(secret: Uint8Array) {
    this.#key = createSecretKey(createHmac('sha256', secret).update('godwit probes').digest());
  }

  write({ kind, number, from, to, coordinate }: ProbePacket): Buffer {
    const bytes = Buffer.alloc(probePacketBytes);
    bytes.writeUInt32BE(magic, 0);
    bytes.writeUInt8(kinds[kind], 4);
    bytes.writeDoubleBE(number, numberAt);
    bytes.write(from, fromAt, tagBytes, 'hex');
    bytes.write(to, toAt, tagBytes, 'hex');
    coordinate.vectorMs.forEach((ms, axis) => bytes.writeFloatBE(ms, coordinateAt + axis * floatBytes));
    bytes.writeFloatBE(coordinate.heightMs, heightAt);
    bytes.writeFloatBE(coordinate.error, errorAt);
    this.#seal(bytes).copy(bytes, sealAt);
    return bytes;
  }

  /** @returns null for anything that was not written under this secret; what the sender says may still be absurd */
  read(bytes: Buffer): ProbePacket | null {
    if (!looksLikeProbe(bytes)) return null;
    if (!timingSafeEqual(this.#seal(bytes), bytes.subarray(sealAt))) return null;
    const kind = bytes.readUInt8(4) === kinds.probe ? 'probe' : 'answer';
    return {
      kind,
      number: bytes.readDoubleBE(numberAt),
      from: bytes.toString('hex', fromAt, toAt),
      to: bytes.toString('hex', toAt, toAt + tagBytes),
      coordinate: {
        vectorMs: Array.from({ length: coordinateDimensions }, (_, axis) =>
          bytes.readFloatBE(coordinateAt + axis * floatBytes),
        ),
        heightMs: bytes.readFloatBE(heightAt),
        error: bytes.readFloatBE(errorAt),
      },
    };
  }

  #seal(bytes: Buffer): Buffer {
    return createHmac('sha256', this.#key)
      .update(bytes.subarray(0, sealAt))
      .digest()
      .subarray(0, probePacketBytes - sealAt);
  }
}

/** Told without a key: most of what a scanner sends ends here. */
export function looksLikeProbe(bytes: Buffer): boolean {
  if (bytes.length !== probePacketBytes || bytes.readUInt32BE(0) !== magic) return false;
  const kind = bytes.readUInt8(4);
  return kind === kinds.probe || kind === kinds.answer;
}
