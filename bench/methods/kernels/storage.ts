'use movable';

type Tree = Tree[] | number;

class Forest {
  #seed = 42;
  nodes = 0;

  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return this.#seed >>> 8;
  }

  /** A tree of arrays; its leaves are numbers. */
  grow(depth: number): Tree {
    this.nodes++;
    if (depth === 0) return this.#random() % 10;
    const children: Tree[] = [];
    for (let i = 0; i < 4; i++) children.push(this.grow(depth - 1));
    return children;
  }
}

function sum(tree: Tree): number {
  if (typeof tree === 'number') return tree;
  let total = 0;
  for (const child of tree) total += sum(child);
  return total;
}

/** A tree of 4^n leaves: allocation. */
export function main(n: number): number {
  const forest = new Forest();
  const tree = forest.grow(n);
  return sum(tree) * 31 + forest.nodes;
}
