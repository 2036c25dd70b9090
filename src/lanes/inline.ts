import { getHeapStatistics } from 'node:v8';
import type { LaneIndex } from '../core/ids.ts';
import type { Clock, Digest, Random } from '../core/ports.ts';
import type {
  Lane,
  LaneCommand,
  LaneCounters,
  LaneEvent,
  LaneListener,
  LaneOptions,
  LaneShared,
} from './contract.ts';
import { LaneLoop, type LanePorts } from './lane-loop.ts';
import { importPackage } from './package-import.ts';
import { createShared, SharedWords } from './shared.ts';

/** What an inline lane needs from its thread. */
export interface InlinePorts {
  readonly clock: Clock;
  readonly digest: Digest;
  readonly random: Random;
  /** Runs `task` once, later, in the order of the calls: `setImmediate`, or the simulator's queue. */
  readonly defer: (task: () => void) => void;
  /** What differs from a lane that imports packages from the disk and runs by the clock. */
  readonly variation?: Partial<Pick<LanePorts, 'importPackage' | 'heapBytes' | 'ticked' | 'runtime'>>;
}

/** A lane in the caller's thread: the same loop, one turn for each `defer`. It cannot be ended within a turn. */
class InlineLane implements Lane {
  readonly index: LaneIndex;
  readonly shared: LaneShared = createShared();
  readonly #words = new SharedWords(this.shared);
  readonly #ports: InlinePorts;
  readonly #loop: LaneLoop;
  readonly #listener: LaneListener;
  #commands: LaneCommand[] = [];
  #events: LaneEvent[] = [];
  #ended = false;

  constructor(options: LaneOptions, ports: InlinePorts, listener: LaneListener) {
    this.index = options.index;
    this.#ports = ports;
    this.#listener = listener;
    this.#loop = new LaneLoop(this.shared, options, {
      clock: ports.clock,
      digest: ports.digest,
      random: ports.random,
      takeCommands: () => {
        const taken = this.#commands;
        this.#commands = [];
        return taken;
      },
      defer: ports.defer,
      report: (events) => this.#gather(events),
      importPackage,
      heapBytes: () => getHeapStatistics().used_heap_size,
      ticked: () => false,
      runtime: {},
      // Of a thread that it shares, nobody can say.
      cpuMs: () => null,
      eventLoopDelay: () => ({ p50Ms: 0, p99Ms: 0, maxMs: 0 }),
      // Only a lane with a thread of its own attributes what is printed.
      effectOf: () => undefined,
      ...ports.variation,
    });
  }

  post(command: LaneCommand): void {
    if (this.#ended) return;
    this.#words.announce(this.#ports.clock.monotonicMs());
    this.#commands.push(command);
    this.#loop.wake();
  }

  extendLease(deadlineMs: number, deadlineBootMs: number): void {
    this.#words.extendLease(deadlineMs, deadlineBootMs);
    if (this.#words.phase === 'leaseEnded') this.#loop.wake();
  }

  silentSinceMs(): number | null {
    return this.#ended ? null : this.#words.silentSinceMs();
  }

  counters(): LaneCounters {
    return this.#words.counters();
  }

  stop(): Promise<void> {
    this.#ended = true;
    this.#loop.stop();
    return Promise.resolve();
  }

  /** Events are reported inside a slice; the listener runs outside of it. */
  #gather(events: readonly LaneEvent[]): void {
    if (this.#events.length === 0) this.#ports.defer(() => this.#tell());
    this.#events.push(...events);
  }

  #tell(): void {
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      if (this.#ended) return;
      this.#listener.onEvent(event);
    }
  }
}

/** Starts a lane in the caller's thread. Its listener is called from `defer`, and never told of an exit. */
export function startInlineLane(options: LaneOptions, ports: InlinePorts, listener: LaneListener): Lane {
  return new InlineLane(options, ports, listener);
}
