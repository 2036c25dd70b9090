import { parentPort } from 'node:worker_threads';
import { ownModels } from '../forecasting/pool.ts';
import type { DeskAsk } from './analyst-desk.ts';
import { AnalystDesk } from './analyst-desk.ts';
import { shippedLearnedModel } from './learned.ts';

// The program of the analyst's thread.

/** All asks of one call. */
export interface AnalystRequest {
  readonly id: number;
  readonly horizon: number;
  readonly levels: readonly number[];
  readonly asks: readonly DeskAsk[];
}

const pool = [...ownModels, shippedLearnedModel()];
const desks = new Map<string, AnalystDesk>();
const desksMax = 4;

/** One horizon and one set of levels is the rule; another one has series of its own. */
function deskOf({ horizon, levels }: AnalystRequest): AnalystDesk {
  const name = JSON.stringify([horizon, levels]);
  const known = desks.get(name);
  if (known !== undefined) return known;
  const desk = new AnalystDesk({ pool, horizon, levels });
  const [oldest] = desks.keys();
  if (desks.size >= desksMax && oldest !== undefined) desks.delete(oldest);
  desks.set(name, desk);
  return desk;
}

parentPort?.on('message', (request: AnalystRequest) => {
  const desk = deskOf(request);
  const forecasts = request.asks.map((ask) => desk.forecast(ask));
  parentPort?.postMessage({ id: request.id, forecasts });
});
