'use movable';

function* upTo(end: number): Generator<number> {
  for (let value = 0; value < end; value += 1) yield value;
}

function sumTo(end: number): number {
  let sum = 0;
  // Nobody holds this generator; the call that would make it comes back nevertheless.
  for (const value of upTo(end > 3 ? sumTo(end - 4) : end)) sum += value;
  return sum;
}

export function main(): number {
  return sumTo(9);
}
