import { GodwitError } from '../../core/errors.ts';
import type { Forest, LearnedWeights } from './contract.ts';
import { featureCount, layout } from './layout.ts';

/** Bytes that ought to be weights of the learned model are not, or are for other features. */
export class WeightsError extends GodwitError {
  override readonly name = 'WeightsError';
  readonly code = 'WEIGHTS_UNREADABLE';
  readonly retryable = false;
}

const magic = 0x67777431;
const headBytes = 8;
const nodeBytes = 10;
const nodesMax = 1 << 20;

/**
 * Weights as bytes, the same for the same weights. Little-endian: a mark, the length of the layout's name, the name in
 * ASCII; then for each of the two forests the number of trees and of nodes, the roots, and ten bytes for each node.
 */
export function encodeWeights(weights: LearnedWeights): Uint8Array {
  const forests = [weights.trained, weights.added];
  const size = forests.reduce(
    (sum, { roots, features }) => sum + 8 + 4 * roots.length + nodeBytes * features.length,
    headBytes + weights.layout.length,
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, weights.layout.length, true);
  for (let index = 0; index < weights.layout.length; index += 1) {
    bytes[headBytes + index] = weights.layout.charCodeAt(index);
  }
  let at = headBytes + weights.layout.length;
  for (const forest of forests) at = writeForest(view, at, forest);
  return bytes;
}

function writeForest(view: DataView, start: number, forest: Forest): number {
  let at = start;
  view.setUint32(at, forest.roots.length, true);
  view.setUint32(at + 4, forest.features.length, true);
  at += 8;
  for (const root of forest.roots) {
    view.setInt32(at, root, true);
    at += 4;
  }
  for (let node = 0; node < forest.features.length; node += 1) {
    view.setUint8(at, forest.features[node] as number);
    view.setUint8(at + 1, forest.unknownsLeft[node] as number);
    view.setFloat32(at + 2, forest.thresholds[node] as number, true);
    view.setInt32(at + 6, forest.lefts[node] as number, true);
    at += nodeBytes;
  }
  return at;
}

/** @throws {WeightsError} when the bytes are damaged, or for features other than this version's */
export function decodeWeights(bytes: Uint8Array): LearnedWeights {
  const reader = new Reader(bytes);
  if (reader.uint32() !== magic) throw new WeightsError('These bytes are no weights of the learned model.');
  const found = reader.text(reader.uint32());
  if (found !== layout) {
    throw new WeightsError(
      `The weights are for features ${found}; this version computes ${layout}. Train them anew, or use those that come with it.`,
    );
  }
  const trained = reader.forest();
  const added = reader.forest();
  if (reader.left !== 0)
    throw new WeightsError(`The weights end ${reader.left} bytes before their file does.`);
  return { layout, trained, added };
}

class Reader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  text(length: number): string {
    const at = this.#take(length);
    let text = '';
    for (let index = 0; index < length; index += 1) {
      text += String.fromCharCode(this.#view.getUint8(at + index));
    }
    return text;
  }

  forest(): Forest {
    const treeCount = this.uint32();
    const nodeCount = this.uint32();
    if (nodeCount > nodesMax || treeCount > nodeCount) {
      throw new WeightsError(
        `The weights claim ${treeCount} trees with ${nodeCount} nodes: at most ${nodesMax}.`,
      );
    }
    const rootsAt = this.#take(4 * treeCount);
    const roots = Int32Array.from({ length: treeCount }, (_, tree) =>
      this.#view.getInt32(rootsAt + 4 * tree, true),
    );
    const forest: Forest = {
      roots,
      features: new Uint8Array(nodeCount),
      thresholds: new Float32Array(nodeCount),
      lefts: new Int32Array(nodeCount),
      unknownsLeft: new Uint8Array(nodeCount),
    };
    for (let node = 0; node < nodeCount; node += 1) {
      const at = this.#take(nodeBytes);
      forest.features[node] = this.#view.getUint8(at);
      forest.unknownsLeft[node] = this.#view.getUint8(at + 1);
      forest.thresholds[node] = this.#view.getFloat32(at + 2, true);
      forest.lefts[node] = this.#view.getInt32(at + 6, true);
    }
    hold(forest);
    return forest;
  }

  #take(bytes: number): number {
    if (bytes > this.left)
      throw new WeightsError(`The weights are cut off: ${bytes - this.left} bytes are missing.`);
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}

/** What inference relies on: every walk goes forward, within the nodes, and reads features that there are. */
function hold({ roots, features, thresholds, lefts }: Forest): void {
  const count = features.length;
  for (const root of roots) {
    if (root < 0 || root >= count)
      throw new WeightsError(`The weights have a tree at node ${root} of ${count}.`);
  }
  for (let node = 0; node < count; node += 1) {
    const left = lefts[node] as number;
    const forward = left === 0 || (left > node && left + 1 < count);
    if (!forward || (features[node] as number) >= featureCount || !Number.isFinite(thresholds[node])) {
      throw new WeightsError(`Node ${node} of the weights is damaged.`);
    }
  }
}
