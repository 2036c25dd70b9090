import { SnapshotTooLargeError } from './errors.ts';

/** So few bytes lie within the JavaScript heap: most columns of most values never leave it. */
const firstBytes = 64;
const secondBytes = 1024;
/** Beyond this, growing by doubling would waste more than it saves. */
const doublingMaxBytes = 256 * 1024 * 1024;

/** A growing column of bytes, little-endian on every machine. */
export class ByteWriter {
  #bytes = new Uint8Array(firstBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #limitBytes: number;

  /** @param limitBytes how far it may grow, give or take what it reserves; checked only when it grows */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, without a copy; valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written from there on. */
  takeBack(length: number): void {
    this.#length = length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, lowest first. */
  whole(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length] = (rest % 128) | 0x80;
      this.#length += 1;
      rest = rest > 0x7fff_ffff ? Math.floor(rest / 128) : rest >>> 7;
    }
    this.#bytes[this.#length] = rest;
    this.#length += 1;
  }

  float64(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  uint32(value: number): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** The low byte of each code unit; the caller knows that nothing is lost. */
  narrow(text: string): void {
    const { length } = text;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    for (let index = 0; index < length; index += 1) {
      this.#bytes[this.#length + index] = text.charCodeAt(index);
    }
    this.#length += length;
  }

  /** Two bytes for each code unit, so that lone surrogates pass. */
  wide(text: string): void {
    const { length } = text;
    if (this.#length + 2 * length > this.#bytes.length) this.#grow(2 * length);
    for (let index = 0; index < length; index += 1) {
      this.#view.setUint16(this.#length + 2 * index, text.charCodeAt(index), true);
    }
    this.#length += 2 * length;
  }

  bytes(source: Uint8Array): void {
    if (this.#length + source.length > this.#bytes.length) this.#grow(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  #grow(neededBytes: number): void {
    if (this.#length > this.#limitBytes) throw new SnapshotTooLargeError(this.#length, this.#limitBytes);
    const held = this.#bytes.length;
    const grown = held < doublingMaxBytes ? held * 2 : held + doublingMaxBytes;
    const next = new Uint8Array(Math.max(grown, this.#length + neededBytes, secondBytes));
    next.set(this.written());
    this.#bytes = next;
    this.#view = new DataView(next.buffer);
  }
}
