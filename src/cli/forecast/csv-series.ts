import type { Sample } from '../../forecasting/contract.ts';
import { CsvError } from './csv-errors.ts';
import type { CsvRow } from './csv-table.ts';
import { epochUnitOf, epochUnitsMs, parseDateTime, type EpochUnit } from './time-text.ts';

/** What is read of a file. */
export interface CsvColumns {
  /** By name, or by its number from 1. */
  readonly value: string;
  /** Null: the first column that looks like one, or none. */
  readonly time: string | null;
  /** Of times that are plain numbers; null: by their size. */
  readonly unit: EpochUnit | null;
}

export interface CsvSamples {
  readonly samples: readonly Sample[];
  readonly valueColumn: string;
  /** Null: the rows follow each other evenly, and `atMs` is the number of the row. */
  readonly timeColumn: string | null;
  /** Cells without a value, which are gaps. */
  readonly missing: number;
  /** Rows without a time, which are left out. */
  readonly timeless: number;
}

/** Enough for a year of tens of seconds. */
const samplesMax = 4_000_000;
const rowsBetweenNews = 50_000;
const columnsListed = 30;
const noValue = /^(?:|-|n\/?a|nan|null|none|nil|\?|#n\/a|missing)$/i;
const timeName = /^(?:ds|t|ts|time|date|.*(?:timestamp|datetime|date|time)\b.*)$/i;
const decimalComma = /^[+-]?\d+,\d+(?:e[+-]?\d+)?$/i;

/**
 * @param told now and then, how many rows were read
 * @throws {CsvError} when a column is not there, or a cell is neither a number nor empty
 */
export async function readSamples(
  rows: AsyncIterable<CsvRow>,
  columns: CsvColumns,
  told: (rows: number) => void,
): Promise<CsvSamples> {
  const reading = new Reading(columns);
  let count = 0;
  for await (const row of rows) {
    reading.take(row);
    count += 1;
    if (count % rowsBetweenNews === 0) told(count);
  }
  return reading.finish();
}

/** Where the columns stand. */
interface Places {
  readonly names: readonly string[];
  readonly value: number;
  /** Null: there is none. */
  readonly time: number | null;
  /** How the first time is written, and so all of them. */
  readonly timesAre: 'numbers' | 'dates';
}

class Reading {
  readonly #columns: CsvColumns;
  readonly #samples: { atMs: number; readonly value: number }[] = [];
  #names: readonly string[] | null = null;
  #places: Places | null = null;
  #missing = 0;
  #timeless = 0;

  constructor(columns: CsvColumns) {
    this.#columns = columns;
  }

  take(row: CsvRow): void {
    if (this.#names === null) {
      this.#names = namesIn(row, this.#columns);
      if (this.#names === row.cells) return;
    }
    this.#places ??= placesOf(this.#names, row, this.#columns);
    const { time, timesAre } = this.#places;
    const value = numberAt(row, this.#places);
    const atMs = time === null ? this.#samples.length : timeAt(row, time, timesAre, this.#names);
    if (Number.isNaN(value)) this.#missing += 1;
    if (atMs === null) this.#timeless += 1;
    else this.#samples.push({ atMs, value });
    if (this.#samples.length > samplesMax) {
      throw new CsvError(
        `The file has more than ${samplesMax} rows. Leave out the oldest, or take means of several.`,
      );
    }
  }

  finish(): CsvSamples {
    const places = this.#places;
    if (this.#names === null)
      throw new CsvError('The file is empty. Expected a line with the names of its columns.');
    if (places === null || this.#samples.length === 0) {
      throw new CsvError(`The file has no values: nothing follows the line with ${listed(this.#names)}.`);
    }
    if (places.time !== null && places.timesAre === 'numbers') {
      let largest = 0;
      for (const { atMs } of this.#samples) largest = Math.max(largest, Math.abs(atMs));
      const unitMs = epochUnitsMs[this.#columns.unit ?? epochUnitOf(largest)];
      for (const sample of this.#samples) sample.atMs *= unitMs;
    }
    return {
      samples: this.#samples,
      valueColumn: places.names[places.value] ?? '',
      timeColumn: places.time === null ? null : (places.names[places.time] ?? ''),
      missing: this.#missing,
      timeless: this.#timeless,
    };
  }
}

/** @returns the cells themselves when they are names; columns are numbered from 1 in a file without names */
function namesIn({ cells }: CsvRow, { value }: CsvColumns): readonly string[] {
  const isData =
    /^\d+$/.test(value) &&
    !cells.includes(value) &&
    !Number.isNaN(parseNumber(cells[Number(value) - 1] ?? ''));
  return isData ? cells.map((_, index) => String(index + 1)) : cells;
}

function placesOf(names: readonly string[], row: CsvRow, columns: CsvColumns): Places {
  const value = placeOf(names, columns.value);
  const time = columns.time === null ? guessedTime(names, row, value) : placeOf(names, columns.time);
  const first = time === null ? '' : (row.cells[time] ?? '');
  return { names, value, time, timesAre: Number.isNaN(parseNumber(first)) ? 'dates' : 'numbers' };
}

function placeOf(names: readonly string[], wanted: string): number {
  const exact = names.indexOf(wanted);
  if (exact !== -1) return exact;
  const same = names.flatMap((name, index) =>
    name.toLowerCase() === wanted.trim().toLowerCase() ? [index] : [],
  );
  const [only] = same;
  if (only !== undefined && same.length === 1) return only;
  const number = Number(wanted);
  if (Number.isInteger(number) && number >= 1 && number <= names.length) return number - 1;
  throw new CsvError(`The file has no column '${wanted}'. It has ${listed(names)}.`);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, columnsListed).map((name) => `'${name}'`);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}

/** The first column that is called like a time, or whose first cell is a date. */
function guessedTime(names: readonly string[], { cells }: CsvRow, value: number): number | null {
  const isTime = (cell: string): boolean => !Number.isNaN(parseNumber(cell)) || parseDateTime(cell) !== null;
  const found = names.findIndex(
    (name, index) =>
      index !== value &&
      ((timeName.test(name) && isTime(cells[index] ?? '')) || parseDateTime(cells[index] ?? '') !== null),
  );
  return found === -1 ? null : found;
}

/** @returns NaN for a cell without a value */
function numberAt({ line, cells }: CsvRow, { names, value }: Places): number {
  const cell = cells[value] ?? '';
  if (noValue.test(cell)) return Number.NaN;
  const number = parseNumber(cell);
  if (!Number.isNaN(number)) return number;
  throw new CsvError(
    `Line ${line}: '${cut(cell)}' in column '${names[value] ?? ''}' is not a number. ` +
      'Leave a cell empty where there is no value.',
  );
}

/** @returns milliseconds since 1970, or the number as it stands; null for a cell without a time */
function timeAt(
  { line, cells }: CsvRow,
  time: number,
  timesAre: Places['timesAre'],
  names: readonly string[],
): number | null {
  const cell = cells[time] ?? '';
  if (noValue.test(cell)) return null;
  const number = timesAre === 'numbers' ? parseNumber(cell) : parseDateTime(cell);
  if (number !== null && Number.isFinite(number)) return number;
  throw new CsvError(
    `Line ${line}: '${cut(cell)}' in column '${names[time] ?? ''}' is not a time. ` +
      (timesAre === 'numbers'
        ? 'Expected a number, as in the line before.'
        : "Expected a date as '2026-03-01 08:05:00' or '2026-03-01T08:05:00Z', or a number since 1970."),
  );
}

/** @returns NaN for what is no number */
function parseNumber(cell: string): number {
  if (cell === '') return Number.NaN;
  if (decimalComma.test(cell)) return Number(cell.replace(',', '.'));
  return /^[+-]?(?:inf(?:inity)?)$/i.test(cell) || /^0[xob]/i.test(cell) ? Number.NaN : Number(cell);
}

function cut(cell: string): string {
  return cell.length > 40 ? `${cell.slice(0, 40)}…` : cell;
}
