'use movable';

function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** Calls, and nothing else. */
export function main(n: number): number {
  return fib(n);
}
