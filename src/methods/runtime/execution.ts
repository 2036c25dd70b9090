import { assert } from '../../core/assert.ts';
import type { MethodRef, Tenure } from '../../core/execution.ts';
import type { ExecutionActivity, ExecutionTrace } from '../../core/inspection.ts';
import type { Cancel } from '../../core/ports.ts';
import { Allocation } from './allocation.ts';
import type { Fuel } from './fuel.ts';
import { $ } from './gate.ts';
import { standing } from './generator-objects.ts';
import { type ExecutionApi, type Injection, nothing, type Running } from './running.ts';
import type { Base } from './job-base.ts';
import { endJob, performJob } from './jobs.ts';
import type { AnyFunction, Frame, LoadedMethod, PromiseRecord } from './method-code.ts';
import { ownRecord } from './own-record.ts';
import { Promises } from './promises.ts';
import { Resources } from './resources.ts';
import { stitchStack } from './stack-text.ts';
import { Tally } from './tally.ts';
import { jobFuel, Tasks } from './tasks.ts';
import { Timers } from './timers.ts';
import { Turns } from './turns.ts';

/** What an execution asks of the runtime around it. */
export interface ExecutionHost {
  monotonicMs(): number;
  attention(): boolean;
  mayAct(): boolean;
  /** Asked at each tick, with no fuel in between; null where only the clock and `attention` decide. */
  readonly interrupt: (() => boolean) | null;
  /** Of this thread's heap, for tracing; null where nobody looks. */
  readonly heapBytes: (() => number) | null;
  /** Whether the thread is wanted by others once a slice is over. */
  isContended(execution: Execution): boolean;
  newFuel(): Fuel;
  /** When it is over: once the outcome of its call is known, or once nothing of it is left that would run. */
  readonly ends: 'outcome' | 'idle';
  /** Told of an error that nobody caught: in a callback, or a rejection that nobody handled. */
  readonly uncaught: ((kind: UncaughtKind, error: unknown) => void) | null;
  storeNowMs(): number;
  after(delayMs: number, fire: () => void): Cancel;
  /** Something happened to it from outside of its slices. */
  wake(execution: Execution): void;
}

export type UncaughtKind = 'uncaughtException' | 'unhandledRejection';

/** How a slice ended. */
export type SliceEnd = 'preempted' | 'waiting' | 'settled';

/**
 * One running call of a method: its stack, its jobs and promises, as data whenever no slice runs. It runs to completion
 * job by job: while a job is preempted, nothing else of the execution happens.
 */
export class Execution implements Running {
  tenure: Tenure;
  readonly ref: MethodRef;
  readonly method: LoadedMethod;
  readonly promises: Promises;
  readonly tasks: Tasks;
  templates = new Map<string, object>();
  readonly timers: Timers;
  readonly turns: Turns;
  readonly resources: Resources;
  readonly fuel: Fuel;
  /** What the functions of godwit's API do in it; set once, by whoever makes the execution. */
  api!: ExecutionApi;
  /** The suspended activations of the current job, innermost last. */
  stack: Frame[] = [];
  /** How the innermost of them goes on. */
  injection: Injection = nothing;
  /** The outcome of the whole call; null until its first job has returned. */
  root: PromiseRecord | null = null;
  /** An error that nobody caught: it ends the execution. */
  crash: { readonly error: unknown } | null = null;
  frozen = true;
  /** `ending`: its method has ended, nothing of it runs, and others are owed messages; `settled`: it has told its outcome. */
  end: 'none' | 'ending' | 'settled' = 'none';
  /** Why the last capture that was wanted did not happen; empty when it did. */
  held = '';
  rerunning: number | null = null;
  snapshotBytes = 0;
  captureMs = 0;
  readonly tally = new Tally();
  /** Time inside its slices before it came here. */
  workedBeforeMs = 0;
  /** Calls of effects, since it came here. */
  effects = 0;
  /** Fuel that the slice before did not use. */
  fuelLeft = 0;
  readonly #allocation = new Allocation();
  #demandMs = 0;
  /** Since when it could run, or runs; null while it waits or stands still. */
  #readySinceMs: number | null = null;
  /** What the trace before showed: any change of it changes one of these. */
  #tracedActivity: ExecutionActivity = 'settled';
  #tracedSum = -1;
  readonly #host: ExecutionHost;
  #collected: Frame[] = [];
  #expectedFrames = 0;

  constructor(
    host: ExecutionHost,
    tenure: Tenure,
    ref: MethodRef,
    method: LoadedMethod,
    promises: Promises = new Promises(),
  ) {
    this.tenure = tenure;
    this.ref = ref;
    this.method = method;
    this.#host = host;
    this.fuel = host.newFuel();
    this.promises = promises;
    this.tasks = new Tasks(promises, () => this.stack);
    this.timers = new Timers({
      storeNowMs: () => host.storeNowMs(),
      after: (delayMs, fire) => host.after(delayMs, fire),
      wake: () => host.wake(this),
    });
    this.resources = new Resources(() => host.wake(this));
    this.turns = new Turns(promises, this.timers);
    promises.stirred = () => {
      if ($.x !== this) host.wake(this);
    };
  }

