import type { Random } from '../../core/ports.ts';
import { type BinnedRows, binsMax } from './bins.ts';

export interface GrowthOptions {
  readonly leavesMax: number;
  /** A leaf holds at least so many rows. */
  readonly leafRowsMin: number;
  /** Share of the features that each tree may ask for, in (0, 1]. */
  readonly featureShare: number;
  /** Added to the weight of a leaf: what few rows say counts less. In units of a row's mean weight. */
  readonly damping: number;
}

/** A tree whose leaves know their rows, but not yet their values. */
export interface GrownTree {
  readonly nodes: readonly GrownNode[];
}

export type GrownNode =
  | {
      readonly kind: 'split';
      readonly feature: number;
      readonly threshold: number;
      readonly unknownsLeft: boolean;
      /** Index of the left child; the right one is the next. */
      readonly left: number;
    }
  | { readonly kind: 'leaf'; readonly rows: Int32Array };

interface Split {
  readonly gain: number;
  readonly feature: number;
  /** Bins up to this one, from 1 on, go left. */
  readonly bin: number;
  readonly unknownsLeft: boolean;
}

interface OpenLeaf {
  readonly node: number;
  readonly rows: Int32Array;
  /** Gradient, weight and rows of each bin of each chosen feature. */
  readonly histogram: Float64Array;
  readonly split: Split | null;
}

const perBin = 3;
const perFeature = binsMax * perBin;

/**
 * Grows one tree, always splitting the leaf that gains most.
 *
 * @param rows those to grow from; reordered
 * @param gradients of every row of `binned`, with weights applied
 * @param weights of every row
 */
export function grow(
  binned: BinnedRows,
  rows: Int32Array,
  { gradients, weights }: { readonly gradients: Float32Array; readonly weights: Float32Array },
  options: GrowthOptions,
  random: Random,
): GrownTree {
  return new Growth(binned, { gradients, weights }, options, random).run(rows);
}

class Growth {
  readonly #binned: BinnedRows;
  readonly #gradients: Float32Array;
  readonly #weights: Float32Array;
  readonly #options: GrowthOptions;
  readonly #chosen: readonly number[];
  #damping = 0;

  constructor(
    binned: BinnedRows,
    { gradients, weights }: { readonly gradients: Float32Array; readonly weights: Float32Array },
    options: GrowthOptions,
    random: Random,
  ) {
    this.#binned = binned;
    this.#gradients = gradients;
    this.#weights = weights;
    this.#options = options;
    const useful = binned.edges.flatMap((edges, feature) => (edges.length === 0 ? [] : [feature]));
    this.#chosen = useful.filter(() => random.next() < options.featureShare);
  }

  run(rows: Int32Array): GrownTree {
    let weight = 0;
    for (const row of rows) weight += this.#weights[row] as number;
    this.#damping = (this.#options.damping * weight) / Math.max(1, rows.length);
    const nodes: GrownNode[] = [{ kind: 'leaf', rows }];
    const open: OpenLeaf[] = [this.#open(0, rows, this.#histogramOf(rows))];
    while ((nodes.length + 1) / 2 < this.#options.leavesMax) {
      const best = takeBest(open);
      if (best === null) break;
      this.#split(best, nodes, open);
    }
    return { nodes };
  }

  #split({ node, rows, histogram, split }: OpenLeaf, nodes: GrownNode[], open: OpenLeaf[]): void {
    if (split === null) return;
    const count = this.#partition(rows, split);
    const left = rows.subarray(0, count);
    const right = rows.subarray(count);
    const edges = this.#binned.edges[split.feature] as Float32Array;
    nodes[node] = {
      kind: 'split',
      feature: split.feature,
      threshold: edges[split.bin - 1] as number,
      unknownsLeft: split.unknownsLeft,
      left: nodes.length,
    };
    nodes.push({ kind: 'leaf', rows: left }, { kind: 'leaf', rows: right });
    // Only the smaller side is counted; the other is what remains.
    const [small, large] = left.length <= right.length ? [left, right] : [right, left];
    const ofSmall = this.#histogramOf(small);
    for (let index = 0; index < histogram.length; index += 1) {
      histogram[index] = (histogram[index] as number) - (ofSmall[index] as number);
    }
    const leftNode = nodes.length - 2;
    open.push(this.#open(small === left ? leftNode : leftNode + 1, small, ofSmall));
    open.push(this.#open(large === left ? leftNode : leftNode + 1, large, histogram));
  }

  #open(node: number, rows: Int32Array, histogram: Float64Array): OpenLeaf {
    return { node, rows, histogram, split: this.#bestSplit(rows, histogram) };
  }

  #histogramOf(rows: Int32Array): Float64Array {
    const { bins, count } = this.#binned;
    const histogram = new Float64Array(this.#chosen.length * perFeature);
    const gradients = new Float64Array(rows.length);
    const weights = new Float64Array(rows.length);
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] as number;
      gradients[at] = this.#gradients[row] as number;
      weights[at] = this.#weights[row] as number;
    }
    for (const [index, feature] of this.#chosen.entries()) {
      const offset = feature * count;
      const start = index * perFeature;
      for (let at = 0; at < rows.length; at += 1) {
        const bin = start + (bins[offset + (rows[at] as number)] as number) * perBin;
        histogram[bin] = (histogram[bin] as number) + (gradients[at] as number);
        histogram[bin + 1] = (histogram[bin + 1] as number) + (weights[at] as number);
        histogram[bin + 2] = (histogram[bin + 2] as number) + 1;
      }
    }
    return histogram;
  }

