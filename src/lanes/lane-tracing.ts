import type { EventLoopDelaySample, LaneSample } from '../core/host-sample.ts';
import type { LaneIndex } from '../core/ids.ts';
import type { ExecutionTrace } from '../core/inspection.ts';
import type { LaneCounters, LaneEvent } from './contract.ts';

/** What a lane's thread tells of itself. */
export interface ThreadFigures {
  /** Values and array buffers together. */
  heapBytes(): number;
  /** CPU time that this thread was given so far; null where nobody tells. */
  cpuMs(): number | null;
  /** Since the look before. */
  eventLoopDelay(): EventLoopDelaySample;
}

/** Of a lane with more active executions a trace comes less often: each takes several µs on either side. */
const tracesEachPeriodMax = 250;
/** Periods that are left out at most, however many there are: each usage report shall rest on a trace. */
const sparedMax = 4;

/** When a lane traces, and what it says of itself then. */
export class LaneTracing {
  readonly #lane: LaneIndex;
  readonly #thread: ThreadFigures;
  #due = false;
  #spared = 0;
  #atMs: number;
  #busyMs = 0;
  #cpuMs: number | null;

  constructor(lane: LaneIndex, thread: ThreadFigures, nowMs: number) {
    this.#lane = lane;
    this.#thread = thread;
    this.#atMs = nowMs;
    this.#cpuMs = thread.cpuMs();
  }

  get isDue(): boolean {
    return this.#due;
  }

  /** Another trace period has passed. */
  periodPassed(): void {
    if (this.#spared > 0) this.#spared -= 1;
    else this.#due = true;
  }

  /** @returns what happened since the trace before */
  trace(traces: readonly ExecutionTrace[], counters: LaneCounters, nowMs: number): LaneEvent {
    const busyMs = counters.busyMs - this.#busyMs;
    const periodMs = nowMs - this.#atMs;
    const cpuMs = this.#thread.cpuMs();
    const share = (amount: number): number => (periodMs > 0 ? Math.max(0, amount) / periodMs : 0);
    const sample: LaneSample = {
      lane: this.#lane,
      busyRatio: Math.min(1, share(busyMs)),
      cpuCores: cpuMs === null || this.#cpuMs === null ? null : share(cpuMs - this.#cpuMs),
      ready: counters.ready,
      executions: counters.executions,
      heapBytes: counters.heapBytes,
      eventLoopDelay: this.#thread.eventLoopDelay(),
    };
    this.#due = false;
    this.#spared = Math.min(sparedMax, Math.floor(traces.length / tracesEachPeriodMax));
    this.#atMs = nowMs;
    this.#busyMs = counters.busyMs;
    this.#cpuMs = cpuMs;
    return { kind: 'trace', traces, busyMs, periodMs, sample };
  }
}
