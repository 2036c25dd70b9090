import { isObject } from '../../core/is-object.ts';
import type { Frame, LoadedMethod, PromiseRecord } from './method-code.ts';
import type { Promises } from './promises.ts';
import { stitchStack } from './stack-text.ts';
import { thread } from './thread.ts';

/** What a job costs besides what its code charges. */
export const jobFuel = 8;

/** Where the promises of asynchronous activations are kept: in an execution, or in plain Node. */
export interface TaskKeeper {
  create(method: LoadedMethod): PromiseRecord;
  /** The task of an activation that has returned or thrown before any wait. */
  returned(method: LoadedMethod, value: unknown): PromiseRecord;
  /** @param isAwaited whether its caller awaits it at once */
  thrown(method: LoadedMethod, error: unknown, isAwaited: boolean): PromiseRecord;
  await(frame: Frame, value: unknown): void;
  resolve(task: PromiseRecord, value: unknown): void;
  reject(task: PromiseRecord, error: unknown): void;
}

/** The asynchronous activations of one execution. */
export class Tasks implements TaskKeeper {
  readonly #promises: Promises;
  readonly #below: () => readonly Frame[];

  /** @param below the suspended activations of the present job */
  constructor(promises: Promises, below: () => readonly Frame[]) {
    this.#promises = promises;
    this.#below = below;
  }

  /**
   * Whether an await of it goes on at once, since it has settled and nothing would come before; then the gate has what it
   * settled with. Throws what it was rejected with.
   */
  goesOn(value: unknown): boolean {
    const promises = this.#promises;
    if (promises.jobs.length > 0) return false;
    const { gate } = thread;
    if (isObject(value)) {
      const record = promises.settledRecord(value);
      if (record === null) return false;
      if (!record.handled) {
        record.handled = true;
        promises.unhandled.delete(record);
      }
      if (record.state === 'rejected') throw record.value;
      gate.awaited = record.value;
    }
    gate.n -= jobFuel;
    return true;
  }

  create(method: LoadedMethod): PromiseRecord {
    return this.#promises.create(method.meta.name);
  }

  returned(method: LoadedMethod, value: unknown): PromiseRecord {
    const task = this.#promises.create(method.meta.name);
    this.#promises.resolve(task, value);
    return task;
  }

  thrown(method: LoadedMethod, error: unknown, isAwaited: boolean): PromiseRecord {
    const task = this.#promises.create(method.meta.name);
    task.handled = isAwaited;
    this.reject(task, error);
    return task;
  }

  await(frame: Frame, value: unknown): void {
    this.#promises.await(frame, value);
  }

  resolve(task: PromiseRecord, value: unknown): void {
    this.#promises.resolve(task, value);
  }

  reject(task: PromiseRecord, error: unknown): void {
    stitchStack(error, this.#below(), thread.gate.modules);
    this.#promises.settle(task, false, error);
  }
}
