'use movable';

// Digits of π from exact fractions, after Jeremy Gibbons, "Unbounded spigot algorithms for the digits of pi" (2006).

/** @returns the last digit and a checksum of the first n digits of π */
export function main(n: number): number {
  let q = 1n;
  let r = 0n;
  let t = 1n;
  let k = 1n;
  let digit = 3n;
  let l = 3n;
  let found = 0;
  let hash = 0;
  while (found < n) {
    if (4n * q + r - t < digit * t) {
      hash = (Math.imul(hash, 31) + Number(digit)) | 0;
      found++;
      const next = 10n * (r - digit * t);
      digit = (10n * (3n * q + r)) / t - 10n * digit;
      q *= 10n;
      r = next;
    } else {
      const next = (2n * q + r) * l;
      digit = (q * (7n * k + 2n) + r * l) / (t * l);
      q *= k;
      t *= l;
      l += 2n;
      k += 1n;
      r = next;
    }
  }
  return hash;
}