  #bestSplit(rows: Int32Array, histogram: Float64Array): Split | null {
    if (rows.length < 2 * this.#options.leafRowsMin) return null;
    let best: Split | null = null;
    for (const [index, feature] of this.#chosen.entries()) {
      const found = this.#bestOf(feature, index * perFeature, histogram, rows.length);
      if (found !== null && (best === null || found.gain > best.gain)) best = found;
    }
    return best;
  }

  /** The best threshold of one feature, with the unknown values on either side. */
  #bestOf(feature: number, start: number, histogram: Float64Array, rowCount: number): Split | null {
    const binCount = (this.#binned.edges[feature] as Float32Array).length + 1;
    const damping = this.#damping;
    const rowsMin = this.#options.leafRowsMin;
    const unknownGradient = histogram[start] as number;
    const unknownWeight = histogram[start + 1] as number;
    const unknownRows = histogram[start + 2] as number;
    let gradient = unknownGradient;
    let weight = unknownWeight;
    for (let bin = 1; bin <= binCount; bin += 1) {
      gradient += histogram[start + bin * perBin] as number;
      weight += histogram[start + bin * perBin + 1] as number;
    }
    const whole = (gradient * gradient) / (weight + damping);
    let best: Split | null = null;
    let bestGain = 1e-9 * (weight + damping);
    let leftGradient = 0;
    let leftWeight = 0;
    let leftRows = 0;
    for (let bin = 1; bin < binCount; bin += 1) {
      const at = start + bin * perBin;
      leftGradient += histogram[at] as number;
      leftWeight += histogram[at + 1] as number;
      leftRows += histogram[at + 2] as number;
      for (let side = 0; side < (unknownRows > 0 ? 2 : 1); side += 1) {
        const g = side === 0 ? leftGradient : leftGradient + unknownGradient;
        const w = side === 0 ? leftWeight : leftWeight + unknownWeight;
        const n = side === 0 ? leftRows : leftRows + unknownRows;
        if (n < rowsMin || rowCount - n < rowsMin) continue;
        const rest = gradient - g;
        const gain = (g * g) / (w + damping) + (rest * rest) / (weight - w + damping) - whole;
        if (gain <= bestGain) continue;
        bestGain = gain;
        best = { gain, feature, bin, unknownsLeft: side === 1 };
      }
    }
    return best;
  }

  /** Puts the rows of the left side first, and counts them. */
  #partition(rows: Int32Array, { feature, bin, unknownsLeft }: Split): number {
    const { bins, count } = this.#binned;
    const offset = feature * count;
    const right = new Int32Array(rows.length);
    let leftCount = 0;
    let rightCount = 0;
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] as number;
      const value = bins[offset + row] as number;
      if (value === 0 ? unknownsLeft : value <= bin) {
        rows[leftCount] = row;
        leftCount += 1;
      } else {
        right[rightCount] = row;
        rightCount += 1;
      }
    }
    rows.set(right.subarray(0, rightCount), leftCount);
    return leftCount;
  }
}

function takeBest(open: OpenLeaf[]): OpenLeaf | null {
  let best = -1;
  for (const [index, { split }] of open.entries()) {
    if (split === null) continue;
    const leader = open[best]?.split ?? null;
    if (leader === null || split.gain > leader.gain) best = index;
  }
  return best === -1 ? null : (open.splice(best, 1)[0] ?? null);
}