  get isReady(): boolean {
    if (this.frozen || this.end !== 'none' || this.resources.isOpening) return false;
    return this.stack.length > 0 || this.turns.isReady || this.isOver;
  }

  /** Whether its outcome is known, or can only be a failure. */
  get isOver(): boolean {
    if (this.crash !== null) return true;
    if (this.stack.length === 0 && !this.turns.isMidTurn && this.promises.unhandled.size > 0) return true;
    if (this.root === null || this.root.state === 'pending') return false;
    return this.#host.ends === 'outcome' || (this.stack.length === 0 && !this.turns.holds);
  }

  get isRootKnown(): boolean {
    return this.root !== null && this.root.state !== 'pending';
  }

  get activity(): ExecutionActivity {
    if (this.end !== 'none') return this.end;
    if (this.frozen) return 'frozen';
    if ($.x === this) return 'running';
    return this.isReady ? 'ready' : 'waiting';
  }

  get workedMs(): number {
    return this.workedBeforeMs + this.fuel.trace.cpuMs;
  }

  /** @returns null when nothing has changed since the trace before */
  takeTrace(nowMs: number): ExecutionTrace | null {
    const { activity, snapshotBytes, captureMs, effects } = this;
    const { fuel, cpuMs, slices, longestSliceMs } = this.fuel.trace;
    // Only snapshots ever shrink, and none is taken without a change of the time that it took.
    const sum = slices + snapshotBytes + captureMs + effects + this.tally.messagesIn;
    const isSame = activity === this.#tracedActivity && sum === this.#tracedSum;
    // Demand grows while it is ready.
    if (isSame && this.#readySinceMs === null && this.tally.isEmpty) return null;
    this.#tracedActivity = activity;
    this.#tracedSum = sum;
    return {
      execution: this.tenure.execution,
      method: this.ref,
      activity,
      fuel,
      cpuMs,
      workedMs: this.workedMs,
      demandMs: this.#demandMs + (this.#readySinceMs === null ? 0 : nowMs - this.#readySinceMs),
      slices,
      longestSliceMs,
      allocatedBytes: Math.round(this.#allocation.bytes),
      effects,
      snapshotBytes,
      captureMs,
      messagesIn: this.tally.messagesIn,
      peers: this.tally.take(),
    };
  }

  /** Books demand from now on, or until now. */
  noteReady(isReady: boolean, nowMs: number): void {
    if (isReady) this.#readySinceMs ??= nowMs;
    else if (this.#readySinceMs !== null) {
      this.#demandMs += nowMs - this.#readySinceMs;
      this.#readySinceMs = null;
    }
  }

  begin(args: readonly unknown[]): void {
    this.promises.jobs.push({ kind: 'start', args });
  }

  /** Runs jobs until the slice is over, or nothing is left to do. */
  runSlice(): SliceEnd {
    assert($.x === null, 'slices do not nest');
    const idle = $.n;
    const startMs = this.#host.monotonicMs();
    this.fuel.beginSlice(startMs);
    this.noteReady(true, startMs);
    if (this.#host.heapBytes !== null) this.#allocation.begin(this.#host.heapBytes(), startMs);
    $.x = this;
    $.n = this.refill();
    try {
      return this.#runJobs();
    } finally {
      $.x = null;
      this.fuelLeft = $.n;
      $.n = idle;
      const endMs = this.#host.monotonicMs();
      this.fuel.endSlice(endMs);
      if (this.#host.heapBytes !== null) this.#allocation.look(this.#host.heapBytes(), endMs);
      this.noteReady(this.isReady, endMs);
    }
  }

  #runJobs(): SliceEnd {
    for (;;) {
      if (this.stack.length > 0) {
        if (!this.#runStack()) return 'preempted';
      } else {
        if (this.isOver) return this.#over();
        const job = this.turns.next();
        if (job === null) {
          if (!this.turns.isReady) return 'waiting';
        } else if (!performJob(this, job)) return 'preempted';
        if (this.stack.length > 0) continue;
      }
      this.injection = nothing;
      if (($.n -= jobFuel) >= 0) continue;
      if (this.isOver) return this.#over();
      if (!this.turns.isReady) return 'waiting';
      if (this.#isSliceOver()) return 'preempted';
    }
  }

  #over(): SliceEnd {
    const [unhandled] = this.promises.unhandled;
    const counts = this.#host.ends === 'idle' || !this.isRootKnown;
    if (this.crash === null && unhandled !== undefined && counts) {
      this.crash = { error: unhandled.value };
      this.#host.uncaught?.('unhandledRejection', unhandled.value);
    }
    return 'settled';
  }

  /** Between jobs, where fuel has run out: nothing has to be unwound. */
  #isSliceOver(): boolean {
    const nowMs = this.#host.monotonicMs();
    this.fuel.tick(nowMs);
    $.n = this.refill();
    if (this.#interrupts() || this.#host.attention()) return true;
    return this.fuel.sliceIsOver(this.#host.monotonicMs()) && this.#host.isContended(this);
  }

  endJob(base: Base, outcome: Injection): void {
    endJob(this, base, outcome);
  }

  start(args: readonly unknown[]): boolean {
    const { fast, meta } = this.method;
    assert(fast !== null, `${meta.id} stands at the top level of its module`);
    return this.call(fast, undefined, [...args]);
  }

  crashed(error: unknown): void {
    this.crash = { error };
    this.#host.uncaught?.('uncaughtException', error);
  }

  /** Runs the suspended activations, innermost first, each with the outcome of the one above. @returns false when preempted */
  #runStack(): boolean {
    for (let frame = this.stack.pop(); frame !== undefined; frame = this.stack.pop()) {
      const outcome = this.injection;
      this.injection = nothing;
      if (!this.resume(frame, outcome)) return false;
      if (this.stack.length > 0) this.#show();
    }
    return true;
  }

  /** Goes on with a suspended activation; those below it stand in the stack. @returns false when captured */
  resume(frame: Frame, outcome: Injection): boolean {
    // What a generator waits for is no capture: it goes on from where it was left.
    const resume = frame.task === frame ? (frame.method.step as LoadedMethod['resume']) : frame.method.resume;
    if (resume === null) assert(false, `${frame.method.meta.id} has no resume body`);
    const isFirst = this.stack.length === 0;
    $.injection = outcome;
    const suspended = standing(frame);
    $.bottom = isFirst ? suspended : null;
    const { ok, value } = enterFrame(resume, suspended);
    $.bottom = null;
    // Nobody below takes what it returned.
    return (ok && isFirst && this.root !== null) || this.#ended({ ok, value });
  }

  /** What a caller is given of an asynchronous activation is its promise. */
  #show(): void {
    const { ok, value } = this.injection;
    const record = ownRecord(value);
    if (record !== null) this.injection = { ok, value: record.promise };
  }

  /** Runs one activation natively. Its outcome goes to the activation below, or ends the job. @returns false when captured */
  call(body: AnyFunction, self: unknown, args: readonly unknown[]): boolean {
    return this.#ended(enterMethod(body, self, args));
  }

  #ended(outcome: Injection): boolean {
    if (!outcome.ok) {
      if (outcome.value === $.capture) return this.#captured();
      stitchStack(outcome.value, this.stack, $.modules);
    }
    this.injection = outcome;
    if (this.root === null && this.stack.length === 0) this.#settleRoot(outcome);
    return true;
  }

  #captured(): false {
    const collected = this.#collected;
    assert(
      collected.length === this.#expectedFrames && this.#expectedFrames > 0,
      `${collected.length} activations were kept, ${this.#expectedFrames} expected`,
    );
    for (const frame of collected.reverse()) this.stack.push(frame);
    this.#collected = [];
    this.injection = nothing;
    return false;
  }

  /** The first job's end: an asynchronous method's promise is the outcome, a plain one's value is. */
  #settleRoot({ ok, value }: Injection): void {
    const promise = ok && this.method.meta.isAsync ? this.promises.recordOf(value) : null;
    this.root = promise ?? this.promises.create('itself');
    if (promise === null) {
      if (ok) this.promises.resolve(this.root, value);
      else this.promises.settle(this.root, false, value);
    }
    this.root.handled = true;
    this.promises.unhandled.delete(this.root);
  }

