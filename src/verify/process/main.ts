import * as nodeModule from 'node:module';
import { ChildChannel } from './channel.ts';
import { FixedWorld } from './fixed-world.ts';
import * as hooks from './hooks.ts';
import type { Command, Job, Report } from './messages.ts';
import { WrittenRecord } from './written-record.ts';

// A process of the verifier: it becomes what its first message says, and runs one program, or what is left of it.

const world = new FixedWorld();
const record = new WrittenRecord();
let role: ((command: Command, payload: Uint8Array) => void) | null = null;

const channel = new ChildChannel<Command, Report>(({ message, payload }) => {
  if (message.kind === 'job') void become(message.job);
  else role?.(message, payload);
});

async function become(job: Job): Promise<void> {
  try {
    installHooks(job.map);
    process.argv = [process.execPath, ...job.argv];
    // Loaded before time, chance and the streams become the program's.
    const found =
      job.role === 'native' ? await import('./native-role.ts') : await import('./movable-role.ts');
    const begin = 'beNative' in found ? found.beNative : found.beMovable;
    record.capture('stdout');
    record.capture('stderr');
    const command = await begin(job, channel, world, record);
    role = command;
    channel.send({ kind: 'ready', pid: process.pid, node: process.versions.node });
  } catch (error) {
    channel.send({
      kind: 'refused',
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
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
