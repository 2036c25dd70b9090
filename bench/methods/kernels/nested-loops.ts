'use movable';

/** Three counted loops within each other. */
export function main(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) sum = (sum + (i ^ j) * k) | 0;
    }
  }
  return sum;
}
