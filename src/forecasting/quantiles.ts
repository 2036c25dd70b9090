import type { Forecast, ForecasterOptions } from './contract.ts';
import type { ConformalErrors, LocalScatter } from './intervals.ts';
import { between } from './ledger.ts';

/** What is known of a series' errors, and where its values can be. */
export interface QuantileBasis extends Pick<ForecasterOptions, 'levels' | 'range'> {
  /** The scored steps, ascending; the last one is the farthest. */
  readonly scored: readonly number[];
  readonly conformal: ConformalErrors;
  readonly scatter: LocalScatter;
}

/** Quantiles around a point, within the physical range; they never cross. */
export function quantilesAround(point: Float64Array, basis: QuantileBasis): Forecast['quantiles'] {
  const { levels, scored } = basis;
  const { min, max } = basis.range;
  const { scatter } = basis.scatter;
  const distances = levels.map((level) =>
    Float64Array.from(scored, (_, place) => distanceAt(basis, place, level)),
  );
  const rows = levels.map((level) => ({ level, values: new Float64Array(point.length) }));
  for (let step = 1; step <= point.length; step += 1) {
    const { place, share } = between(scored, step);
    const next = Math.min(place + 1, scored.length - 1);
    // Beyond the farthest scored step, as a random walk would widen.
    const beyond = Math.sqrt(Math.max(1, step / scored.at(-1)!));
    let before = min;
    for (const [index, row] of rows.entries()) {
      const near = distances[index]!;
      const distance = near[place]! * (1 - share) + near[next]! * share;
      before = Math.min(max, Math.max(before, point[step - 1]! + distance * beyond * scatter));
      row.values[step - 1] = before;
    }
  }
  return rows;
}

/**
 * In units of the scatter, within twice the range of all values ever seen, and once while there are few errors: those
 * made in a calm are huge in the calm's own unit, and that unit is greater now.
 */
function distanceAt({ conformal, scatter }: QuantileBasis, place: number, level: number): number {
  const distance = conformal.quantile(place, level);
  const most = ((conformal.few(place) ? 1 : 2) * scatter.spread) / scatter.scatter;
  return Math.min(most, Math.max(-most, distance));
}