  // What generated code needs of it.

  wantsToYield(): boolean {
    const nowMs = this.#host.monotonicMs();
    this.fuel.tick(nowMs);
    if (this.#host.heapBytes !== null) this.#allocation.look(this.#host.heapBytes(), nowMs);
    if (this.#interrupts() || this.#host.attention() || !this.#host.mayAct()) return true;
    return this.fuel.sliceIsOver(nowMs) && this.#host.isContended(this);
  }

  refill(): number {
    return this.#host.interrupt === null ? this.fuel.quantum : 0;
  }

  #interrupts(): boolean {
    return this.#host.interrupt !== null && this.#host.interrupt();
  }

  heldUp(where: string): void {
    this.held = where;
    $.n = this.#host.interrupt === null ? this.fuel.soon : 0;
  }

  givesWay(frames: number): void {
    this.held = '';
    this.#collected = [];
    this.#expectedFrames = frames;
  }

  pushFrame(frame: Frame): void {
    this.#collected.push(frame);
  }

  startsAgain(): boolean {
    return this.rerunning !== null;
  }
}

/** The same for an activation that was suspended. */
function enterFrame(resume: (frame: Frame) => unknown, frame: Frame): Injection {
  try {
    return { ok: true, value: resume(frame) };
  } catch (error) {
    return { ok: false, value: error };
  }
}

/** The end of every walk down the native stack; see `stack-walk.ts`. So nothing may stand between it and the method. */
function enterMethod(body: AnyFunction, self: unknown, args: readonly unknown[]): Injection {
  try {
    return { ok: true, value: Reflect.apply(body, self, args) };
  } catch (error) {
    return { ok: false, value: error };
  }
}
