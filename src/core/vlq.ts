const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const digitOf = new Uint8Array(128);
for (let digit = 0; digit < alphabet.length; digit += 1) digitOf[alphabet.charCodeAt(digit)] = digit;

/** Integers (31 bits and a sign) as text: variable-length quantities in base64, as source maps have them. */
export function vlqText(values: readonly number[]): string {
  let out = '';
  for (const value of values) {
    let rest = value < 0 ? (-value << 1) | 1 : value << 1;
    do {
      const bits = rest & 31;
      rest >>>= 5;
      out += alphabet[rest > 0 ? bits | 32 : bits];
    } while (rest > 0);
  }
  return out;
}

/** The integers of a text that `vlqText` has made. */
export function vlqValues(text: string): number[] {
  const values: number[] = [];
  let value = 0;
  let shift = 0;
  for (let at = 0; at < text.length; at += 1) {
    const bits = digitOf[text.charCodeAt(at)] ?? 0;
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    values.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return values;
}
