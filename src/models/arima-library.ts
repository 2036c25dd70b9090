import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ArmaFilter } from './arma-filter.ts';
import type { ArimaCoefficients, FitAnswer, FitRequest } from './fit-messages.ts';

/**
 * The C library ctsa as the package `arima` compiled it. Its own wrapper hides the coefficients, without which a fit
 * cannot be rolled on; so its functions are called here, and the coefficients are read from its memory. That is
 * checked at every fit: they must give the library's own forecast.
 */
interface Ctsa {
  readonly HEAP32: Int32Array;
  readonly HEAPF64: Float64Array;
  cwrap(
    name: string,
    result: 'number' | null,
    parameters: readonly string[],
  ): (...values: unknown[]) => number;
}

interface Functions {
  readonly library: Ctsa;
  readonly fitFixed: (...values: unknown[]) => number;
  readonly fitAutomatic: (...values: unknown[]) => number;
  readonly predictFixed: (...values: unknown[]) => number;
  readonly predictAutomatic: (...values: unknown[]) => number;
  readonly freeFixed: (...values: unknown[]) => number;
  readonly freeAutomatic: (...values: unknown[]) => number;
  readonly freeResult: (...values: unknown[]) => number;
}

/** Byte offsets in the library's structs (32-bit pointers) for a fixed and for an automatic order. */
const fixedLayout = {
  ar: 32,
  differences: 36,
  ma: 40,
  exogenous: 60,
  arPointer: 72,
  maPointer: 76,
  mean: 104,
};
const automaticLayout = {
  ar: 56,
  differences: 60,
  ma: 64,
  exogenous: 84,
  arPointer: 96,
  maPointer: 100,
  mean: 128,
};
type Layout = typeof fixedLayout;

/** The library's default method, exact likelihood, goes astray for (2, 1, 2): conditional sum of squares. */
const method = 1;
const limitedMemoryBfgs = 6;
const order = { ar: 2, differences: 1, ma: 2 };
const orderMax = { ar: 4, differences: 2, ma: 4 };
const checkedSteps = 4;
/** Of the values' range, which is 2. */
const differenceMax = 0.02;

let loaded: Functions | null = null;

function load(): Functions {
  if (loaded !== null) return loaded;
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('arima'));
  const create = require(join(folder, 'wasm', 'native-sync.js')) as (options: {
    wasmBinary: Uint8Array;
  }) => Ctsa;
  const library = create({ wasmBinary: readFileSync(join(folder, 'wasm', 'native.wasm')) });
  const numbers = (count: number): readonly string[] => Array.from({ length: count }, () => 'number');
  const predict = ['number', 'array', 'array', 'array', 'number'];
  loaded = {
    library,
    fitFixed: library.cwrap('fit_sarimax', 'number', ['array', 'array', ...numbers(11), 'boolean']),
    fitAutomatic: library.cwrap('fit_autoarima', 'number', ['array', 'array', ...numbers(13), 'boolean']),
    predictFixed: library.cwrap('predict_sarimax', 'number', predict),
    predictAutomatic: library.cwrap('predict_autoarima', 'number', predict),
    freeFixed: library.cwrap('free_sarimax', null, ['number']),
    freeAutomatic: library.cwrap('free_autoarima', null, ['number']),
    freeResult: library.cwrap('free_result', null, ['number']),
  };
  return loaded;
}

const none = new Uint8Array(0);
const bytesOf = (values: Float64Array): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);

/** ARIMA(2, 1, 2). */
export function fitFixed({ values }: FitRequest): FitAnswer {
  const functions = load();
  const { ar, differences, ma } = order;
  const input = bytesOf(values);
  const noSeason = [0, 0, 0, 0];
  const exogenous = 0;
  const model = functions.fitFixed(
    input,
    none,
    ar,
    differences,
    ma,
    ...noSeason,
    exogenous,
    values.length,
    method,
    limitedMemoryBfgs,
    false,
  );
  try {
    const predicted = predict(functions, functions.predictFixed, model, input);
    return judged(coefficientsAt(functions.library, model, fixedLayout), predicted, values);
  } finally {
    functions.freeFixed(model);
  }
}

/** The order by corrected Akaike criterion, stepwise (Hyndman, Khandakar: Journal of Statistical Software 27(3), 2008). */
export function fitAutomatic({ values }: FitRequest): FitAnswer {
  const functions = load();
  const { ar, differences, ma } = orderMax;
  const input = bytesOf(values);
  const noSeason = [0, 0, 0, 0];
  const exogenous = 0;
  const approximate = 1;
  const stepwise = 1;
  const model = functions.fitAutomatic(
    input,
    none,
    ar,
    differences,
    ma,
    ...noSeason,
    exogenous,
    values.length,
    method,
    limitedMemoryBfgs,
    approximate,
    stepwise,
    false,
  );
  try {
    const predicted = predict(functions, functions.predictAutomatic, model, input);
    return judged(coefficientsAt(functions.library, model, automaticLayout), predicted, values);
  } finally {
    functions.freeAutomatic(model);
  }
}

function predict(
  { library, freeResult }: Functions,
  call: (...values: unknown[]) => number,
  model: number,
  input: Uint8Array,
): Float64Array {
  const address = call(model, input, none, none, checkedSteps);
  const predicted = library.HEAPF64.slice(address / 8, address / 8 + checkedSteps);
  freeResult(address);
  return predicted;
}

function coefficientsAt({ HEAP32, HEAPF64 }: Ctsa, model: number, layout: Layout): ArimaCoefficients | null {
  const word = (offset: number): number => HEAP32[(model + offset) / 4] ?? 0;
  const numbers = (pointer: number, count: number): readonly number[] =>
    Array.from(HEAPF64.subarray(pointer / 8, pointer / 8 + count));
  if (word(layout.exogenous) !== 0) return null;
  return {
    differences: word(layout.differences),
    mean: HEAPF64[(model + layout.mean) / 8] ?? 0,
    ar: numbers(word(layout.arPointer), word(layout.ar)),
    // The library subtracts the moving average.
    ma: numbers(word(layout.maPointer), word(layout.ma)).map((weight) => -weight),
  };
}

function judged(
  coefficients: ArimaCoefficients | null,
  predicted: Float64Array,
  values: Float64Array,
): FitAnswer {
  if (coefficients === null) return { kind: 'refused', reason: 'it found a trend that cannot be rolled on' };
  const own = new ArmaFilter(coefficients, values).forecast(checkedSteps);
  const differs = own.some(
    (value, step) => !(Math.abs(value - (predicted[step] ?? Number.NaN)) <= differenceMax),
  );
  if (differs) return { kind: 'refused', reason: 'its coefficients do not give its own forecast' };
  return { kind: 'fitted', fit: { kind: 'arima', coefficients } };
}
