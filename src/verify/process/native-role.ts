import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { describe } from '../describe.ts';
import type { ChildChannel } from './channel.ts';
import type { FixedWorld } from './fixed-world.ts';
import type { Command, Job, LoaderMap, Report } from './messages.ts';
import { endWithProgram } from './program-end.ts';
import type { WrittenRecord } from './written-record.ts';

/** Runs a program as Node.js itself does, once. */
export function beNative(
  job: Job,
  channel: ChildChannel<Command, Report>,
  world: FixedWorld,
  record: WrittenRecord,
): (command: Command) => void {
  const nowMs = performance.now.bind(performance);
  const { entry, map } = job;
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
        const files = JSON.parse(readFileSync(map, 'utf8')) as LoaderMap;
        for (const url of entry.urls) evaluateScript(url, files[url]?.file ?? fileURLToPath(url));
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
    const { main } = (await import(url)) as { readonly main?: unknown };
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

/** As a `<script>` is: its declarations are the realm's. */
function evaluateScript(url: string, file: string): void {
  new Script(readFileSync(file, 'utf8'), { filename: url }).runInThisContext();
}
