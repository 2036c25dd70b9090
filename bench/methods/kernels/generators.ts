'use movable';

interface Tree {
  readonly left: Tree | null;
  readonly value: number;
  readonly right: Tree | null;
}

function grow(from: number, to: number): Tree | null {
  if (from > to) return null;
  const value = (from + to) >> 1;
  return { left: grow(from, value - 1), value, right: grow(value + 1, to) };
}

function* naturals(): Generator<number, never, undefined> {
  for (let n = 0; ; n++) yield n;
}

function* filter(source: Iterable<number>, divisor: number): Generator<number, void, undefined> {
  for (const value of source) if (value % divisor !== 0) yield value;
}

function* squares(source: Iterable<number>): Generator<number, void, undefined> {
  for (const value of source) yield (value * value) % 1009;
}

function* take(source: Iterable<number>, count: number): Generator<number, number, undefined> {
  let taken = 0;
  if (count === 0) return 0;
  for (const value of source) {
    yield value;
    taken++;
    if (taken === count) break;
  }
  return taken;
}

/** Inorder, by delegation. */
function* walk(tree: Tree | null): Generator<number, void, undefined> {
  if (tree === null) return;
  yield* walk(tree.left);
  yield tree.value;
  yield* walk(tree.right);
}

/** A generator that is told things. */
function* average(): Generator<number, void, number> {
  let sum = 0;
  let count = 0;
  for (;;) {
    const value = yield count === 0 ? 0 : Math.floor(sum / count);
    sum += value;
    count++;
  }
}

/** Chains of generators, delegation, and generators that are sent values. */
export function main(n: number): number {
  let hash = 0;
  for (const value of take(squares(filter(filter(naturals(), 3), 5)), n)) hash = (hash * 3 + value) | 0;
  const tree = grow(1, n >> 3);
  for (const value of walk(tree)) hash = (hash ^ value) | 0;
  const averages = average();
  averages.next();
  for (let i = 0; i < n; i++) hash = (hash + (averages.next(i & 255).value ?? 0)) | 0;
  averages.return();
  return hash;
}
