import { SnapshotCorruptError } from './errors.ts';

const asciiDecoder = new TextDecoder();
/** Below this, a loop is faster than the decoder. */
const decoderFromLength = 24;
/** How many code units one call of `fromCharCode` may take. */
const codeUnitsMax = 4096;

/** Reads what `ByteWriter` wrote, and never beyond its end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new SnapshotCorruptError(`it ends at byte ${this.#at} of a section`);
    this.#at += 1;
    return value;
  }

  whole(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    let scale = 128;
    for (;;) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) break;
      scale *= 128;
      if (scale > Number.MAX_SAFE_INTEGER) throw new SnapshotCorruptError('a number is out of range');
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new SnapshotCorruptError('a number is out of range');
    return value;
  }

  /** A number of things that take at least `bytesEach` bytes each: bounded by what is left. */
  count(bytesEach: number): number {
    const value = this.whole();
    if (value * bytesEach > this.remaining) {
      throw new SnapshotCorruptError(`${value} entries are announced where ${this.remaining} bytes are left`);
    }
    return value;
  }

  float64(): number {
    this.#need(8);
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  uint32(): number {
    this.#need(4);
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  narrow(length: number): string {
    const bytes = this.bytes(length);
    if (length >= decoderFromLength) return asciiDecoder.decode(bytes);
    let text = '';
    for (const unit of bytes) text += String.fromCharCode(unit);
    return text;
  }

  wide(length: number): string {
    this.#need(2 * length);
    let text = '';
    for (let start = 0; start < length; start += codeUnitsMax) {
      const units: number[] = [];
      const end = Math.min(length, start + codeUnitsMax);
      for (let index = start; index < end; index += 1) {
        units.push(this.#view.getUint16(this.#at + 2 * index, true));
      }
      text += String.fromCharCode(...units);
    }
    this.#at += 2 * length;
    return text;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    this.#need(length);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  #need(bytes: number): void {
    if (bytes > this.remaining) {
      throw new SnapshotCorruptError(`${bytes} bytes are announced where ${this.remaining} are left`);
    }
  }
}
