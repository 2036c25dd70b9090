'use movable';

/** The first 32 bits of the fractional parts of the cube roots (or square roots) of the first primes. */
function rootsOf(count: number, power: number): Uint32Array {
  const roots = new Uint32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
      if (candidate % divisor === 0) isPrime = false;
    }
    if (!isPrime) continue;
    const root = candidate ** (1 / power);
    roots[found] = Math.floor((root - Math.floor(root)) * 2 ** 32);
    found++;
  }
  return roots;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function digestBlock(state: Uint32Array, block: Uint8Array, at: number, rounds: Uint32Array): void {
  const words = new Uint32Array(64);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + i * 4);
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15]!;
    const late = words[i - 2]!;
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    words[i] = (words[i - 16]! + s0 + words[i - 7]! + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const one = (h + s1 + ((e & f) ^ (~e & g)) + rounds[i]! + words[i]!) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  const added = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = state[i]! + added[i]!;
}

/** SHA-256 of n bytes. @returns its first word */
export function main(n: number): number {
  const padded = new Uint8Array((((n + 8) >> 6) + 1) << 6);
  for (let i = 0; i < n; i++) padded[i] = i % 251;
  padded[n] = 0x80;
  new DataView(padded.buffer).setUint32(padded.length - 4, n * 8);
  const rounds = rootsOf(64, 3);
  const state = rootsOf(8, 2);
  for (let at = 0; at < padded.length; at += 64) digestBlock(state, padded, at, rounds);
  return state[0]!;
}
