import type { ExecutionId, HostName, IncarnationId } from '../../core/ids.ts';
import type { CalledEffect } from '../../methods/runtime/index.ts';
import type { SimulatedHost } from '../../simulator/cluster/host.ts';
import type { LaneTime } from './lane-time.ts';
import type { EffectScope, RunScope } from './scope.ts';
import { scope } from './scope.ts';

/** A call of an effect's function, as somebody outside of the cluster sees it. */
export interface EffectCall {
  readonly execution: ExecutionId;
  readonly name: string;
  /** What the call was told; see docs/effects.md. */
  readonly key: string;
  readonly fence: number;
  readonly sequence: number;
  readonly generation: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly host: HostName;
  readonly incarnation: IncarnationId;
  /** Simulated ms since the cluster's beginning. */
  readonly atMs: number;
  readonly end:
    | { readonly kind: 'pending' }
    | { readonly kind: 'returned'; readonly value: unknown; readonly atMs: number }
    | { readonly kind: 'threw'; readonly error: unknown; readonly atMs: number }
    /** The lane or host that it ran on is gone, and what it was in the middle of, with it. */
    | { readonly kind: 'gone'; readonly atMs: number };
}

interface Call extends EffectCall {
  end: EffectCall['end'];
  readonly lane: LaneTime;
  /** How many simulated waits it is in. */
  waits: number;
}

export interface EffectCallsPorts {
  readonly nowMs: () => number;
  readonly run: RunScope;
  readonly onCall: (call: EffectCall) => void;
  readonly onEnd: (call: EffectCall) => void;
}

/**
 * Every call of an effect's function. One that waits for anything but simulated time, so for the test's own promises or for
 * something real, holds simulated time up: so it takes none, and no fault comes into its midst.
 */
export class EffectCalls {
  readonly all: EffectCall[] = [];
  readonly #ports: EffectCallsPorts;
  readonly #open = new Set<Call>();
  #onChange: (() => void)[] = [];

  constructor(ports: EffectCallsPorts) {
    this.#ports = ports;
  }

  /** The first of those that hold time up; null when time may go on. */
  get holding(): EffectCall | null {
    for (const call of this.#open) if (call.waits === 0) return call;
    return null;
  }

  /** Resolves when a call ends, or begins to wait for simulated time. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#onChange.push(resolve));
  }

  call(host: SimulatedHost, lane: LaneTime, called: CalledEffect, run: () => unknown): unknown {
    const call = this.#begin(host, lane, called);
    let outcome: unknown;
    try {
      outcome = scope.run({ run: this.#ports.run, effect: this.#scopeOf(call) }, run);
    } catch (error) {
      this.#end(call, { kind: 'threw', error, atMs: this.#ports.nowMs() });
      throw error;
    }
    if (!isThenable(outcome)) {
      this.#end(call, { kind: 'returned', value: outcome, atMs: this.#ports.nowMs() });
      return outcome;
    }
    this.#open.add(call);
    return Promise.resolve(outcome).then(
      (value) => {
        this.#end(call, { kind: 'returned', value, atMs: this.#ports.nowMs() });
        return value;
      },
      (error: unknown) => {
        this.#end(call, { kind: 'threw', error, atMs: this.#ports.nowMs() });
        throw error;
      },
    );
  }

  /** The thread is gone: what it was in the middle of never comes to an end. */
  laneEnded(lane: LaneTime): void {
    for (const call of this.#open) {
      if (call.lane === lane) this.#end(call, { kind: 'gone', atMs: this.#ports.nowMs() });
    }
  }

  #begin(host: SimulatedHost, lane: LaneTime, called: CalledEffect): Call {
    const { name, key, fence, sequence, generation, epoch, attempt, execution } = called;
    const call: Call = {
      execution: execution as ExecutionId,
      name,
      key,
      fence,
      sequence,
      generation,
      epoch,
      attempt,
      host: host.identity.name,
      incarnation: host.identity.incarnation,
      atMs: this.#ports.nowMs(),
      end: { kind: 'pending' },
      lane,
      waits: 0,
    };
    this.all.push(shownOf(call));
    this.#ports.onCall(call);
    return call;
  }

  #scopeOf(call: Call): EffectScope {
    return {
      delay: (ms, signal) =>
        new Promise((resolve, reject) => {
          call.waits += 1;
          this.#tell();
          let isOver = false;
          const over = (end: () => void): void => {
            if (isOver) return;
            isOver = true;
            call.waits -= 1;
            end();
          };
          const cancel = ms < Infinity ? call.lane.after(ms, () => over(resolve)) : () => undefined;
          signal?.addEventListener('abort', () => {
            cancel();
            over(() => reject(signal.reason as Error));
          });
        }),
    };
  }

  #end(call: Call, end: EffectCall['end']): void {
    if (call.end.kind !== 'pending') return;
    call.end = end;
    this.#open.delete(call);
    this.#ports.onEnd(call);
    this.#tell();
  }

  #tell(): void {
    const waiting = this.#onChange;
    this.#onChange = [];
    for (const resolve of waiting) resolve();
  }
}

/** What a test may look at: no handles of the simulation. */
function shownOf(call: Call): EffectCall {
  const { lane: _lane, waits: _waits, end: _end, ...fixed } = call;
  return Object.defineProperty({ ...fixed, end: call.end }, 'end', {
    enumerable: true,
    get: () => call.end,
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
