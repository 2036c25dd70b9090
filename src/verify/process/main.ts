import * as nodeModule from 'node:module';
import { ChildChannel } from './channel.ts';
import { FixedWorld } from './fixed-world.ts';
import * as hooks from './hooks.ts';
import type { Command, Job, Report } from './messages.ts';
import { WrittenRecord } from './written-record.ts';

// A process of the verifier: it becomes what its first message says, and runs one program, or what is left of one.

const world = new FixedWorld();
const record = new WrittenRecord();
let act: ((command: Command, payload: Uint8Array) => void) | null = null;

// Loaded before time, chance, the streams and the loader become the program's: all of Node.js's hooks cost time.
const role =
  process.argv[2] === 'native'
    ? import('./native-role.ts').then(({ beNative }) => beNative)
    : import('./movable-role.ts').then(({ beMovable }) => beMovable);

const channel = new ChildChannel<Command, Report>(({ message, payload }) => {
  if (message.kind === 'job') void become(message.job);
  else act?.(message, payload);
});

async function become(job: Job): Promise<void> {
  try {
    const begin = await role;
    if (job.hasModules) installHooks(job.map);
    process.argv = [process.execPath, ...job.argv];
    record.capture('stdout');
    record.capture('stderr');
    act = await begin(job, channel, world, record);
    channel.send({ kind: 'ready', pid: process.pid, node: process.versions.node });
  } catch (error) {
    channel.send({ kind: 'refused', reason: reasonOf(error) });
  }
}

/** Enough of an error to find it; lines of code in it may be as long as a program. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = text.split('\n').map((line) => line.slice(0, 200));
  return lines.slice(0, 12).join('\n');
}

interface SyncHooks {
  readonly registerHooks?: (added: object) => unknown;
}

/** In this thread where Node.js can; in a thread of their own where it cannot. */
function installHooks(map: string): void {
  const { registerHooks } = nodeModule as SyncHooks;
  if (registerHooks === undefined) {
    nodeModule.register(new URL('hooks.js', import.meta.url), { data: map });
    return;
  }
  hooks.initialize(map);
  registerHooks({ resolve: hooks.resolve, load: hooks.load });
}

process.title = 'godwit verify';
