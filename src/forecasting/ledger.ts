/** Steps ahead at which forecasts are scored and weighed; those between take a mixture of their neighbours. */
const steps = [1, 2, 4, 8, 12, 24, 48, 96, 144, 288];

/**
 * The scored steps for a farthest one. None is a whole number of days: there persistence and the seasonal naive say
 * the same, and the steps around it could not tell them apart.
 */
export function scoredSteps(horizon: number, period: number | null): readonly number[] {
  const within = [...steps.filter((step) => step < horizon), horizon];
  if (period === null) return within;
  const back = Math.max(1, Math.floor(period / 8));
  const moved = within.map((step) => (step % period === 0 ? step - back : step));
  return [...new Set(moved)].toSorted((one, other) => one - other);
}

/** Where a step lies between scored ones: the lower one's place, and the share of the way to the next. */
export function between(
  scored: readonly number[],
  step: number,
): { readonly place: number; readonly share: number } {
  let place = 0;
  while (place < scored.length - 2 && scored[place + 1]! <= step) place += 1;
  const left = scored[place]!;
  const right = scored[place + 1] ?? left;
  const share = right === left ? 0 : Math.min(1, Math.max(0, (step - left) / (right - left)));
  return { place, share };
}

/** How much an error counts when the next one comes: about two hundred errors are remembered. */
const remembered = 0.995;

/** Mean absolute errors of some forecasters at each scored step, newer errors counting more. */
export class ErrorLedger {
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;
  readonly #width: number;

  /** @param width count of scored steps */
  constructor(forecasters: number, width: number) {
    this.#width = width;
    this.#sums = new Float64Array(forecasters * width);
    this.#counts = new Float64Array(forecasters * width);
  }

  add(forecaster: number, place: number, error: number): void {
    const index = forecaster * this.#width + place;
    this.#sums[index] = this.#sums[index]! * remembered + error;
    this.#counts[index] = this.#counts[index]! * remembered + 1;
  }

  /** NaN before the first error. */
  mean(forecaster: number, place: number): number {
    const index = forecaster * this.#width + place;
    return this.#sums[index]! / this.#counts[index]!;
  }

  count(forecaster: number, place: number): number {
    return this.#counts[forecaster * this.#width + place]!;
  }
}
