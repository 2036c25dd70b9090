import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { messageOf } from '../core/errors.ts';
import type { Traffic } from '../simulator/fleet/policy.ts';
import type { Workload } from '../simulator/fleet/workload.ts';
import { WorkloadError, workloadOf } from '../simulator/fleet/workload.ts';

/** A table of a file, as text; a first row of names is taken off. */
interface Table {
  readonly name: string;
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
}

/** @throws {WorkloadError} when there is no such file, or it is no table */
function readTable(path: string): Table {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  } catch (error) {
    throw new WorkloadError(
      `File ${path} cannot be read: ${messageOf(error)}. Give a CSV file, gzipped or not.`,
    );
  }
  let rows: string[][];
  try {
    rows = parse(bytes, { delimiter: [',', ';', '\t'], trim: true, skip_empty_lines: true, bom: true });
  } catch (error) {
    throw new WorkloadError(`File ${path} is no CSV: ${messageOf(error)}. Every row needs as many cells.`);
  }
  const [first] = rows;
  const named = first?.some((cell) => cell !== '' && !isNumber(cell)) === true;
  return {
    name: basename(path).replace(/(?:\.csv)?(?:\.gz)?$/, ''),
    header: named ? (first ?? null) : null,
    rows: named ? rows.slice(1) : rows,
  };
}

/**
 * A matrix: one row for each sample, one column for each component; empty cells are gaps. A first column that is named
 * `time`, `timestamp`, `step`, `row` or `date` is passed over.
 */
export function readWorkload(path: string, sampleMs: number, coresPerUnit: number): Workload {
  const { name, header, rows } = readTable(path);
  const skipped = /^(?:time|timestamp|step|row|date)/i.test(header?.[0] ?? '') ? 1 : 0;
  const width = (rows[0]?.length ?? 0) - skipped;
  const columns = Array.from({ length: Math.max(0, width) }, () => new Float64Array(rows.length));
  for (const [sample, row] of rows.entries()) {
    for (const [component, column] of columns.entries()) {
      const cell = row[component + skipped] ?? '';
      if (cell !== '' && !isNumber(cell) && cell.toLowerCase() !== 'nan')
        throw new WorkloadError(
          `Row ${sample + 1} of ${path} has '${cell}' in column ${component + skipped + 1}, where a number is expected.`,
        );
      column[sample] = cell === '' ? Number.NaN : Number(cell);
    }
  }
  return workloadOf(columns, { name, sampleMs, coresPerUnit });
}

/** Rack → rack in ms: a square matrix with a row and a column for each rack. */
export function readLatencies(path: string, racks: number): Float64Array {
  const { rows } = readTable(path);
  const cells = rows.flat().map(Number);
  if (rows.length !== racks || cells.length !== racks * racks || !cells.every((ms) => ms >= 0))
    throw new WorkloadError(
      `Latency matrix ${path} has ${rows.length} rows and ${cells.length} cells; ${racks} racks need ` +
        `${racks} × ${racks} numbers of ms, 0 or above.`,
    );
  return Float64Array.from(cells);
}

/** Rows of: component, component, messages per second, bytes per second; components count from 0. */
export function readTraffic(path: string, components: number): Traffic {
  const rows = readTable(path).rows.map((row) => row.map(Number));
  for (const [index, [from = Number.NaN, to = Number.NaN, messages = -1, bytes = -1]] of rows.entries()) {
    const known = [from, to].every((one) => Number.isInteger(one) && one >= 0 && one < components);
    if (!known || !(messages >= 0) || !(bytes >= 0))
      throw new WorkloadError(
        `Row ${index + 1} of traffic ${path} is '${rows[index]?.join(',') ?? ''}'; expected two components from 0 to ` +
          `${components - 1}, then messages and bytes per second, 0 or above.`,
      );
  }
  return {
    from: Int32Array.from(rows, (row) => row[0] ?? 0),
    to: Int32Array.from(rows, (row) => row[1] ?? 0),
    messagesPerSecond: Float64Array.from(rows, (row) => row[2] ?? 0),
    bytesPerSecond: Float64Array.from(rows, (row) => row[3] ?? 0),
  };
}

function isNumber(text: string): boolean {
  return text !== '' && Number.isFinite(Number(text));
}
