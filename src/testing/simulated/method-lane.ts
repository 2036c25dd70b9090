import { GodwitError } from '../../core/errors.ts';
import type { Digest, Random } from '../../core/ports.ts';
import type { LaneIndex } from '../../core/ids.ts';
import type { LaneCommand, LaneCounters, LaneEvent, LaneListener, LaneShared } from '../../lanes/contract.ts';
import { laneDefaults } from '../../lanes/contract.ts';
import { startInlineLane } from '../../lanes/inline.ts';
import type { SimulatedHost } from '../../simulator/cluster/host.ts';
import type { MortalLane } from '../../simulator/cluster/striking.ts';
import type { EffectCalls } from './effect-calls.ts';
import { LaneTime } from './lane-time.ts';

/** A lane of a simulated cluster ended because a fault said so. */
class LaneStruckError extends GodwitError {
  override readonly name = 'LaneStruckError';
  readonly code = 'LANE_STRUCK';
  readonly retryable = true;

  constructor(host: string, index: LaneIndex) {
    super(`Lane ${index} of ${host} was ended by a fault`);
  }
}

export interface MethodLanePorts {
  readonly digest: Digest;
  readonly random: Random;
  readonly calls: EffectCalls;
  /** Beginning of the `file:` URLs of all modules. */
  readonly baseUrl: string;
  /** Units of fuel that one simulated millisecond lasts for. */
  readonly fuelPerMs: number;
  /** Told of what leaves the lane, when it does. */
  readonly onEvent: (event: LaneEvent) => void;
}

/** Between two ticks, of work. */
const tickMs = 1;

/**
 * The inline lane with real methods, under one host's simulated time: how long a method works is counted in fuel, so the
 * same run is preempted at the same places. What passes between it and its host takes time, and waits for a stuck thread.
 */
export class MethodLane implements MortalLane {
  readonly index: LaneIndex;
  readonly #host: SimulatedHost;
  readonly #time: LaneTime;
  readonly #calls: EffectCalls;
  readonly #listener: LaneListener;
  readonly #lane: ReturnType<typeof startInlineLane>;

  constructor(host: SimulatedHost, index: LaneIndex, ports: MethodLanePorts, listener: LaneListener) {
    const { digest, random, calls, baseUrl, fuelPerMs, onEvent } = ports;
    const { main, laneClock } = host.machine;
    const time = new LaneTime(laneClock);
    this.index = index;
    this.#host = host;
    this.#time = time;
    this.#calls = calls;
    this.#listener = listener;
    this.#lane = startInlineLane(
      {
        ...laneDefaults,
        incarnation: host.identity.incarnation,
        index,
        tracePeriodMs: host.config.monitor.traceMs,
      },
      {
        clock: time,
        digest,
        random,
        defer: (task) => time.defer(task),
        variation: {
          importPackage: () => Promise.resolve(baseUrl),
          // The heap is that of the whole test.
          heapBytes: () => 0,
          ticked: () => {
            time.work(tickMs);
            // What the world has for this lane meanwhile comes only after its turn.
            return true;
          },
          runtime: {
            fuelPerTick: fuelPerMs * tickMs,
            callEffect: (called, call) => calls.call(host, time, called, call),
          },
        },
      },
      {
        onEvent: (event) => {
          onEvent(event);
          main.pass(() => {
            if (!time.isEnded) listener.onEvent(event);
          });
        },
        onExit: (error) => main.pass(() => listener.onExit(error)),
      },
    );
  }

  get shared(): LaneShared {
    return this.#lane.shared;
  }

  post(command: LaneCommand): void {
    this.#lane.post(copyOf(command));
  }

  extendLease(deadlineMs: number, deadlineBootMs: number): void {
    this.#lane.extendLease(deadlineMs, deadlineBootMs);
  }

  silentSinceMs(): number | null {
    return null;
  }

  counters(): LaneCounters {
    return this.#lane.counters();
  }

  stop(): Promise<void> {
    this.#time.end();
    this.#calls.laneEnded(this.#time);
    return this.#lane.stop();
  }

  die(): void {
    if (this.#time.isEnded) return;
    void this.stop();
    const { main } = this.#host.machine;
    const error = new LaneStruckError(this.#host.config.name, this.index);
    main.pass(() => this.#listener.onExit(error));
  }
}

/** The lane has its own bytes, as a thread has. */
function copyOf(command: LaneCommand): LaneCommand {
  if (command.kind === 'restore') return { ...command, snapshot: command.snapshot.slice() };
  if (command.kind === 'start') return { ...command, args: command.args.slice() };
  return command;
}
