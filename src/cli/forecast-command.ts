import { basename } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { DearAdmission } from '../forecasting/admission.ts';
import { backtest } from '../forecasting/backtest.ts';
import type { BacktestResult } from '../forecasting/backtest.ts';
import type { Forecast, ForecasterOptions, PreparedSeries } from '../forecasting/contract.ts';
import { defaultOptions, forecast } from '../forecasting/forecaster.ts';
import { prepare } from '../forecasting/preparation.ts';
import { CsvError } from './forecast/csv-errors.ts';
import type { CsvSamples } from './forecast/csv-series.ts';
import { readSamples } from './forecast/csv-series.ts';
import { csvRows } from './forecast/csv-table.ts';
import { forecastDocument, forecastText } from './forecast/forecast-text.ts';
import { inferInterval } from './forecast/interval.ts';
import { openModels, parseModels } from './forecast/model-pool.ts';
import type { ModelPool } from './forecast/model-pool.ts';
import { StatusLine } from './forecast/status-line.ts';
import { parseDuration } from './forecast/time-text.ts';
import type { EpochUnit } from './forecast/time-text.ts';
import { jsonOption, wholeNumber } from './options.ts';
import { columnsOf } from './terminal.ts';

interface ForecastFlags {
  readonly csv: string;
  readonly column: string;
  readonly time?: string;
  readonly timeUnit?: EpochUnit;
  readonly interval?: number;
  readonly kind: 'gauge' | 'counter';
  readonly horizon: number;
  readonly levels: readonly number[];
  readonly min?: number;
  readonly max?: number;
  readonly models?: readonly string[];
  readonly backtest: boolean;
  readonly json: boolean;
}

/** Everything that the command found out. */
export interface ForecastReport {
  readonly file: string;
  readonly csv: CsvSamples;
  readonly prepared: PreparedSeries;
  readonly forecast: Forecast;
  /** Null: it was not asked for. */
  readonly backtest: BacktestResult | null;
  readonly refusals: ModelPool['refusals'];
}

const horizonMax = 4032;
const horizonDefault = 12;
/** Share of the values before the first origin of a backtest, and how many origins there are at least. */
const knownShare = 0.7;
const originsMin = 100;
/** Without times, a row counts as this. */
const intervalMsDefault = 300_000;
/** One file is one series: every dear model is tried, and each that earns it joins. */
const everyDearModel = { triedMax: 1, joinedMax: 1 };

