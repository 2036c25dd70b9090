import { describe } from '../describe.ts';
import type { ChildChannel } from './channel.ts';
import type { FixedWorld } from './fixed-world.ts';
import type { Command, Job, Report } from './messages.ts';
import { endWithProgram } from './program-end.ts';
import { evaluateScript } from './script.ts';
import type { WrittenRecord } from './written-record.ts';

/** Runs a program as Node.js itself does, once. */
export function beNative(
  job: Job,
  channel: ChildChannel<Command, Report>,
  world: FixedWorld,
  record: WrittenRecord,
): (command: Command) => void {
  const nowMs = performance.now.bind(performance);
  const { entry } = job;
  world.fix(job);
  let startMs = 0;
  let endMs: number | null = null;
  let isRunning = true;
  endWithProgram(
    () => !isRunning,
    ({ exitCode, unhandled }) =>
      channel.send({
        kind: 'ended',
        schedule: null,
        written: record.take(),
        pins: {},
        exitCode,
        unhandled,
        tookMs: (endMs ?? nowMs()) - startMs,
        survey: null,
      }),
  );
  const report = (kind: 'returned' | 'threw', value: unknown): void => {
    endMs = nowMs();
    channel.send({ kind: 'returned', outcome: { kind, value: describe(value) } });
  };
  const run = async (): Promise<void> => {
    startMs = nowMs();
    try {
      if (entry.kind === 'scripts') {
        for (const url of entry.urls) evaluateScript(url);
        report('returned', undefined);
      } else {
        await runModule(entry.urls[0] ?? '');
      }
    } catch (error) {
      report('threw', error);
      // A program that cannot be evaluated ends there.
      process.exit(1);
    }
    isRunning = false;
  };
  const runModule = async (url: string): Promise<void> => {
    const module = (await import(url)) as Exports & { readonly default?: Exports };
    const main = module.main ?? module.default?.main;
    if (typeof main !== 'function') return report('returned', undefined);
    startMs = nowMs();
    let value: unknown;
    try {
      value = await (main as () => unknown)();
    } catch (error) {
      return report('threw', error);
    }
    report('returned', value);
  };
  return (command) => {
    if (command.kind !== 'start') return;
    world.put(command.host);
    channel.hold(false);
    void run();
  };
}

interface Exports {
  readonly main?: unknown;
}
