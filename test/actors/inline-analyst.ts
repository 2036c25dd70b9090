import type { Analyst } from '../../src/actors/ports.ts';
import { ownModels } from '../../src/forecasting/pool.ts';
import { AnalystDesk } from '../../src/models/analyst-desk.ts';

/** The analyst's desk without its thread: simulated time stands still while it computes. */
export function inlineAnalyst(): Analyst {
  const desks = new Map<string, AnalystDesk>();
  return {
    forecast: async (asks, horizon, levels) => {
      const name = JSON.stringify([horizon, levels]);
      const desk = desks.get(name) ?? new AnalystDesk({ pool: ownModels, horizon, levels });
      desks.set(name, desk);
      return asks.map((ask) => desk.forecast({ ...ask, continues: false }));
    },
    close: async () => undefined,
  };
}
