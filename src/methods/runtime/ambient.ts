import type { Frame, LoadedMethod } from './method-code.ts';
import type { PromiseRecord } from './promise-records.ts';
import { nativeDeferred } from './own-record.ts';
import type { TaskKeeper } from './tasks.ts';
import { thread } from './thread.ts';

/** A task where no execution runs: native promises, native order. Only `promise` and `settleNative` of a record are used. */
class AmbientTask implements PromiseRecord {
  readonly owner: object = this;
  readonly promise: Promise<unknown>;
  readonly shown: Promise<unknown>;
  readonly settleNative: PromiseRecord['settleNative'];
  readonly state = 'pending';
  readonly value = undefined;
  readonly handled = true;
  readonly reactions: PromiseRecord['reactions'] = [];
  readonly first = null;
  readonly more = null;
  readonly waitsFor = '';
  readonly foreign = false;
  /** Where it stands. */
  frame: Frame | null = null;
  #awaited: unknown = undefined;
  driven = false;

  /** Whether a value is the task of an activation whose caller awaits it at once. */
  static of(value: unknown): AmbientTask | null {
    return typeof value === 'object' && value !== null && #awaited in value ? value : null;
  }

  constructor() {
    const { promise, settleNative } = nativeDeferred();
    this.promise = promise;
    this.shown = promise;
    this.settleNative = settleNative;
  }

  waitFor(frame: Frame, value: unknown): void {
    this.frame = frame;
    this.#awaited = AmbientTask.of(value)?.promise ?? value;
  }

  takeAwaited(): unknown {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    return awaited;
  }
}

/**
 * What runs the bodies of asynchronous methods in plain Node, outside of any execution: each `await` in them is one
 * `await` here, so that everything happens in the order in which the methods as written would have it happen.
 */
export const ambient: TaskKeeper = {
  create(_method: LoadedMethod): PromiseRecord {
    return new AmbientTask();
  },

  returned(_method: LoadedMethod, value: unknown): PromiseRecord {
    const task = new AmbientTask();
    task.settleNative.resolve(value);
    return task;
  },

  thrown(_method: LoadedMethod, error: unknown, _isAwaited: boolean): PromiseRecord {
    const task = new AmbientTask();
    task.settleNative.reject(error);
    return task;
  },

  await(frame: Frame, value: unknown): void {
    const task = driverOf(frame);
    task.waitFor(frame, value);
    if (task.driven) return;
    task.driven = true;
    void drive(task);
  },

  resolve(task: PromiseRecord, value: unknown): void {
    task.settleNative.resolve(value);
  },

  reject(task: PromiseRecord, error: unknown): void {
    task.settleNative.reject(error);
  },
};

const drivers = new WeakMap<object, AmbientTask>();

/** What drives a body: its task, or, for generators and the runtime's own frames, one made for it. */
function driverOf({ task }: Frame): AmbientTask {
  const own = AmbientTask.of(task);
  if (own !== null) return own;
  const driver = (task === null ? undefined : drivers.get(task)) ?? new AmbientTask();
  if (task !== null) drivers.set(task, driver);
  return driver;
}

/** Lets a task run from one `await` of it to the next, until it has ended. */
async function drive(task: AmbientTask): Promise<void> {
  for (;;) {
    const awaited = task.takeAwaited();
    let ok = true;
    let value: unknown;
    try {
      value = await awaited;
    } catch (error) {
      ok = false;
      value = error;
    }
    const { frame } = task;
    if (frame === null) return;
    task.frame = null;
    thread.gate.injection = { ok, value };
    // It leaves its next position in the task, or has ended: asynchronous bodies throw nothing.
    frame.method.resume?.(frame);
    if (task.frame === null) {
      task.driven = false;
      return;
    }
  }
}