/** The command that forecasts a column of a file. */
export function addForecastCommand(program: Command): void {
  program
    .command('forecast')
    .description('forecast a column of a CSV file, by the models that a cluster forecasts its load with')
    .requiredOption('--csv <file>', 'the file, compressed with gzip or not; - reads the standard input')
    .requiredOption('--column <name>', 'the column with the values: its name, or its number from 1')
    .option(
      '--time <name>',
      'the column with the times; else the first that looks like one, or rows evenly apart',
    )
    .addOption(
      new Option('--time-unit <unit>', 'of times that are numbers; else by their size').choices([
        's',
        'ms',
        'us',
        'ns',
      ]),
    )
    .option('--interval <duration>', 'the step, as 5m or 30s; else the one found in the times', interval)
    .addOption(
      new Option('--kind <kind>', 'a gauge is averaged over each step, of a counter the increase is taken')
        .choices(['gauge', 'counter'])
        .default('gauge'),
    )
    .option('--horizon <steps>', 'how many steps ahead', wholeNumber(1, horizonMax), horizonDefault)
    .option('--levels <levels>', 'quantiles, ascending', levels, [0.05, 0.5, 0.95])
    .option('--min <value>', 'no value can be less, as 0 for a load', finiteNumber)
    .option('--max <value>', 'no value can be more, as 100 for a share in percent', finiteNumber)
    .option(
      '--models <names>',
      'only these, separated by commas: single ones, own, learned, foreign, or all',
      parseModels,
    )
    .option('--backtest', 'roll over the newest 30 % of the values, and print the error of each model', false)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  godwit forecast --csv load.csv --column cpu --horizon 12 --min 0 --backtest
  zcat load.csv.gz | godwit forecast --csv - --column cpu --interval 5m --json`,
    )
    .action(run);
}

function interval(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== null && durationMs >= 1) return durationMs;
  throw new InvalidArgumentError(`Expected a duration, as 30s, 5m or 1h; found '${text}'.`);
}

function levels(text: string): readonly number[] {
  const found = text.split(',').map((level) => (level.trim() === '' ? Number.NaN : Number(level)));
  const isAscending = found.every((level, index) => level > (found[index - 1] ?? 0) && level < 1);
  if (isAscending) return found;
  throw new InvalidArgumentError(
    `Expected ascending numbers between 0 and 1, as 0.05,0.5,0.95; found '${text}'.`,
  );
}

function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`Expected a number, found '${text}'.`);
}

async function run(flags: ForecastFlags, command: Command): Promise<void> {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = flags;
  if (min >= max) command.error(`error: --min ${min} is not below --max ${max}`, { exitCode: 2 });
  const status = new StatusLine(process.stderr, flags.json);
  const file = flags.csv === '-' ? 'standard input' : basename(flags.csv);
  try {
    const csv = await readSamples(
      csvRows(flags.csv),
      { value: flags.column, time: flags.time ?? null, unit: flags.timeUnit ?? null },
      (rows) => status.show(`reading ${file}: ${rows} rows`),
    );
    const prepared = preparedOf(csv, flags);
    const report = { file, csv, ...(await analysed(prepared, { ...flags, range: { min, max } }, status)) };
    status.clear();
    console.log(
      flags.json ? JSON.stringify(forecastDocument(report)) : forecastText(report, columnsOf(process.stdout)),
    );
  } finally {
    status.clear();
  }
}

function preparedOf(csv: CsvSamples, flags: ForecastFlags): PreparedSeries {
  const isTimed = csv.timeColumn !== null;
  const stepMs = flags.interval ?? (isTimed ? inferInterval(csv.samples) : intervalMsDefault);
  if (stepMs === null) {
    throw new CsvError(
      `All times in column '${csv.timeColumn ?? ''}' are the same. Name another column with --time, or give --interval.`,
    );
  }
  const samples = isTimed
    ? csv.samples
    : csv.samples.map(({ atMs: row, value }) => ({ atMs: row * stepMs, value }));
  const prepared = prepare(samples, {
    stepMs,
    kind: flags.kind,
    untilMs: Number.POSITIVE_INFINITY,
    valuesMax: defaultOptions.historyMax,
  });
  if (prepared !== null) return prepared;
  throw new CsvError(
    `Column '${csv.valueColumn}' has no value in ${csv.samples.length} rows` +
      (flags.kind === 'counter' ? '; of a counter there must be two.' : '.'),
  );
}

async function analysed(
  prepared: PreparedSeries,
  flags: ForecastFlags & Pick<ForecasterOptions, 'range'>,
  status: StatusLine,
): Promise<Omit<ForecastReport, 'file' | 'csv'>> {
  let fits = 0;
  const pool = openModels(flags.models ?? null, (model) => {
    fits += 1;
    status.show(`fitting ${model} (${fits}. fit)`);
  });
  try {
    const options: ForecasterOptions = {
      ...defaultOptions,
      pool: pool.cheap,
      horizon: flags.horizon,
      levels: flags.levels,
      range: flags.range,
    };
    const everyone = [...pool.cheap, ...pool.dear];
    // Who names models wants them, whatever they earn.
    const admitted =
      flags.models === undefined
        ? new DearAdmission(everyDearModel).poolFor(prepared.series, pool.dear, options)
        : everyone;
    const made = forecast(measuredOnly(prepared), flags.horizon, { ...options, pool: admitted });
    const tested = flags.backtest
      ? backtest(prepared, {
          forecaster: { ...options, pool: everyone },
          knownShare,
          originsMin,
          horizons: horizonsTo(flags.horizon),
        })
      : null;
    if (flags.backtest && tested === null) throw new CsvError(tooLittle(prepared, flags.horizon));
    return { prepared, forecast: made, backtest: tested, refusals: pool.refusals };
  } finally {
    await pool.close();
  }
}

/** Long gaps as gaps: the forecaster fills them itself, and knows that it did. */
function measuredOnly({ series, filled }: PreparedSeries): PreparedSeries['series'] {
  return { ...series, values: series.values.map((value, step) => (filled[step] === 1 ? Number.NaN : value)) };
}

/** One step, the farthest, and one in between. */
function horizonsTo(farthest: number): readonly number[] {
  return [...new Set([1, Math.max(1, Math.round(farthest / 4)), farthest])];
}

function tooLittle({ series: { values } }: PreparedSeries, horizon: number): string {
  const needed = Math.ceil(horizon / (1 - knownShare)) + 1;
  return (
    `There is nothing to test on: ${values.length} values, of which the newest 30 % must reach ${horizon} steps ` +
    `(${needed} values), after older ones that are not constant. Give a shorter --horizon, or leave out --backtest.`
  );
}
