import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

const shortLength = 64;
const encoder = new TextEncoder();

/** So many strings are looked for before it is asked whether that pays. */
const trialCount = 4096;
/** It pays if one in so many was there already. */
const payingShare = 8;

/** Numbers strings, from 0, and writes each different one once, unless hardly any comes again. */
export class StringTable {
  readonly #numbers = new Map<string, number>();
  #count = 0;
  #found = 0;
  readonly #bytes: ByteWriter;

  constructor(limitBytes: number) {
    this.#bytes = new ByteWriter(limitBytes);
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  written(): Uint8Array {
    return this.#bytes.written();
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
    if (text.length <= shortLength) {
      if (isAscii(text)) {
        this.#bytes.whole(text.length * 2);
        this.#bytes.narrow(text);
        return;
      }
    } else {
      const bytes = encoder.encode(text);
      if (bytes.length === text.length) {
        this.#bytes.whole(text.length * 2);
        this.#bytes.bytes(bytes);
        return;
      }
    }
    this.#bytes.whole(text.length * 2 + 1);
    this.#bytes.wide(text);
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
  const reader = new ByteReader(bytes);
  const strings: string[] = [];
  while (reader.remaining > 0) {
    const head = reader.whole();
    const length = Math.floor(head / 2);
    strings.push(head % 2 === 0 ? reader.narrow(length) : reader.wide(length));
  }
  return strings;
}
