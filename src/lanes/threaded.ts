import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { LaneIndex } from '../core/ids.ts';
import { SystemClock } from '../clock.ts';
import { builtEntry } from '../entries.ts';
import { movedWithCommand } from './channel.ts';
import type { LaneMessage, WorkerStart } from './channel.ts';
import type {
  Lane,
  LaneCommand,
  LaneCounters,
  LaneEvent,
  LaneListener,
  LaneOptions,
  LaneShared,
} from './contract.ts';
import { LaneExitedError } from './lane-exit.ts';
import { createShared, SharedWords } from './shared.ts';

/** Deep recursion is ordinary in methods; pages that are never touched cost nothing. */
const stackMaxMiB = 16;
const clock = new SystemClock();

/** A lane in a worker thread of its own. */
class ThreadedLane implements Lane {
  readonly index: LaneIndex;
  readonly shared: LaneShared = createShared();
  readonly #words = new SharedWords(this.shared);
  readonly #options: LaneOptions;
  readonly #listener: LaneListener;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #gone: Promise<void>;
  #ended = false;

  constructor(options: LaneOptions, listener: LaneListener) {
    this.index = options.index;
    this.#options = options;
    this.#listener = listener;
    const channel = new MessageChannel();
    this.#port = channel.port1;
    const start: WorkerStart = { port: channel.port2, shared: this.shared, options };
    this.#worker = new Worker(builtEntry('lanes/worker'), {
      name: `lane-${options.index}`,
      workerData: start,
      transferList: [channel.port2],
      execArgv: [],
      resourceLimits: {
        stackSizeMb: stackMaxMiB,
        ...(options.heapMaxMiB > 0 && { maxOldGenerationSizeMb: options.heapMaxMiB }),
      },
    });
    this.#port.on('message', (events: readonly LaneEvent[]) => this.#report(events));
    let uncaught: Error | null = null;
    this.#worker.on('error', (thrown) => {
      uncaught = thrown instanceof Error ? thrown : new Error(String(thrown));
    });
    this.#gone = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        this.#exited(uncaught ?? { exitCode });
        resolve();
      });
    });
  }

  post(command: LaneCommand): void {
    this.#send(command);
  }

  extendLease(deadlineMs: number, deadlineBootMs: number): void {
    this.#words.extendLease(deadlineMs, deadlineBootMs);
    // The lane shows `leaseEnded` before it looks at the deadline for the last time, so one of the two sees the other.
    if (this.#words.phase === 'leaseEnded') this.#send({ kind: 'wake' });
  }

  silentSinceMs(): number | null {
    if (this.#ended) return null;
    const sinceMs = this.#words.silentSinceMs();
    // A lane at rest may be in a long native call all the same, called by an effect from the event loop: it is asked
    // for a sign of life, and the next look shows since when it has owed it.
    if (sinceMs === null && this.#words.phase !== 'starting') this.#send({ kind: 'wake' });
    return sinceMs;
  }

  counters(): LaneCounters {
    return this.#words.counters();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    this.#port.close();
    void this.#worker.terminate();
    await this.#gone;
  }

  #send(message: LaneMessage): void {
    if (this.#ended) return;
    this.#words.announce(clock.monotonicMs());
    this.#port.postMessage(message, movedWithCommand(message));
  }

  #report(events: readonly LaneEvent[]): void {
    for (const event of events) {
      // A listener may stop the lane while it takes an event: the rest is dropped.
      if (this.#ended) return;
      this.#listener.onEvent(event);
    }
  }

  #exited(cause: Error | { readonly exitCode: number }): void {
    this.#words.enter('ended');
    if (this.#ended) return;
    // What the lane emitted before it ended was allowed, and its loss would not be noticed.
    for (let last = receiveMessageOnPort(this.#port); last; last = receiveMessageOnPort(this.#port)) {
      this.#report(last.message as readonly LaneEvent[]);
    }
    if (this.#ended) return;
    this.#ended = true;
    this.#port.close();
    this.#listener.onExit(new LaneExitedError(this.index, this.#options.incarnation, cause));
  }
}

/** Starts a lane in a worker thread. It takes commands from the moment it is returned. */
export function startThreadedLane(options: LaneOptions, listener: LaneListener): Lane {
  return new ThreadedLane(options, listener);
}
