import type { Analyst } from '../../src/actors/ports.ts';
import { ownModels } from '../../src/forecasting/pool.ts';
import { Allowance } from '../../src/models/analyst-allowance.ts';
import { AnalystDesk, deskBoundsDefault } from '../../src/models/analyst-desk.ts';
import { Learner } from '../../src/models/analyst-learner.ts';
import { shippedWeights } from '../../src/models/learned.ts';
import { SeededRandom } from '../../src/simulator/random.ts';

/**
 * The analyst's desk without its thread: simulated time stands still while it computes.
 *
 * @param pool with the learned model, or without it, which is faster
 */
export function inlineAnalyst(pool: 'own' | 'learned' = 'own'): Analyst {
  const learner = new Learner(shippedWeights(), new SeededRandom(1));
  const desk = new AnalystDesk({
    full: pool === 'own' ? ownModels : [...ownModels, learner.model],
    light: ownModels,
    dear: [],
    allowance: new Allowance(0, 0, () => 0),
    bounds: deskBoundsDefault,
  });
  return {
    forecast: async (asks, horizon, levels) => {
      const fresh = asks.map((ask) => ({ ...ask, continues: false }));
      return desk
        .forecast(fresh, horizon, levels)
        .map((answer) => (answer.kind === 'forecast' ? answer.forecast : null));
    },
    learn: async () => learner.learn(desk.lessons(200)),
    teach: async (weights) => learner.teach(weights),
    close: async () => undefined,
  };
}
