import type { FittedModel, Model, Series } from './contract.ts';
import { dailyPeriod } from './period.ts';

/** Every step is the last value. */
export const persistence: Model = {
  name: 'persistence',
  price: 'cheap',
  fit(history: Series): FittedModel {
    let last = history.values.at(-1) ?? 0;
    return {
      observe: (value) => {
        last = value;
      },
      forecast: (horizon) => new Float64Array(horizon).fill(last),
    };
  },
};

/** Every step is the value one day earlier. Takes series of at least one day. */
export const seasonalNaive: Model = {
  name: 'seasonal-naive',
  price: 'cheap',
  fit(history: Series): FittedModel | null {
    const period = dailyPeriod(history.stepMs);
    if (period === null || history.values.length < period) return null;
    const ring = history.values.slice(-period);
    let oldest = 0;
    return {
      observe: (value) => {
        ring[oldest] = value;
        oldest = (oldest + 1) % period;
      },
      forecast: (horizon) =>
        Float64Array.from({ length: horizon }, (_, step) => ring[(oldest + step) % period] ?? 0),
    };
  },
};
