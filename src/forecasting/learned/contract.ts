import type { FittedModel, Model, Series } from '../contract.ts';

/**
 * Trees of one forest, node by node, in arrays of equal length. A node without a left child is a leaf.
 * Children stand behind their parents, so every walk ends.
 */
export interface Forest {
  /** Where each tree's nodes begin; its root is the first. */
  readonly roots: Int32Array;
  /** Index of the feature that an inner node asks for. */
  readonly features: Uint8Array;
  /** An inner node sends what is at most this to the left; a leaf's value stands here. */
  readonly thresholds: Float32Array;
  /** The left child, or 0 for a leaf; the right child is the next one. */
  readonly lefts: Int32Array;
  /** 1 where an unknown value (NaN) goes to the left. */
  readonly unknownsLeft: Uint8Array;
}

/** All that the learned model knows. Immutable: learning makes another one. */
export interface LearnedWeights {
  /** Fingerprint of the features that the trees ask for: weights of another layout are refused. */
  readonly layout: string;
  /** What was shipped. */
  readonly trained: Forest;
  /** What this cluster's history has added; at most `LearningOptions.addedTreesMax` trees. */
  readonly added: Forest;
}

/** The learned global model: one forest of regression trees for all series. */
export interface LearnedModel extends Model {
  readonly weights: LearnedWeights;
  /**
   * Like `fit`, with the rate at which work arrived in each step: what comes in now is load soon.
   *
   * @param arrivals one for each value of `history`, in any unit; NaN where it is not known
   */
  fitWithArrivals(history: Series, arrivals: Float64Array): LearnedFit | null;
}

export interface LearnedFit extends FittedModel {
  observeWithArrivals(value: number, arrivals: number): void;
}

/** One series to learn from. */
export interface Lesson {
  readonly history: Series;
  /** One for each value, or null where they are not known. */
  readonly arrivals: Float64Array | null;
}

export interface LearningOptions {
  /** At most so many trees are added by one call. */
  readonly treesMax: number;
  /** At most so many added trees altogether; beyond it, those that were added before are learned anew. */
  readonly addedTreesMax: number;
  /** What each tree's correction is multiplied with, in (0, 1]. */
  readonly shrinkage: number;
  /** At most so many (origin, step) pairs are learned from, and judged by: each series gives as many. */
  readonly examplesMax: number;
  /** The newest share of each series, which is held back to judge by. */
  readonly heldBackShare: number;
  /** The update is taken if it lowers the error on what was held back by at least this share. */
  readonly gainMin: number;
}

/** What became of lessons. Errors are mean absolute ones on what was held back, as a share of those of the plain forecasts' blend. */
export type Learned =
  | {
      readonly kind: 'learned';
      readonly weights: LearnedWeights;
      readonly errorBefore: number;
      readonly errorAfter: number;
    }
  | { readonly kind: 'kept'; readonly reason: 'tooLittleHistory' }
  | {
      readonly kind: 'kept';
      readonly reason: 'noGain';
      readonly errorBefore: number;
      readonly errorAfter: number;
    };
