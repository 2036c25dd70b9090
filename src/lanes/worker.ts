import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { getHeapStatistics } from 'node:v8';
import { SystemClock } from '../clock.ts';
import { SystemDigest } from '../digest.ts';
import { EventLoopDelay } from '../event-loop-delay.ts';
import { SystemRandom } from '../random.ts';
import { threadCpuMs } from '../thread-cpu.ts';
import type { LaneMessage, WorkerStart } from './channel.ts';
import type { LaneCommand } from './contract.ts';
import { EffectContext } from './effect-context.ts';
import { LaneLoop } from './lane-loop.ts';
import { redirectOutput } from './output.ts';
import { importPackage } from './package-import.ts';
import { SharedWords } from './shared.ts';

// The program of a lane's thread.

const loopDelayResolutionMs = 50;

const { port, shared, options } = workerData as WorkerStart;
const effects = new EffectContext();
/** A look at it wakes an idle lane, so it is coarser than the host's. */
const eventLoopDelay = new EventLoopDelay(loopDelayResolutionMs);
const words = new SharedWords(shared);
/** Taken off the port by the event loop; what the loop takes off itself came later. */
let received: LaneCommand[] = [];

function receive(message: LaneMessage): void {
  // `wake` has done its work by arriving.
  if (message.kind === 'wake') words.countTaken();
  else received.push(message);
}

function takeCommands(): readonly LaneCommand[] {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    receive(next.message as LaneMessage);
  }
  const taken = received;
  received = [];
  return taken;
}

/** Values and array buffers together. */
function heapBytes(): number {
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  return used + external;
}

// Every turn runs in a microtask: there V8 makes no report of every error that is thrown, and an error thrown on is
// thrown once a frame.
const loop = new LaneLoop(shared, options, {
  clock: new SystemClock(),
  digest: new SystemDigest(),
  random: new SystemRandom(),
  takeCommands,
  defer: (turn) => void setImmediate(() => queueMicrotask(turn)),
  report: (events) => port.postMessage(events),
  importPackage,
  heapBytes,
  cpuMs: threadCpuMs,
  eventLoopDelay: () => eventLoopDelay.read(),
  ticked: () => false,
  runtime: {},
  effectOf: (execution) => (execution === null ? effects.leave() : effects.enter(execution)),
});

for (const stream of ['stdout', 'stderr'] as const) {
  redirectOutput(
    stream,
    process[stream],
    () => loop.running() ?? effects.execution(),
    (execution, name, text) => loop.log(execution, name, text),
  );
}

port.on('message', (message: LaneMessage) => {
  receive(message);
  queueMicrotask(() => loop.turn());
});
