import { assert } from '../../core/assert.ts';
import type { Series } from '../contract.ts';
import { Candidates } from './candidates.ts';
import type { LearnedFit, LearnedModel, LearnedWeights } from './contract.ts';
import { originFeatures, outlook, StepFeatures } from './features.ts';
import { addAnswers } from './forest.ts';
import { featureCount, layout, originFeatureCount } from './layout.ts';
import { Past } from './past.ts';

/** With fewer values there is nothing to measure changes by. */
const valuesMin = 4;

/** A global model: what its trees have learned of many series is applied to each. */
export function learnedModel(weights: LearnedWeights): LearnedModel {
  assert(weights.layout === layout, `The weights are for features ${weights.layout}, not ${layout}`);
  const fit = (history: Series, arrivalsOf: (index: number) => number): LearnedFit | null => {
    if (history.values.length < valuesMin) return null;
    const fitted = new Fit(weights, history);
    for (const [index, value] of history.values.entries()) {
      fitted.observeWithArrivals(value, arrivalsOf(index));
    }
    return fitted;
  };
  return {
    name: 'learned',
    price: 'cheap',
    weights,
    fit: (history, earlier) => {
      // It learns of a series value by value: what has seen all of them knows what a new fit would.
      if (earlier instanceof Fit && earlier.seen === history.values.length) return earlier;
      return fit(newest(history), () => NaN);
    },
    fitWithArrivals: (history, arrivals) => {
      const recent = newest(history);
      const skipped = history.values.length - recent.values.length;
      return fit(recent, (index) => arrivals[skipped + index] ?? NaN);
    },
  };
}

/** As much of a history as is remembered anyway. */
function newest(history: Series): Series {
  const { startMs, stepMs, values } = history;
  const skipped = Math.max(0, values.length - Past.heldMin(stepMs));
  return { startMs: startMs + skipped * stepMs, stepMs, values: values.subarray(skipped) };
}

class Fit implements LearnedFit {
  readonly #weights: LearnedWeights;
  readonly #past: Past;
  readonly #candidates: Candidates;
  readonly #steps: StepFeatures;

  constructor(weights: LearnedWeights, start: Pick<Series, 'startMs' | 'stepMs'>) {
    this.#weights = weights;
    this.#past = new Past(start);
    this.#candidates = new Candidates(this.#past);
    this.#steps = new StepFeatures(this.#past, this.#candidates);
  }

  /** How many values it has seen, those it has forgotten included. */
  get seen(): number {
    return this.#past.seen;
  }

  observe(value: number): void {
    this.observeWithArrivals(value, NaN);
  }

  observeWithArrivals(value: number, arrivals: number): void {
    this.#past.push(value, arrivals);
    this.#candidates.update();
  }

  forecast(horizon: number, wanted?: readonly number[]): Float64Array {
    const view = outlook(this.#past);
    const forecast = new Float64Array(horizon).fill(view.last);
    if (view.scale === 0) return forecast;
    const steps = wanted ?? Array.from({ length: horizon }, (_, index) => index + 1);
    const rows = new Float32Array(steps.length * featureCount);
    const origin = new Float32Array(originFeatureCount);
    originFeatures(this.#past, view, origin);
    for (const [index, step] of steps.entries()) {
      const row = rows.subarray(index * featureCount, (index + 1) * featureCount);
      row.set(origin);
      forecast[step - 1] = this.#steps.write(view, step, row);
    }
    const answers = new Float64Array(steps.length);
    addAnswers(this.#weights.trained, rows, featureCount, answers);
    addAnswers(this.#weights.added, rows, featureCount, answers);
    // What was never negative will not be.
    const floor = this.#past.least >= 0 ? 0 : -Infinity;
    for (const [index, step] of steps.entries()) {
      const said = (forecast[step - 1] as number) + view.scale * (answers[index] as number);
      // Values near the largest number there is overflow on the way.
      forecast[step - 1] = Number.isFinite(said) ? Math.max(floor, said) : view.last;
    }
    return forecast;
  }
}
