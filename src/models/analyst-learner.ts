import type { Learning, Teaching } from '../actors/ports.ts';
import type { Random } from '../core/ports.ts';
import { GodwitError } from '../core/errors.ts';
import type { FittedModel, Model } from '../forecasting/contract.ts';
import type { LearnedModel, LearnedWeights, Lesson } from '../forecasting/learned/contract.ts';
import { defaultLearning, learn } from '../forecasting/learned/learning.ts';
import { learnedModel } from '../forecasting/learned/model.ts';
import { decodeWeights, encodeWeights } from '../forecasting/learned/weights.ts';

/** Bytes at the end of encoded weights without added trees that say so. */
const noTreesBytes = 8;

/** The learned model as it is now: it begins as shipped, learns on, and is taught what others have learned. */
export class Learner {
  /** Each fit is made with what is known at that time. */
  readonly model: Model;
  readonly #shipped: LearnedWeights;
  readonly #random: Random;
  #now: LearnedModel;
  readonly #fittedBy = new WeakMap<FittedModel, LearnedModel>();

  constructor(shipped: LearnedWeights, random: Random) {
    this.#shipped = shipped;
    this.#random = random;
    this.#now = learnedModel(shipped);
    const { name, price } = this.#now;
    this.model = {
      name,
      price,
      // What older weights were fitted with is not taken over.
      fit: (history, earlier = null) => {
        const isOwn = earlier !== null && this.#fittedBy.get(earlier) === this.#now;
        const fitted = this.#now.fit(history, isOwn ? earlier : null);
        if (fitted !== null) this.#fittedBy.set(fitted, this.#now);
        return fitted;
      },
    };
  }

  learn(lessons: readonly Lesson[]): Learning {
    const learned = learn(this.#now.weights, lessons, defaultLearning, this.#random);
    if (learned.kind === 'kept') return { kind: 'kept', reason: learned.reason };
    this.#now = learnedModel(learned.weights);
    return {
      kind: 'learned',
      weights: encodeWeights(learned.weights),
      series: lessons.length,
      errorBefore: learned.errorBefore,
      errorAfter: learned.errorAfter,
    };
  }

  /** Added trees correct what the shipped ones say: those that were added to others are refused. */
  teach(bytes: Uint8Array): Teaching {
    let weights: LearnedWeights;
    try {
      weights = decodeWeights(bytes);
    } catch (error) {
      if (!(error instanceof GodwitError)) throw error;
      return { kind: 'refused', reason: error.message };
    }
    if (!this.#isShipped(bytes)) {
      const reason =
        'What was learned belongs to the trained trees of another version: this one begins with its own.';
      return { kind: 'refused', reason };
    }
    if (weights.added.roots.length > defaultLearning.addedTreesMax) {
      const reason = `What was learned has ${weights.added.roots.length} trees: at most ${defaultLearning.addedTreesMax} are added.`;
      return { kind: 'refused', reason };
    }
    this.#now = learnedModel(weights);
    return { kind: 'taught' };
  }

  #isShipped(bytes: Uint8Array): boolean {
    const shipped = encodeWeights(this.#shipped);
    return shipped.subarray(0, -noTreesBytes).every((byte, at) => byte === bytes[at]);
  }
}
