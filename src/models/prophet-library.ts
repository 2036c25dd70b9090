import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { initSync, Prophet } from '@bsull/augurs/prophet';
import { optimizer } from '@bsull/augurs-prophet-wasmstan';
import type { FitAnswer, FitRequest } from './fit-messages.ts';
import { chooseCorrection } from './rolling-path.ts';
import { isTrap } from './wasm-trap.ts';

const folder = dirname(createRequire(import.meta.url).resolve('@bsull/augurs'));
initSync({ module: readFileSync(join(folder, 'prophet_bg.wasm')) });

const seed = 1;
const iterationsMax = 1000;
/** The newest residuals, on which the correction is chosen. */
const residualsMax = 400;

/**
 * Trend with changepoints and Fourier seasons (Taylor, Letham: Forecasting at Scale, The American Statistician 72(1),
 * 2018). Prophet ignores that it was wrong a moment ago; its residuals are smoothed into the path here. Of its forecast
 * only the point is used: its intervals covered far too little.
 */
export function fitProphet({ values, startMs, stepMs, pathSteps }: FitRequest): FitAnswer {
  if (stepMs < 1000) return { kind: 'refused', reason: 'its time has no steps below one second' };
  const ds = Array.from({ length: values.length }, (_, step) => Math.round((startMs + step * stepMs) / 1000));
  const future = Array.from({ length: pathSteps }, (_, step) =>
    Math.round((startMs + (values.length + step) * stepMs) / 1000),
  );
  const prophet = new Prophet({ optimizer, uncertaintySamples: 0 });
  try {
    prophet.fit({ ds, y: Array.from(values) }, { seed, iter: iterationsMax });
    const path = Float64Array.from(prophet.predict({ ds: future }).yhat.point);
    const fitted = prophet.predict().yhat.point;
    if (!path.every(Number.isFinite)) return { kind: 'refused', reason: 'its forecast is not finite' };
    const residuals = values.map((value, step) => value - (fitted[step] ?? 0)).slice(-residualsMax);
    return { kind: 'fitted', fit: { kind: 'path', path, correction: chooseCorrection(residuals) } };
  } catch (error) {
    if (isTrap(error)) throw error;
    return { kind: 'refused', reason: 'its optimiser found no way down' };
  } finally {
    prophet.free();
  }
}
