import type { Model } from '../forecasting/contract.ts';
import { ownModels } from '../forecasting/pool.ts';

/** These hold what they know of each of up to 4,000 moments, or sums of products for each step ahead. */
const heavyNames = /^(?:analogs|ridge)/;

/** Models for series beyond those that may take memory: a twentieth of the memory, and a fifth of the time. */
export const lightModels: readonly Model[] = ownModels.filter(({ name }) => !heavyNames.test(name));
