import type { ByteWriter } from './byte-writer.ts';
import { greatestSmallInteger, smallestSmallInteger, tag } from './format.ts';

export function writeNumber(out: ByteWriter, value: number): void {
  if (value >= smallestSmallInteger && value <= greatestSmallInteger && (value | 0) === value) {
    if (value !== 0 || 1 / value > 0) return out.byte(value - smallestSmallInteger + tag.smallInteger);
  }
  if (!Number.isSafeInteger(value) || value === 0) {
    out.byte(tag.float64);
    out.float64(value);
  } else if (value >= 0) {
    out.byte(tag.integer);
    out.whole(value);
  } else {
    out.byte(tag.negativeInteger);
    out.whole(-value - 1);
  }
}

export function writeBigint(out: ByteWriter, value: bigint): void {
  const isNegative = value < 0n;
  const digits = (isNegative ? -value : value).toString(16);
  out.byte(tag.bigint);
  out.byte(isNegative ? 1 : 0);
  out.whole(digits.length);
  out.narrow(digits);
}
