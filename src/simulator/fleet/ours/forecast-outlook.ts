import type { FittedModel, Model } from '../../../forecasting/contract.ts';
import { simpleSmoothing } from '../../../forecasting/smoothing.ts';
import type { Fleet } from '../../../placement/orchestration/fleet.ts';
import type { FleetShape, FleetView } from '../policy.ts';
import type { Outlook } from './outlook.ts';

/** How demand is forecast, round by round. */
export interface ForecastSetting {
  readonly model: Model;
  /** Rounds that a model is fitted to. */
  readonly memoryRounds: number;
  /** Rounds between two fits of one component; the components take turns. */
  readonly refitRounds: number;
  /** Weight of the newest squared error in the variance of the forecasts. */
  readonly varianceRate: number;
}

/**
 * Tuned on the older recording. Tried beside it: forecasts of the five-minute means by a weighted pool, sharpened by
 * the ticks of the present sample (twice the overload: its median lies below the mean that a host's sum needs, and it
 * follows a jump a sample late), and a pooled regression on five smoothed values (as good, and dearer).
 */
export const forecastSetting: ForecastSetting = {
  model: simpleSmoothing,
  memoryRounds: 240,
  refitRounds: 60,
  varianceRate: 0.02,
};

/**
 * One step: the next tick of each component by a model of the forecasting room, with the smoothed variance of its own
 * errors. A planner needs the mean and the variance of a host's sum, so errors are squared, and quantiles not needed.
 */
export class ForecastOutlook implements Outlook {
  readonly steps = 1;
  readonly #setting: ForecastSetting;
  readonly #stepMs: number;
  readonly #fitted: (FittedModel | null)[] = [];
  readonly #expected: Float64Array;
  readonly #variance: Float64Array;
  /** The last `memoryRounds` of each component, in a ring. */
  readonly #memory: Float32Array;
  #rounds = 0;

  constructor({ components, tickMs, ticksPerRound }: FleetShape, setting: ForecastSetting) {
    this.#setting = setting;
    this.#stepMs = tickMs * ticksPerRound;
    this.#expected = new Float64Array(components);
    this.#variance = new Float64Array(components);
    this.#memory = new Float32Array(components * setting.memoryRounds);
  }

  fill(view: FleetView, fleet: Fleet): void {
    const { memoryRounds, refitRounds, varianceRate } = this.#setting;
    for (let component = 0; component < view.shape.components; component += 1) {
      const cores = view.latestCores[component] ?? 0;
      this.#memory[component * memoryRounds + (this.#rounds % memoryRounds)] = cores;
      const miss = cores - (this.#expected[component] ?? 0);
      const variance = this.#variance[component] ?? 0;
      this.#variance[component] =
        this.#rounds === 0 ? firstVariance(cores) : variance + varianceRate * (miss * miss - variance);
      if (this.#rounds === 0 || (this.#rounds + component) % refitRounds === 0)
        this.#fitted[component] = this.#fit(component);
      else this.#fitted[component]?.observe(cores);
      const forecast = Math.max(0, this.#fitted[component]?.forecast(1)[0] ?? cores);
      this.#expected[component] = forecast;
      fleet.mean[component] = forecast;
      fleet.deviation[component] = Math.sqrt(this.#variance[component] ?? 0);
    }
    this.#rounds += 1;
  }

  #fit(component: number): FittedModel | null {
    const { memoryRounds, model } = this.#setting;
    const length = Math.min(memoryRounds, this.#rounds + 1);
    const values = new Float64Array(length);
    for (let back = 0; back < length; back += 1)
      values[length - 1 - back] =
        this.#memory[component * memoryRounds + ((this.#rounds - back) % memoryRounds)] ?? 0;
    return model.fit({ startMs: 0, stepMs: this.#stepMs, values });
  }
}

/** Before there are errors: a third of the demand, and two hundredths of a core. */
function firstVariance(cores: number): number {
  return 0.1 * cores * cores + 0.0004;
}
