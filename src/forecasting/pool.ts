import { analogs } from './analogs.ts';
import type { Model } from './contract.ts';
import { lagRegression } from './lag-regression.ts';
import { recentMedian, seasonalMedian } from './medians.ts';
import { persistence, seasonalNaive } from './naive.ts';
import { dampedHolt, holtWinters, simpleSmoothing } from './smoothing.ts';

/** The yardsticks, one of which a forecast must beat to be used. */
export const naiveModels: readonly Model[] = [persistence, seasonalNaive];

/** The room's own models, all cheap. */
export const ownModels: readonly Model[] = [
  ...naiveModels,
  simpleSmoothing,
  dampedHolt,
  holtWinters,
  recentMedian(5),
  recentMedian(24),
  recentMedian(288),
  seasonalMedian,
  analogs,
  lagRegression({ name: 'ridge', scale: 'values', penalty: 1e-3, halfLife: 4000 }),
  lagRegression({ name: 'ridge-scores', scale: 'normalScores', penalty: 1e-3, halfLife: 4000 }),
];
