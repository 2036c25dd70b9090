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
  analogs({ name: 'analogs', nearest: 15, weights: [1.5, 1, 0.8, 0.6, 0.8, 0.8, 0.7, 0.5, 0.6, 0.6] }),
  analogs({ name: 'analogs-short', nearest: 8, weights: [2, 1.2, 0.8, 0.6, 0.6, 0.4, 0.3, 0.2, 0.1, 0.1] }),
  analogs({ name: 'analogs-daily', nearest: 30, weights: [1, 0.7, 0.6, 0.5, 0.8, 0.8, 0.7, 0.6, 4, 4] }),
  lagRegression({ name: 'ridge', scale: 'values', relative: true, penalty: 0.03, halfLife: 4000 }),
  lagRegression({
    name: 'ridge-scores',
    scale: 'normalScores',
    relative: false,
    penalty: 1e-2,
    halfLife: 4000,
  }),
  lagRegression({ name: 'ridge-logs', scale: 'logs', relative: true, penalty: 0.03, halfLife: 4000 }),
];
