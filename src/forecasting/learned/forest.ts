import type { Forest } from './contract.ts';

export const emptyForest: Forest = {
  roots: new Int32Array(0),
  features: new Uint8Array(0),
  thresholds: new Float32Array(0),
  lefts: new Int32Array(0),
  unknownsLeft: new Uint8Array(0),
};

/**
 * Adds what a forest says to each row's answer.
 *
 * @param rows features, row after row, `width` values each
 * @param answers one for each row
 */
export function addAnswers(forest: Forest, rows: Float32Array, width: number, answers: Float64Array): void {
  const { roots, features, thresholds, lefts, unknownsLeft } = forest;
  const rowCount = answers.length;
  for (const root of roots) {
    for (let row = 0; row < rowCount; row += 1) {
      const offset = row * width;
      let node = root;
      let left = lefts[node] as number;
      while (left !== 0) {
        const value = rows[offset + (features[node] as number)] as number;
        const goesLeft =
          value <= (thresholds[node] as number) || (value !== value && unknownsLeft[node] === 1);
        node = goesLeft ? left : left + 1;
        left = lefts[node] as number;
      }
      answers[row] = (answers[row] as number) + (thresholds[node] as number);
    }
  }
}

/** One forest with the trees of both, the first one's first. */
export function joined(first: Forest, second: Forest): Forest {
  const offset = first.features.length;
  const shift = (list: Int32Array, leaves: boolean): Int32Array =>
    list.map((node) => (leaves && node === 0 ? 0 : node + offset));
  return {
    roots: concatenated(Int32Array, first.roots, shift(second.roots, false)),
    features: concatenated(Uint8Array, first.features, second.features),
    thresholds: concatenated(Float32Array, first.thresholds, second.thresholds),
    lefts: concatenated(Int32Array, first.lefts, shift(second.lefts, true)),
    unknownsLeft: concatenated(Uint8Array, first.unknownsLeft, second.unknownsLeft),
  };
}

function concatenated<List extends Int32Array | Uint8Array | Float32Array>(
  kind: new (length: number) => List,
  first: List,
  second: List,
): List {
  const all = new kind(first.length + second.length);
  all.set(first, 0);
  all.set(second, first.length);
  return all;
}
