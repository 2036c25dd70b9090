import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { SnapshotCorruptError } from './errors.ts';

/** How the text of a string is written, the low two bits of its head; above them stands its length. */
const form = { short: 0, long: 1, wide: 2 } as const;
const formUnit = 4;

/**
 * Up to this length, ASCII strings are read as parts of one text: an engine copies such parts instead of keeping all of
 * the text alive for them.
 */
const shortLength = 12;
/** From here on the platform's encoder is faster than a loop. */
const encoderFromLength = 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** So many strings are looked for before it is asked whether that pays. */
const trialCount = 4096;
/** It pays if one in so many was there already. */
const payingShare = 8;

/**
 * Numbers strings, from 0, and writes each different one once, unless hardly any comes again. The section: how many bytes
 * the heads take, the heads, how many the short ones take, all short ones, all others in order.
 */
export class StringTable {
  readonly #numbers = new Map<string, number>();
  #count = 0;
  #found = 0;
  readonly #heads: ByteWriter;
  readonly #others: ByteWriter;
  #short = '';
  readonly #limitBytes: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#heads = new ByteWriter(limitBytes);
    this.#others = new ByteWriter(limitBytes);
  }

  get sizeBytes(): number {
    return this.#heads.length + this.#short.length + this.#others.length;
  }

  written(): Uint8Array {
    const section = new ByteWriter(this.#limitBytes);
    section.whole(this.#heads.length);
    section.bytes(this.#heads.written());
    section.whole(this.#short.length);
    section.bytes(encoder.encode(this.#short));
    section.bytes(this.#others.written());
    return section.written();
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#found += 1;
      return known;
    }
    const number = this.#count;
    this.#count += 1;
    if (number < trialCount || this.#found * payingShare >= number) this.#numbers.set(text, number);
    this.#write(text);
    return number;
  }

  /** ASCII takes one byte a character, anything else two bytes a code unit: lone surrogates have no UTF-8. */
  #write(text: string): void {
    const { length } = text;
    if (length <= shortLength && isAscii(text)) {
      this.#heads.whole(length * formUnit + form.short);
      this.#short += text;
    } else if (length < encoderFromLength ? isAscii(text) : this.#encoded(text)) {
      this.#heads.whole(length * formUnit + form.long);
      if (length < encoderFromLength) this.#others.narrow(text);
    } else {
      this.#heads.whole(length * formUnit + form.wide);
      this.#others.wide(text);
    }
  }

  /** Writes a long string if it is ASCII. */
  #encoded(text: string): boolean {
    const bytes = encoder.encode(text);
    if (bytes.length !== text.length) return false;
    this.#others.bytes(bytes);
    return true;
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

/** @throws {SnapshotCorruptError} */
export function readStrings(bytes: Uint8Array): string[] {
  const strings: string[] = [];
  if (bytes.length === 0) return strings;
  const reader = new ByteReader(bytes);
  const heads = new ByteReader(reader.bytes(reader.whole()));
  const short = reader.bytes(reader.whole());
  const text = decoder.decode(short);
  if (text.length !== short.length) throw new SnapshotCorruptError('its short strings are not ASCII');
  let at = 0;
  while (heads.remaining > 0) {
    const head = heads.whole();
    const length = Math.floor(head / formUnit);
    switch (head % formUnit) {
      case form.short:
        if (at + length > text.length) throw new SnapshotCorruptError('a string is longer than announced');
        strings.push(text.slice(at, at + length));
        at += length;
        break;
      case form.long:
        strings.push(reader.narrow(length));
        break;
      case form.wide:
        strings.push(reader.wide(length));
        break;
      default:
        throw new SnapshotCorruptError('a string is of no kind');
    }
  }
  if (at < text.length || reader.remaining > 0) throw new SnapshotCorruptError('bytes follow its strings');
  return strings;
}
