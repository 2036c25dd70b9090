import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Build, ProgramSource } from './program.ts';
import { SnapshotFileError } from './errors.ts';
import type { HostState } from './process/messages.ts';
import type { Passage } from './runs.ts';

const format = 'godwit snapshot 1';

/** What stands before the bytes of a snapshot: enough to finish it in a new process. */
export interface SnapshotHead {
  readonly format: typeof format;
  readonly source: ProgramSource;
  readonly build: Build;
  /** Working folder of the run: names of files, and ids of methods, are relative to it. */
  readonly folder: string;
  readonly number: number;
  readonly epoch: number;
  /** Points passed. */
  readonly point: number;
  /** `main.ts:12`. */
  readonly at: string;
  readonly frames: number;
  readonly host: HostState;
  readonly fixClock: boolean;
  readonly fixRandom: boolean;
}

export interface SnapshotFile {
  readonly head: SnapshotHead;
  readonly snapshot: Uint8Array;
}

const begun = new Set<string>();

/** Keeps each snapshot of a run: one line in `file`, and the snapshot in a file beside it. */
export class Trace {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    // The programs of one command share their list.
    if (!begun.has(file)) writeFileSync(file, '');
    begun.add(file);
  }

  keep(
    run: Pick<SnapshotHead, 'source' | 'build' | 'fixClock' | 'fixRandom'>,
    { number, epoch, left, snapshot }: Passage,
  ): void {
    const { at, frames, host } = left;
    const { point } = left.schedule;
    const head: SnapshotHead = {
      format,
      ...run,
      folder: process.cwd(),
      number,
      epoch,
      point,
      at,
      frames,
      host,
    };
    const program = basename(run.source.file).replace(/\W+/g, '-');
    const name = `${basename(this.#file)}.${program}.${run.build}.${number}.snapshot`;
    writeFileSync(
      join(dirname(this.#file), name),
      Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), snapshot]),
    );
    const { file } = run.source;
    const { build } = run;
    const line = { file, build, number, point, at, frames, bytes: snapshot.length, snapshot: name };
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** @throws {SnapshotFileError} when it is none */
export function readSnapshotFile(file: string): SnapshotFile {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (cause) {
    throw new SnapshotFileError(`${file} cannot be read.`, { cause });
  }
  const end = content.indexOf('\n');
  const head = parsed(content.toString('utf8', 0, Math.max(0, end)));
  if (head?.format !== format) {
    throw new SnapshotFileError(
      `${file} is no snapshot of this version: expected one that godwit verify --trace has kept ('${format}').`,
    );
  }
  return { head, snapshot: new Uint8Array(content.subarray(end + 1)) };
}

function parsed(text: string): SnapshotHead | null {
  try {
    return JSON.parse(text) as SnapshotHead;
  } catch {
    return null;
  }
}
