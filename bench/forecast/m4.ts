import type { ForecasterOptions } from '../../src/forecasting/contract.ts';
import { forecast } from '../../src/forecasting/forecaster.ts';
import { naiveScale, smape } from '../../src/forecasting/metrics.ts';
import type { HourlySeries } from './traces.ts';

export interface HourlyScore {
  readonly mase: number;
  readonly smape: number;
}

const hourMs = 3_600_000;
const season = 24;

/**
 * One forecast of each series, scored as M4 does: mean over all of MASE (scaled by the in-sample error of the value
 * a day before) and sMAPE.
 */
export function scoreHourly(series: readonly HourlySeries[], options: ForecasterOptions): HourlyScore {
  let mase = 0;
  let percent = 0;
  for (const { known, asked } of series) {
    const { point } = forecast({ startMs: 0, stepMs: hourMs, values: known }, asked.length, options);
    let error = 0;
    for (let step = 0; step < asked.length; step += 1) error += Math.abs(asked[step]! - point[step]!);
    mase += error / asked.length / naiveScale(known, season);
    percent += smape(asked, point);
  }
  return { mase: mase / series.length, smape: percent / series.length };
}
