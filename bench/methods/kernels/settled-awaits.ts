'use movable';

async function leaf(value: number): Promise<number> {
  return (value * 7 + 3) | 0;
}

/** Awaits of calls that have settled when they are awaited. */
export async function main(n: number): Promise<number> {
  let value = 0;
  for (let i = 0; i < n; i++) value = ((await leaf(value)) + i) | 0;
  return value;
}
