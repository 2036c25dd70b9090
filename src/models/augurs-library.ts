import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AutoETS, initSync as initEts } from '@bsull/augurs/ets';
import { initSync as initMstl, MSTL } from '@bsull/augurs/mstl';
import { dirname, join } from 'node:path';
import type { FitAnswer, FitRequest } from './fit-messages.ts';
import { chooseCorrection } from './rolling-path.ts';
import { isTrap } from './wasm-trap.ts';

/** How far back the end is held, to see how the path is best corrected: at most a fifth of the values. */
const heldBackSteps = 400;
const heldBackShare = 0.2;

const folder = dirname(createRequire(import.meta.url).resolve('@bsull/augurs'));

/** A library's model; it holds memory outside the heap. */
interface Library {
  fit(values: Float64Array): void;
  predict(horizon: number): { readonly point: readonly number[] };
  free(): void;
}

let etsReady = false;
let mstlReady = false;

/** Exponential smoothing without a season, the kind chosen by the library (Hyndman et al.: Forecasting with Exponential Smoothing, 2008). */
export function fitEts(request: FitRequest): FitAnswer {
  if (!etsReady) initEts({ module: readFileSync(join(folder, 'ets_bg.wasm')) });
  etsReady = true;
  return fitPath(request, () => new AutoETS(1, 'ZZN'));
}

/** Seasons by loess, what is left by ETS (Bandara, Hyndman, Bergmeir: MSTL, 2021). */
export function fitMstl(request: FitRequest): FitAnswer {
  if (request.periods.length === 0)
    return { kind: 'refused', reason: 'no season fits twice into the history' };
  if (!mstlReady) initMstl({ module: readFileSync(join(folder, 'mstl_bg.wasm')) });
  mstlReady = true;
  return fitPath(request, () => MSTL.ets(Uint32Array.from(request.periods)));
}

function fitPath({ values, periods, pathSteps }: FitRequest, create: () => Library): FitAnswer {
  const heldBack = Math.min(heldBackSteps, Math.floor(values.length * heldBackShare));
  const training = values.subarray(0, values.length - heldBack);
  const path = pathOf(create(), values, pathSteps);
  if (path === null) return { kind: 'refused', reason: 'it found no model for this series' };
  // A season that no longer fits twice when the end is held back: then the path stays as it is.
  const losesSeason = periods.some((period) => training.length < 2 * period + 1);
  const tried = losesSeason ? null : pathOf(create(), training, heldBack);
  const residuals =
    tried === null
      ? new Float64Array(0)
      : tried.map((value, step) => (values[training.length + step] ?? 0) - value);
  const { gain, decay } = chooseCorrection(residuals);
  return { kind: 'fitted', fit: { kind: 'path', path, correction: { gain, decay, level: 0 } } };
}

/** @returns null when the library says no, which leaves it sound; a trap is thrown on */
function pathOf(model: Library, values: Float64Array, steps: number): Float64Array | null {
  try {
    model.fit(values);
    const path = Float64Array.from(model.predict(steps).point);
    return path.every(Number.isFinite) ? path : null;
  } catch (error) {
    if (isTrap(error)) throw error;
    return null;
  } finally {
    model.free();
  }
}
