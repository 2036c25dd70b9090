'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable */

// Mutual recursion whose frames all share a graph that refers to itself, and a closure; then an error through every frame.

interface Shared {
  self: Shared | null;
  readonly trail: Map<object, Shared>;
  count: number;
  readonly bump: (by: number) => number;
}

function makeShared(): Shared {
  let total = 0;
  const shared: Shared = {
    self: null,
    trail: new Map(),
    count: 0,
    bump: (by) => {
      shared.count += by;
      return (total += by);
    },
  };
  shared.self = shared;
  shared.trail.set(shared.trail, shared);
  return shared;
}

class Bottom extends Error {
  readonly at: Shared;
  readonly frames: number[] = [];
  constructor(at: Shared, options: ErrorOptions) {
    super('the bottom', options);
    this.at = at;
  }
}

function whole(shared: Shared): boolean {
  return shared.self === shared && shared.trail.get(shared.trail) === shared;
}

function even(shared: Shared, bump: Shared['bump'], n: number, fail: boolean): number {
  if (!whole(shared) || bump !== shared.bump) throw new TypeError(`split at ${n}`);
  bump(1);
  if (n === 0) {
    if (fail) throw new Bottom(shared, { cause: bump });
    return 0;
  }
  const held = { n };
  const below = odd(shared, bump, n - 1, fail);
  if (held.n !== n || !whole(shared)) throw new TypeError(`changed at ${n}`);
  return below + bump(-1) * 0 + 1;
}

function odd(shared: Shared, bump: Shared['bump'], n: number, fail: boolean): number {
  try {
    return even(shared, bump, n - 1, fail) + (shared.bump === bump ? 1 : 0);
  } catch (error) {
    if (error instanceof Bottom && error.at === shared && n % 1000 === 1) error.frames.push(n);
    throw error;
  } finally {
    shared.count += n % 2;
  }
}

/** As deep as asked for: 20,000 is more than a plain stack of Node.js takes. `depth` is even. */
export function recursion(depth: number): unknown {
  const shared = makeShared();
  const value = even(shared, shared.bump, depth, false);
  const after = [shared.count, shared.bump(0)];
  try {
    even(shared, shared.bump, depth, true);
    return 'nothing was thrown';
  } catch (error) {
    const { message, at, frames, cause } = error as Bottom;
    const kinds = [error instanceof Bottom, error instanceof Error, at === shared, cause === shared.bump];
    return [value, after, message, frames, kinds, shared.count, shared.bump(0), whole(shared)];
  }
}

/** What `recursion` must come to. */
export function expected(depth: number): unknown {
  const frames: number[] = [];
  for (let n = 1; n < depth; n += 1000) frames.push(n);
  const half = depth / 2;
  const count = half + 1 - half + half;
  return [
    depth,
    [count, 1],
    'the bottom',
    frames,
    [true, true, true, true],
    count + half + 1 + half,
    half + 2,
    true,
  ];
}

async function evenLater(shared: Shared, n: number, fail: boolean): Promise<number> {
  await null;
  if (n === 0) {
    if (fail) throw new Bottom(shared, { cause: shared.bump });
    return shared.bump(0);
  }
  const held = { n, bump: shared.bump };
  const below = await oddLater(shared, n - 1, fail);
  return held.n === n && held.bump === shared.bump ? below + 1 : Number.NaN;
}

async function oddLater(shared: Shared, n: number, fail: boolean): Promise<number> {
  const { bump } = shared;
  try {
    return (await evenLater(shared, n - 1, fail)) + bump(1);
  } catch (error) {
    (error as Bottom).frames.push(n);
    throw error;
  }
}

/** The same with a task for each frame: 20,000 tasks wait for each other. */
export async function tasks(depth: number): Promise<unknown> {
  const shared = makeShared();
  const half = depth / 2;
  const value = await evenLater(shared, depth, false);
  const good = value === half + (half * (half + 1)) / 2 && shared.count === half;
  try {
    await evenLater(shared, depth, true);
    return 'nothing was thrown';
  } catch (error) {
    const { at, frames, cause } = error as Bottom;
    const ordered = frames.every((n, index) => n === 2 * index + 1);
    return [good, at === shared, cause === shared.bump, frames.length === half, ordered, whole(shared)];
  }
}

export async function main(): Promise<unknown> {
  return [recursion(2_000), await tasks(20_000)];
}
