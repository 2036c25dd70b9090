'use movable';

async function* readings(count: number): AsyncGenerator<number, void, undefined> {
  let state = 17;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    yield state % 1000;
  }
}

async function* windows(
  source: AsyncIterable<number>,
  size: number,
): AsyncGenerator<readonly number[], void, undefined> {
  let open: number[] = [];
  for await (const value of source) {
    open.push(value);
    if (open.length < size) continue;
    yield open;
    open = [];
  }
  if (open.length > 0) yield open;
}

/** A stream through two asynchronous generators. */
export async function main(n: number): Promise<number> {
  let hash = 0;
  for await (const window of windows(readings(n), 8)) {
    let sum = 0;
    for (const value of window) sum += value;
    hash = (Math.imul(hash, 31) + sum) | 0;
  }
  return hash;
}
