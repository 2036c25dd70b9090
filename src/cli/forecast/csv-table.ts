import { createReadStream } from 'node:fs';
import { finished, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { messageOf } from '../../core/errors.ts';
import { CsvError } from './csv-errors.ts';

/** One record of a file. */
export interface CsvRow {
  /** Of its first line in the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

const separators = [';', '\t', ','] as const;
/** The first line is at most so long. */
const firstLineBytesMax = 64 * 1024;
const cellCharactersMax = 1_000_000;

/**
 * The records of a CSV file: separated by commas, semicolons or tabs, cells quoted or not, with or without a byte order
 * mark, compressed with gzip or not; `-` is the standard input. Blank lines are left out.
 *
 * @throws {CsvError} when it cannot be read
 */
export async function* csvRows(file: string): AsyncIterable<CsvRow> {
  const name = file === '-' ? 'the standard input' : file;
  const source: Readable = file === '-' ? process.stdin : createReadStream(file);
  try {
    const text = unzipped(source);
    const { separator, chunks } = await beginning(text);
    const parser = parse({
      bom: true,
      delimiter: separator,
      trim: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: cellCharactersMax,
      info: true,
    });
    feed(parser, chunks);
    for await (const { record, info } of parser as AsyncIterable<{
      readonly record: readonly string[];
      readonly info: { readonly lines: number };
    }>) {
      if (record.length > 1 || record[0] !== '') yield { line: info.lines, cells: record };
    }
  } catch (error) {
    if (error instanceof CsvError) throw error;
    throw new CsvError(`Cannot read ${name}: ${messageOf(error)}.`, { cause: error });
  } finally {
    source.destroy();
  }
}

/** Whatever its name says, a file is compressed when it begins like one. */
async function* unzipped(source: Readable): AsyncIterable<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await chunks.next();
  if (first.done === true) return;
  const whole = async function* (): AsyncIterable<Buffer> {
    yield first.value;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  };
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) return yield* whole();
  const gunzip = createGunzip();
  feed(gunzip, whole());
  yield* gunzip as AsyncIterable<Buffer>;
}

/** Writes what comes, at the reader's pace; a failure at either end is the reader's to see. */
function feed(into: NodeJS.WritableStream & Readable, chunks: AsyncIterable<Buffer>): void {
  const write = async (): Promise<void> => {
    for await (const chunk of chunks) {
      if (into.destroyed) return;
      if (!into.write(chunk)) await drained(into);
    }
    into.end();
  };
  write().catch((error: unknown) =>
    into.destroy(error instanceof Error ? error : new Error(messageOf(error))),
  );
}

function drained(into: NodeJS.WritableStream & Readable): Promise<void> {
  return new Promise((resolve) => {
    const stopWatching = finished(into, () => resolve());
    into.once('drain', () => {
      stopWatching();
      resolve();
    });
  });
}

/** Looks at the first line, and gives back everything. */
async function beginning(
  chunks: AsyncIterable<Buffer>,
): Promise<{ readonly separator: string; readonly chunks: AsyncIterable<Buffer> }> {
  const rest = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let isAll = false;
  while (!isAll && !head.includes(0x0a) && head.length < firstLineBytesMax) {
    const next = await rest.next();
    if (next.done === true) isAll = true;
    else head = Buffer.concat([head, next.value]);
  }
  const end = head.indexOf(0x0a);
  const separator = separatorOf(head.subarray(0, end === -1 ? head.length : end).toString('utf8'));
  const whole = async function* (): AsyncIterable<Buffer> {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  };
  return { separator, chunks: whole() };
}

/** The one that is there most often outside of quotes; of equals the first, because blanks may stand beside it. */
function separatorOf(line: string): string {
  const plain = line.replaceAll(/"[^"]*"/g, '');
  let best = ',';
  let bestCount = 0;
  for (const separator of separators) {
    const count = plain.split(separator).length - 1;
    if (count <= bestCount) continue;
    best = separator;
    bestCount = count;
  }
  return best;
}
