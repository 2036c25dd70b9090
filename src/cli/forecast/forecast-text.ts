import type { BacktestResult, HorizonScore } from '../../forecasting/backtest.ts';
import type { ForecastReport } from '../forecast-command.ts';
import { countText, table } from '../table.ts';
import { wrapped } from '../terminal.ts';
import { dateTimeText, durationText } from './time-text.ts';

const combination = 'combination';
/** What comes first in a table of errors: the yardsticks, then what is used. */
const first = ['persistence', 'seasonal-naive', combination];

/** For people. */
export function forecastText(report: ForecastReport, columns: number): string {
  const { forecast, backtest } = report;
  const header = [
    report.csv.timeColumn === null ? 'step' : 'time (UTC)',
    'forecast',
    ...forecast.quantiles.map(({ level }) => `${percent(level)} quantile`),
  ];
  const rows = Array.from(forecast.point, (value, step) => [
    stepText(report, step),
    numberText(value),
    ...forecast.quantiles.map(({ values }) => numberText(values[step] ?? Number.NaN)),
  ]);
  const parts = [
    wrapped(historyText(report), columns, 2),
    table(header, rows, columns),
    wrapped(`Model: ${forecast.model}. ${forecast.reason}`, columns, 2),
  ];
  if (backtest !== null) parts.push(backtestText(backtest, columns));
  for (const { model, reason } of distinct(report.refusals))
    parts.push(wrapped(`${model} takes no part: ${reason}.`, columns, 2));
  return parts.join('\n\n');
}

function stepText({ csv, forecast }: ForecastReport, step: number): string {
  return csv.timeColumn === null ? `+${step + 1}` : dateTimeText(forecast.fromMs + step * forecast.stepMs);
}

function historyText({ file, csv, prepared }: ForecastReport): string {
  const { series, mended } = prepared;
  const counts = [
    [csv.missing, 'empty cell'],
    [csv.timeless, 'row without a time'],
    [mended.duplicates, 'repeated time'],
    [mended.resets, 'counter reset'],
    [mended.filled, 'filled step'],
  ] as const;
  const notes = counts.flatMap(([count, noun]) => (count > 0 ? [countOf(count, noun)] : []));
  const span =
    csv.timeColumn === null
      ? ''
      : `, ${dateTimeText(series.startMs)} to ${dateTimeText(series.startMs + (series.values.length - 1) * series.stepMs)}`;
  return (
    `${file}, column ${csv.valueColumn}: ${countText(series.values.length, 'value')} of ${durationText(series.stepMs)}${span}` +
    (notes.length > 0 ? ` (${notes.join(', ')}).` : '.')
  );
}

function countOf(count: number, noun: string): string {
  return noun.startsWith('row ')
    ? `${count} ${count === 1 ? noun : noun.replace('row', 'rows')}`
    : countText(count, noun);
}

/** Errors of all models, the yardsticks first, the rest by their error at the farthest step. */
function backtestText({ scores }: BacktestResult, columns: number): string {
  const errorOf = (score: HorizonScore, model: string): number | undefined =>
    model === combination ? score.combined : score.models[model];
  const last = scores.at(-1);
  const names = [...new Set([combination, ...scores.flatMap(({ models }) => Object.keys(models))])].toSorted(
    (one, other) =>
      rank(one) - rank(other) ||
      (last === undefined ? 0 : (errorOf(last, one) ?? Infinity) - (errorOf(last, other) ?? Infinity)),
  );
  const header = ['model', ...scores.map(({ horizon }) => countText(horizon, 'step'))];
  const rows = names.map((name) => [name, ...scores.map((score) => errorOf(score, name)?.toFixed(3) ?? '-')]);
  const origins = Math.max(...scores.map(({ count }) => count));
  const covered = scores.map(
    ({ horizon, coverage }) => `${percent(coverage)} at ${countText(horizon, 'step')}`,
  );
  return [
    wrapped(
      `Backtest: MASE (mean absolute error over that of persistence one step ahead before the test; less is better) from ` +
        `${countText(origins, 'origin')} in the newest 30 %:`,
      columns,
      2,
    ),
    table(header, rows, columns),
    wrapped(`The 90 % interval covered ${covered.join(', ')}.`, columns, 2),
  ].join('\n');
}

function rank(name: string): number {
  const at = first.indexOf(name);
  return at === -1 ? first.length : at;
}

/** For programs. */
export function forecastDocument(report: ForecastReport): unknown {
  const { csv, prepared, forecast, backtest } = report;
  return {
    file: report.file,
    column: csv.valueColumn,
    timeColumn: csv.timeColumn,
    history: {
      startMs: prepared.series.startMs,
      stepMs: prepared.series.stepMs,
      values: prepared.series.values.length,
      missing: csv.missing,
      timeless: csv.timeless,
      ...prepared.mended,
    },
    forecast: {
      fromMs: forecast.fromMs,
      stepMs: forecast.stepMs,
      point: [...forecast.point],
      quantiles: forecast.quantiles.map(({ level, values }) => ({ level, values: [...values] })),
      model: forecast.model,
      weights: forecast.weights,
      reason: forecast.reason,
    },
    backtest,
    refused: distinct(report.refusals),
  };
}

function distinct(refusals: ForecastReport['refusals']): ForecastReport['refusals'] {
  return refusals.filter(
    ({ model }, index) => refusals.findIndex((other) => other.model === model) === index,
  );
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function numberText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-3)) return value.toExponential(4);
  return String(Number(value.toPrecision(6)));
}
