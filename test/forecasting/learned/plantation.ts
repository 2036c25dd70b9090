import type { Forest } from '../../../src/forecasting/learned/contract.ts';
import type { SeededRandom } from '../../../src/simulator/random.ts';

/** A tree as one would draw it, for a twin that walks it the plain way. */
export type DrawnTree =
  | { readonly kind: 'leaf'; readonly value: number }
  | {
      readonly kind: 'split';
      readonly feature: number;
      readonly threshold: number;
      readonly unknownsLeft: boolean;
      readonly left: DrawnTree;
      readonly right: DrawnTree;
    };

export function draw(random: SeededRandom, width: number, depth: number): DrawnTree {
  if (depth === 0 || random.next() < 0.2) return { kind: 'leaf', value: Math.fround(random.next() - 0.5) };
  return {
    kind: 'split',
    feature: random.below(width),
    threshold: Math.fround(random.next()),
    unknownsLeft: random.next() < 0.5,
    left: draw(random, width, depth - 1),
    right: draw(random, width, depth - 1),
  };
}

export function walk(tree: DrawnTree, row: Float32Array): number {
  if (tree.kind === 'leaf') return tree.value;
  const value = row[tree.feature] ?? NaN;
  const goesLeft = Number.isNaN(value) ? tree.unknownsLeft : value <= tree.threshold;
  return walk(goesLeft ? tree.left : tree.right, row);
}

export function plant(trees: readonly DrawnTree[]): Forest {
  const nodes: { feature: number; threshold: number; left: number; unknownsLeft: number }[] = [];
  const roots: number[] = [];
  const fill = (at: number, tree: DrawnTree): void => {
    if (tree.kind === 'leaf') {
      nodes[at] = { feature: 0, threshold: tree.value, left: 0, unknownsLeft: 0 };
      return;
    }
    const left = nodes.length;
    nodes[at] = {
      feature: tree.feature,
      threshold: tree.threshold,
      left,
      unknownsLeft: tree.unknownsLeft ? 1 : 0,
    };
    nodes.length += 2;
    fill(left, tree.left);
    fill(left + 1, tree.right);
  };
  for (const tree of trees) {
    roots.push(nodes.length);
    nodes.length += 1;
    fill(nodes.length - 1, tree);
  }
  return {
    roots: Int32Array.from(roots),
    features: Uint8Array.from(nodes, ({ feature }) => feature),
    thresholds: Float32Array.from(nodes, ({ threshold }) => threshold),
    lefts: Int32Array.from(nodes, ({ left }) => left),
    unknownsLeft: Uint8Array.from(nodes, ({ unknownsLeft }) => unknownsLeft),
  };
}
