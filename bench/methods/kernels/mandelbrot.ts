'use movable';

const limit = 50;

function steps(cr: number, ci: number): number {
  let r = 0;
  let i = 0;
  let count = 0;
  while (count < limit) {
    const rr = r * r;
    const ii = i * i;
    if (rr + ii > 4) break;
    i = 2 * r * i + ci;
    r = rr - ii + cr;
    count++;
  }
  return count;
}

/** The Mandelbrot set on n × n points. */
export function main(n: number): number {
  let sum = 0;
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      sum = (Math.imul(sum, 3) + steps((3 * x) / n - 2.25, (2.5 * y) / n - 1.25)) | 0;
    }
  }
  return sum;
}
