'use movable';

interface Sample {
  readonly sensor: number;
  readonly value: number;
}

function samples(count: number): Sample[] {
  return Array.from({ length: count }, (_, index) => ({
    sensor: (index * 7) % 13,
    value: ((index * 7919) % 1000) - 300,
  }));
}

/** Chains of array callbacks: map, filter, reduce, some, every, find, flatMap, sort. */
export function main(n: number): number {
  const all = samples(n);
  const valid = all
    .filter(({ value }) => value >= 0)
    .map(({ sensor, value }) => ({ sensor, value: value * 2 }));
  const sums = valid.reduce<number[]>((totals, { sensor, value }) => {
    totals[sensor] = (totals[sensor] ?? 0) + value;
    return totals;
  }, []);
  const offsets = [1, 2, 3].flatMap((step) => sums.map((sum, sensor) => sum * step + sensor));
  const high = offsets.find((offset) => offset > n) ?? -1;
  const sorted = offsets.toSorted((a, b) => b - a);
  let hash = high;
  sorted.forEach((offset, index) => {
    hash = (Math.imul(hash, 31) + offset + index) | 0;
  });
  if (all.some(({ value }) => value > 690)) hash ^= 1;
  if (valid.every(({ value }) => value % 2 === 0)) hash ^= 2;
  return (hash + valid.findIndex(({ sensor }) => sensor === 12)) | 0;
}
