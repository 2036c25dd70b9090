import { readFileSync } from 'node:fs';
import { Carrier } from './carrier.ts';
import type { ChildChannel } from './channel.ts';
import type { FixedWorld } from './fixed-world.ts';
import type { Command, Job, LoaderMap, Report } from './messages.ts';
import { registerScripts } from './script.ts';
import { reportKey } from '../program-entry.ts';
import { endWithProgram } from './program-end.ts';
import { Saboteur } from './sabotage.ts';
import type { WrittenRecord } from './written-record.ts';

/** Carries a compiled program for as long as it stands here. */
export async function beMovable(
  job: Job,
  channel: ChildChannel<Command, Report>,
  world: FixedWorld,
  record: WrittenRecord,
): Promise<(command: Command, payload: Uint8Array) => void> {
  const shared = globalThis as unknown as Record<symbol, unknown>;
  shared[Symbol.for(reportKey)] = (ok: boolean, value: unknown): void =>
    carrier.tellReturn(ok ? 'returned' : 'threw', value);
  const carrier = new Carrier(job, channel, world, record, (error) => crash(error));
  const crash = endWithProgram(
    () => carrier.isOver(),
    (end) => carrier.tellEnd(end),
  );
  world.fix(job);
  const map = JSON.parse(readFileSync(job.map, 'utf8')) as LoaderMap;
  registerScripts(map);
  for (const url of job.entry.urls) if (map[url]?.format !== 'script') await import(url);
  carrier.saboteur =
    job.sabotage === null || job.sabotage === 'skip-point' ? null : new Saboteur(job.sabotage);
  // Evaluated natively, each time that a process loads it: only the first time counts as the program's.
  const writtenAtLoad = record.take();
  return (command, payload) => {
    switch (command.kind) {
      case 'start':
        carrier.start(command, writtenAtLoad);
        return;
      case 'restore':
        carrier.restore(command, payload);
        return;
      case 'outcome':
        carrier.settleEffect(command, payload);
        return;
      case 'job':
    }
  };
}
