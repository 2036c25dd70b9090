import { Fuel } from '../../../src/methods/runtime/fuel.ts';
import { executionId, epoch, generation, methodId, packageHash } from '../../../src/core/ids.ts';
import { Execution } from '../../../src/methods/runtime/execution.ts';
import { $ } from '../../../src/methods/runtime/gate.ts';
import { libraryMethod } from '../../../src/methods/runtime/library.ts';
import type { AnyFunction, PromiseRecord } from '../../../src/methods/runtime/method-code.ts';

/** An execution of a plain function: what it does through the gate happens as in a method, but it cannot be captured. */
export class BareExecution {
  readonly execution: Execution;
  readonly uncaught: { readonly kind: string; readonly error: unknown }[] = [];
  nowMs = 0;
  #wakes: { atMs: number; fire: () => void }[] = [];

  constructor(body: AnyFunction) {
    const method = { ...libraryMethod('bare', [], () => undefined), fast: body };
    this.execution = new Execution(
      {
        monotonicMs: () => this.nowMs,
        attention: () => false,
        mayAct: () => true,
        interrupt: null,
        heapBytes: null,
        isContended: () => false,
        newFuel: () => new Fuel(2, null),
        ends: 'idle',
        uncaught: (kind, error) => void this.uncaught.push({ kind, error }),
        storeNowMs: () => this.nowMs,
        after: (delayMs, fire) => {
          const wake = { atMs: this.nowMs + delayMs, fire };
          this.#wakes.push(wake);
          return () => {
            this.#wakes = this.#wakes.filter((other) => other !== wake);
          };
        },
        wake: () => undefined,
      },
      { execution: executionId('x-1'), epoch: epoch(1), generation: generation(1) },
      { package: packageHash('p'.repeat(64)), method: methodId('bare.ts#main') },
      method,
    );
    this.execution.frozen = false;
    this.execution.timers.resume();
    this.execution.begin([]);
  }

  /** Lets it run until nothing is left to do; time passes when nothing else happens. */
  run(): void {
    for (let turn = 0; turn < 100_000; turn += 1) {
      if (this.execution.runSlice() === 'settled') return;
      if (this.execution.isReady) continue;
      const [next] = this.#wakes.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) return;
      this.#wakes = this.#wakes.filter((wake) => wake !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.fire();
    }
    throw new Error('the execution does not end');
  }
}

/** A task that awaits one value and then goes on with a callback: an asynchronous function, without its syntax. */
const awaiting = libraryMethod('awaiting', ['then'], (frame) => {
  const then = frame.vars[0] as (ok: boolean, value: unknown) => unknown;
  const task = frame.task as PromiseRecord | null;
  if (task === null) throw new Error('an asynchronous frame has a task');
  let ok = true;
  let value: unknown;
  try {
    value = $.take();
  } catch (error) {
    ok = false;
    value = error;
  }
  try {
    return $.done(task, then(ok, value));
  } catch (error) {
    return $.fail(task, error);
  }
});

/** `(async () => then(await value))()` inside an execution. */
export function awaitMovably(value: unknown, then: (ok: boolean, value: unknown) => unknown): unknown {
  try {
    return $.wait(awaiting, null, 1, value, [then]);
  } catch (error) {
    return $.thrown(awaiting, null, error);
  }
}
