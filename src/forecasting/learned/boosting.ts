import type { Random } from '../../core/ports.ts';
import { binRows } from './bins.ts';
import type { Forest } from './contract.ts';
import { addAnswers } from './forest.ts';
import { grow, type GrownTree, type GrowthOptions } from './growth.ts';
import type { Rows } from './rows.ts';

export interface BoostingOptions extends GrowthOptions {
  readonly trees: number;
  /** What each tree's correction is multiplied with, in (0, 1]. */
  readonly shrinkage: number;
  /** Share of the rows that each tree grows from, in (0, 1]. */
  readonly rowShare: number;
  /** The quantile that the answers aim at: 0.5 for the least absolute error. */
  readonly quantile: number;
  /**
   * Residuals whose cost is smaller than this count in proportion to it when a tree chooses its splits, so that it sees more
   * than signs. Leaves are quantiles whatever it is. In the unit of weight × target.
   */
  readonly softness: number;
}

/**
 * Gradient boosting of regression trees for a quantile (Friedman 2001, "Greedy function approximation", algorithm 3 for the
 * median): each tree follows the gradient of the loss, each leaf then takes the weighted quantile of its residuals.
 *
 * @param answers what is said already for each row; advanced by what the new trees say
 * @param watch told after each tree how many there are
 */
export function boost(
  rows: Rows,
  answers: Float64Array,
  options: BoostingOptions,
  random: Random,
  watch: (trees: number) => void,
): Forest {
  const binned = binRows(rows);
  const { count, targets, weights } = rows;
  const gradients = new Float32Array(count);
  const residuals = new Float64Array(count);
  const trees: GrownTree[] = [];
  const values: number[][] = [];
  for (let tree = 0; tree < options.trees; tree += 1) {
    for (let row = 0; row < count; row += 1) {
      const residual = (targets[row] as number) - (answers[row] as number);
      residuals[row] = residual;
      gradients[row] = gradientOf(residual, weights[row] as number, options);
    }
    const grown = grow(
      binned,
      sampled(count, options.rowShare, random),
      { gradients, weights },
      options,
      random,
    );
    const leaves = grown.nodes.map((node) =>
      node.kind === 'leaf'
        ? options.shrinkage * weightedQuantile(residuals, weights, node.rows, options.quantile)
        : 0,
    );
    trees.push(grown);
    values.push(leaves);
    addAnswers(planted([grown], [leaves]), rows.features, rows.width, answers);
    watch(tree + 1);
  }
  return planted(trees, values);
}

function gradientOf(residual: number, weight: number, { quantile, softness }: BoostingOptions): number {
  const soft = Math.min(1, Math.abs(residual * weight) / softness);
  return 2 * weight * soft * (residual >= 0 ? quantile : quantile - 1);
}

function sampled(count: number, share: number, random: Random): Int32Array {
  const rows = new Int32Array(count);
  let taken = 0;
  for (let row = 0; row < count; row += 1) {
    if (share < 1 && random.next() >= share) continue;
    rows[taken] = row;
    taken += 1;
  }
  return rows.subarray(0, taken);
}

/** The smallest residual at which the weights up to it reach the share `level` of all. */
export function weightedQuantile(
  residuals: Float64Array,
  weights: Float32Array,
  rows: Int32Array,
  level: number,
): number {
  let total = 0;
  for (const row of rows) total += weights[row] as number;
  let wanted = level * total;
  let part = Int32Array.from(rows);
  // Narrows down to the half in which the quantile lies, as quickselect does.
  for (;;) {
    const pivot = medianOfThree(residuals, part);
    let below = 0;
    let equal = 0;
    for (const row of part) {
      const residual = residuals[row] as number;
      if (residual < pivot) below += weights[row] as number;
      else if (residual === pivot) equal += weights[row] as number;
    }
    if (below > 0 && wanted <= below) {
      part = part.filter((row) => (residuals[row] as number) < pivot);
    } else if (wanted <= below + equal) {
      return pivot;
    } else {
      const above = part.filter((row) => (residuals[row] as number) > pivot);
      // Rounding of the sums may ask for more than there is.
      if (above.length === 0) return pivot;
      wanted -= below + equal;
      part = above;
    }
  }
}

function medianOfThree(residuals: Float64Array, rows: Int32Array): number {
  const first = residuals[rows[0] as number] as number;
  const middle = residuals[rows[rows.length >> 1] as number] as number;
  const last = residuals[rows[rows.length - 1] as number] as number;
  return Math.max(Math.min(first, middle), Math.min(Math.max(first, middle), last));
}

/** All trees in the arrays of a forest. */
function planted(trees: readonly GrownTree[], values: readonly (readonly number[])[]): Forest {
  const size = trees.reduce((sum, { nodes }) => sum + nodes.length, 0);
  const forest: Forest = {
    roots: new Int32Array(trees.length),
    features: new Uint8Array(size),
    thresholds: new Float32Array(size),
    lefts: new Int32Array(size),
    unknownsLeft: new Uint8Array(size),
  };
  let offset = 0;
  for (const [tree, { nodes }] of trees.entries()) {
    forest.roots[tree] = offset;
    for (const [index, node] of nodes.entries()) {
      const at = offset + index;
      if (node.kind === 'leaf') {
        forest.thresholds[at] = values[tree]?.[index] ?? 0;
        continue;
      }
      forest.features[at] = node.feature;
      forest.thresholds[at] = node.threshold;
      forest.lefts[at] = offset + node.left;
      forest.unknownsLeft[at] = node.unknownsLeft ? 1 : 0;
    }
    offset += nodes.length;
  }
  return forest;
}
