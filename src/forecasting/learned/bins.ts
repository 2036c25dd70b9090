import type { Rows } from './rows.ts';

/** Bin 0 holds unknown values; the others hold the values between two edges. */
export const binsMax = 128;
const sampledMax = 20_000;

/** Features by column, each value replaced by the number of its bin. */
export interface BinnedRows {
  readonly count: number;
  readonly width: number;
  /** `count` bins for each feature. */
  readonly bins: Uint8Array;
  /** Of each feature, ascending: bin k (from 1) holds values above edge k - 2 and up to edge k - 1. */
  readonly edges: readonly Float32Array[];
}

/** Sorts features into bins that hold about equally many of them. */
export function binRows({ count, width, features }: Rows): BinnedRows {
  const bins = new Uint8Array(count * width);
  const edges: Float32Array[] = [];
  for (let feature = 0; feature < width; feature += 1) {
    const edge = edgesOf(features, feature, { count, width });
    edges.push(edge);
    const offset = feature * count;
    for (let row = 0; row < count; row += 1) {
      bins[offset + row] = binOf(features[row * width + feature] as number, edge);
    }
  }
  return { count, width, bins, edges };
}

function edgesOf(
  features: Float32Array,
  feature: number,
  { count, width }: { readonly count: number; readonly width: number },
): Float32Array {
  const stride = Math.max(1, Math.floor(count / sampledMax));
  const sample = new Float32Array(Math.ceil(count / stride));
  let known = 0;
  for (let row = 0; row < count; row += stride) {
    const value = features[row * width + feature] as number;
    if (Number.isNaN(value)) continue;
    sample[known] = value;
    known += 1;
  }
  const sorted = sample.subarray(0, known).sort();
  const edges: number[] = [];
  // The last bin has no upper edge, and bin 0 is taken.
  const wanted = binsMax - 2;
  for (let index = 1; index <= wanted; index += 1) {
    const value = sorted[Math.floor((index * known) / (wanted + 1))];
    const isNew = value !== undefined && (edges.length === 0 || value > (edges[edges.length - 1] as number));
    // An edge at the largest value would separate nothing.
    if (isNew && value < (sorted[known - 1] as number)) edges.push(value);
  }
  return Float32Array.from(edges);
}

function binOf(value: number, edges: Float32Array): number {
  if (Number.isNaN(value)) return 0;
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low + 1;
}
