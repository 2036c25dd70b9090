import { readFileSync } from 'node:fs';
import { describe } from '../describe.ts';
import type { ChildChannel } from './channel.ts';
import type { FixedWorld } from './fixed-world.ts';
import type { Command, Job, LoaderMap, ProgramEntry, Report } from './messages.ts';
import { NativePoints } from './native-points.ts';
import { endWithProgram, type ProgramEnd } from './program-end.ts';
import { evaluateScript, requireFrom } from './script.ts';
import type { WrittenRecord } from './written-record.ts';

/** Runs a program as Node.js itself does, once. */
export function beNative(
  job: Job,
  channel: ChildChannel<Command, Report>,
  world: FixedWorld,
  record: WrittenRecord,
): (command: Command) => void {
  const points = job.points === null ? null : new NativePoints(job.points);
  points?.install();
  if (points !== null) requireFrom(JSON.parse(readFileSync(job.map, 'utf8')) as LoaderMap);
  const run = new NativeRun(channel, record, points);
  world.fix(job);
  endWithProgram(
    () => !run.isRunning,
    (end) => run.tellEnd(end),
  );
  return (command) => {
    if (command.kind !== 'start') return;
    world.put(command.host);
    channel.hold(false);
    void run.run(job.entry);
  };
}

class NativeRun {
  isRunning = true;
  readonly #channel: ChildChannel<Command, Report>;
  readonly #record: WrittenRecord;
  readonly #points: NativePoints | null;
  readonly #nowMs = performance.now.bind(performance);
  #startMs = 0;
  #endMs: number | null = null;

  constructor(channel: ChildChannel<Command, Report>, record: WrittenRecord, points: NativePoints | null) {
    this.#channel = channel;
    this.#record = record;
    this.#points = points;
  }

  async run(entry: ProgramEntry): Promise<void> {
    this.#startMs = this.#nowMs();
    try {
      if (entry.kind === 'module') await this.#module(entry.urls[0] ?? '');
      else {
        for (const url of entry.urls) evaluateScript(url);
        this.#report('returned', undefined);
      }
    } catch (error) {
      this.#report('threw', error);
      // A program that cannot be evaluated ends there.
      process.exit(1);
    }
    this.isRunning = false;
  }

  tellEnd({ exitCode, unhandled }: ProgramEnd): void {
    this.#channel.send({
      kind: 'ended',
      schedule: null,
      written: this.#record.take(),
      pins: {},
      exitCode,
      unhandled,
      tookMs: (this.#endMs ?? this.#nowMs()) - this.#startMs,
      passed: this.#points?.passed ?? [],
      survey: null,
    });
  }

  async #module(url: string): Promise<void> {
    const module = (await import(url)) as Exports & { readonly default?: Exports };
    const main = module.main ?? module.default?.main;
    if (typeof main !== 'function') return this.#report('returned', undefined);
    this.#startMs = this.#nowMs();
    let value: unknown;
    try {
      value = await (main as () => unknown)();
    } catch (error) {
      return this.#report('threw', error);
    }
    this.#report('returned', value);
  }

  #report(kind: 'returned' | 'threw', value: unknown): void {
    this.#endMs = this.#nowMs();
    this.#channel.send({ kind: 'returned', outcome: { kind, value: describe(value) } });
  }
}

interface Exports {
  readonly main?: unknown;
}
