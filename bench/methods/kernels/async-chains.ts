'use movable';

async function fetchPart(key: number): Promise<number> {
  await Promise.resolve();
  return (key * 31) % 257;
}

async function validated(key: number): Promise<number> {
  const part = await fetchPart(key);
  if (part % 64 === 63) throw new RangeError(`part ${part} of ${key}`);
  return part;
}

async function withFallback(key: number): Promise<number> {
  try {
    return await validated(key);
  } catch (error) {
    return error instanceof RangeError ? -error.message.length : 0;
  } finally {
    await Promise.resolve();
  }
}

async function sumTree(depth: number, key: number): Promise<number> {
  if (depth === 0) return withFallback(key);
  const parts = await Promise.all([sumTree(depth - 1, key * 2), sumTree(depth - 1, key * 2 + 1)]);
  return parts[0] + parts[1];
}

/** Trees of tasks: chains of awaits, `Promise.all`, rejections that are caught, `finally`. */
export async function main(n: number): Promise<number> {
  let sum = 0;
  for (let round = 0; round < n; round++) sum += await sumTree(4, round);
  return sum;
}
