'use movable';

/** The fast Fourier transform, in place, of 2^k complex values. */
function transform(re: Float64Array, im: Float64Array, inverse: boolean): void {
  const size = re.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const r = re[i]!;
    re[i] = re[j]!;
    re[j] = r;
    const m = im[i]!;
    im[i] = im[j]!;
    im[j] = m;
  }
  for (let span = 2; span <= size; span <<= 1) {
    const half = span >> 1;
    const angle = ((inverse ? 2 : -2) * Math.PI) / span;
    for (let k = 0; k < half; k++) {
      const c = Math.cos(angle * k);
      const s = Math.sin(angle * k);
      for (let at = k; at < size; at += span) {
        const r = re[at + half]! * c - im[at + half]! * s;
        const m = re[at + half]! * s + im[at + half]! * c;
        re[at + half] = re[at]! - r;
        im[at + half] = im[at]! - m;
        re[at] = re[at]! + r;
        im[at] = im[at]! + m;
      }
    }
  }
}

/** Writes records of mixed width, and reads them back as bytes. */
function packed(values: Float64Array): number {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  for (let i = 0; i < values.length; i++) {
    const value = Math.round(values[i]! * 16);
    view.setInt32(i * 8, value, true);
    view.setUint16(i * 8 + 4, value & 0xffff);
    view.setInt8(i * 8 + 6, value);
  }
  const bytes = new Uint8Array(view.buffer);
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, 33) ^ byte) | 0;
  return hash;
}

/** Transforms a signal of 2^n values there and back, and packs it. */
export function main(n: number): number {
  const size = 1 << n;
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  for (let i = 0; i < size; i++) re[i] = ((i * 37) % 101) - 50;
  transform(re, im, false);
  const peak = Math.round(Math.abs(re[1]!) + Math.abs(im[1]!));
  transform(re, im, true);
  for (let i = 0; i < size; i++) re[i] = re[i]! / size;
  return packed(re) ^ peak;
}
