import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GodwitError } from '../core/errors.ts';
import type { LearnedModel, LearnedWeights } from '../forecasting/learned/contract.ts';
import { learnedModel } from '../forecasting/learned/model.ts';
import { decodeWeights } from '../forecasting/learned/weights.ts';

/** The file of weights that comes with the package: a notice of what they were learned from, then the weights. */
export const shippedWeightsFile = new URL('../../assets/learned-forecaster.json', import.meta.url);

/** The shipped weights cannot be read: the installation is damaged. */
export class ShippedWeightsError extends GodwitError {
  override readonly name = 'ShippedWeightsError';
  readonly code = 'SHIPPED_WEIGHTS_UNREADABLE';
  readonly retryable = false;
}

let kept: LearnedWeights | null = null;

/**
 * What the shipped model knows, read once.
 *
 * @throws {ShippedWeightsError} when the file is missing or damaged
 */
export function shippedWeights(): LearnedWeights {
  kept ??= read();
  return kept;
}

function read(): LearnedWeights {
  try {
    const { weights } = JSON.parse(readFileSync(shippedWeightsFile, 'utf8')) as { readonly weights: unknown };
    return decodeWeights(Buffer.from(typeof weights === 'string' ? weights : '', 'base64'));
  } catch (cause) {
    const path = fileURLToPath(shippedWeightsFile);
    throw new ShippedWeightsError(
      `Cannot read the learned forecaster's weights from ${path}: install godwit again.`,
      {
        cause,
      },
    );
  }
}

/** The global model as it is shipped, ready for a pool. */
export function shippedLearnedModel(): LearnedModel {
  return learnedModel(shippedWeights());
}
