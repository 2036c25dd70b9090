import { ambient } from './ambient.ts';
import { isArrayWalkIntact } from './cursors.ts';
import { Depth } from './depths.ts';
import type { Frame, LoadedMethod, PromiseRecord } from './method-code.ts';
import type { Running } from './running.ts';

/** Fuel of code that runs outside executions: it is never interrupted. */
export const idleFuel = 1_000_000;

/** What generated code of asynchronous functions refers to. `Depth` is what they are told of where they stand. */
export class TaskGate {
  /** Fuel until the next tick. */
  n = idleFuel;
  /** The execution that runs; null between slices and in code outside. */
  x: Running | null = null;
  /** The activation under which nothing of the present job stands, while it runs. */
  bottom: Frame | null = null;
  awaited: unknown = undefined;

  /** Where a record would be met by others, there is none. */
  get apart(): Depth | undefined {
    return this.x === null || !isArrayWalkIntact() ? undefined : Depth.apart;
  }

  depth(given: unknown): Depth | null {
    return given === undefined ? null : Depth.of(given);
  }

  below(depth: Depth | null): Depth {
    return depth === null ? Depth.none : depth.below;
  }

  depthOf(frame: Frame): Depth {
    return this.bottom === frame ? Depth.first : Depth.none;
  }

  /** Whether the activation goes on at once: `awaited` is what it awaited has settled with; otherwise what to wait for. */
  go(depth: Depth | null, value: unknown): boolean {
    this.awaited = value;
    return depth !== null && depth.isFree && this.n >= 0 && this.x !== null && this.x.tasks.goesOn(value);
  }

  /** The first wait of an activation. @returns its promise, or the record of it to a caller that awaits that at once */
  wait(method: LoadedMethod, depth: Depth | null, pc: number, value: unknown, vars: unknown[]): unknown {
    const runner = this.x?.tasks ?? ambient;
    const task = runner.create(method);
    runner.await({ method, pc, vars, task, made: null }, value);
    return depth === null ? task.promise : task;
  }

  /** Every later one. */
  waitAgain(frame: Frame, pc: number, value: unknown, vars: unknown[]): unknown {
    frame.pc = pc;
    frame.vars = vars;
    (this.x?.tasks ?? ambient).await(frame, value);
    return frame.task;
  }

  /** A wait of an asynchronous generator, whose frame is there. */
  waitIn(frame: Frame, value: unknown): void {
    (this.x?.tasks ?? ambient).await(frame, value);
  }

  /** What an activation returns that has never waited: to a caller that awaits it at once, a plain value as it is. */
  returned(method: LoadedMethod, depth: Depth | null, value: unknown): unknown {
    const isPlain = value === null || (typeof value !== 'object' && typeof value !== 'function');
    if (isPlain && depth !== null && depth !== Depth.apart) return value;
    const task = (this.x?.tasks ?? ambient).returned(method, value);
    return depth === null ? task.promise : task;
  }

  thrown(method: LoadedMethod, depth: Depth | null, error: unknown): unknown {
    const task = (this.x?.tasks ?? ambient).thrown(method, error, depth !== null && depth !== Depth.apart);
    return depth === null ? task.promise : task;
  }

  /** The task of an activation that is captured before its first wait. */
  task(method: LoadedMethod): PromiseRecord {
    return (this.x?.tasks ?? ambient).create(method);
  }

  done(task: PromiseRecord, value: unknown): unknown {
    (this.x?.tasks ?? ambient).resolve(task, value);
    return task;
  }

  fail(task: PromiseRecord, error: unknown): unknown {
    (this.x?.tasks ?? ambient).reject(task, error);
    return task;
  }
}
