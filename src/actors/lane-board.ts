import { assert } from '../core/assert.ts';
import type { ExecutionId, LaneIndex } from '../core/ids.ts';
import { laneIndex } from '../core/ids.ts';
import type { LostEffect } from './lane-effects.ts';
import { LaneEffects } from './lane-effects.ts';
import { LaneInstalls, PackageRefusedByLaneError } from './lane-installs.ts';
import type {
  Capture,
  InstalledPackage,
  Lane,
  LaneCommand,
  LaneEvent,
  LaneListener,
} from '../lanes/contract.ts';
import type { LaneSample } from '../core/host-sample.ts';
import type { ExecutionTrace } from '../core/inspection.ts';
import { MethodBook } from '../placement/method-book.ts';
import { noHistory } from '../placement/method-history.ts';
import type { WorkEstimate } from '../placement/remaining-work.ts';
import { remainingWork } from '../placement/remaining-work.ts';
import { UsageBook } from './usage-book.ts';

/** What answers a `freeze`, `checkpoint` or `inspect`. */
export type LaneAnswer = Extract<
  LaneEvent,
  { readonly kind: 'frozen' | 'checkpointed' | 'pinned' | 'absent' | 'inspected' }
>;

/** Everything else that a lane says about executions. */
export type LaneReport = Exclude<
  LaneEvent,
  LaneAnswer | { readonly kind: 'installed' | 'installFailed' | 'trace' | 'lastTrace' }
>;

export type SettledReport = Extract<LaneReport, { readonly kind: 'settled' }>;

export interface LaneBoardListener {
  onReport(report: LaneReport): void;
  /** A lane died with these executions on it, and what they had not told yet is gone. */
  onLost(lane: LaneIndex, executions: readonly ExecutionId[]): void;
  /** It took effects along, of executions that have left, too. */
  onEffectsLost(effects: readonly LostEffect[]): void;
}

interface Slot {
  lane: Lane | null;
  readonly executions: Set<ExecutionId>;
  readonly installs: LaneInstalls;
}

interface Request {
  readonly execution: ExecutionId;
  readonly lane: LaneIndex;
  readonly onAnswer: (answer: LaneAnswer) => void;
}

/**
 * Which execution is on which lane of this host. It outlives the lanes' actors: a lane that is started again finds its
 * slot, the lease deadline and the clock here.
 */
export class LaneBoard {
  readonly #slots: readonly Slot[];
  readonly #listener: LaneBoardListener;
  readonly #requests = new Map<number, Request>();
  readonly #traces = new Map<ExecutionId, ExecutionTrace>();
  /** What copies here came to, until they are discarded or replaced. */
  readonly #settlements = new Map<ExecutionId, SettledReport>();
  readonly #effects = new LaneEffects();
  /** What the executions here use, from the lanes' traces. */
  readonly usage: UsageBook;
  readonly #laneSamples = new Map<LaneIndex, LaneSample>();
  readonly #methods = new MethodBook();
  #nextRequest = 1;
  #deadlineMs = 0;
  #deadlineBootMs = 0;
  #leaseEnded = false;
  #storeOffsetMs: number | null = null;

  /** @param wallMs of the clock: for when an execution came here */
  constructor(lanes: number, listener: LaneBoardListener, wallMs: () => number) {
    assert(lanes >= 1, 'a host has at least one lane');
    this.#slots = Array.from({ length: lanes }, () => ({
      lane: null,
      executions: new Set<ExecutionId>(),
      installs: new LaneInstalls(),
    }));
    this.#listener = listener;
    this.usage = new UsageBook(wallMs);
  }

  get count(): number {
    return this.#slots.length;
  }

  /** What a lane that is being started reports to. `onExit` tells its actor, which ends and is started again. */
  listener(index: LaneIndex, onExit: (error: Error | null) => void): LaneListener {
    return {
      onEvent: (event) => this.#onEvent(index, event),
      onExit: (error) => {
        this.#lose(index);
        onExit(error);
      },
    };
  }

  /** A lane stands: from now on it gets commands. */
  attach(lane: Lane): void {
    this.#slot(lane.index).lane = lane;
    lane.extendLease(this.#deadlineMs, this.#deadlineBootMs);
    if (this.#storeOffsetMs !== null) lane.post({ kind: 'clock', storeOffsetMs: this.#storeOffsetMs });
  }

  /** A lane is being stopped: its executions are gone. */
  detach(index: LaneIndex): void {
    this.#lose(index);
  }

  extendLease(deadlineMs: number, deadlineBootMs: number): void {
    if (this.#leaseEnded) return;
    this.#deadlineMs = Math.max(deadlineMs, this.#deadlineMs);
    this.#deadlineBootMs = Math.max(deadlineBootMs, this.#deadlineBootMs);
    for (const { lane } of this.#slots) lane?.extendLease(this.#deadlineMs, this.#deadlineBootMs);
  }

  /** This incarnation never acts again, whatever deadline it was given before. */
  endLease(): void {
    this.#leaseEnded = true;
    this.#deadlineMs = 0;
    this.#deadlineBootMs = 0;
    for (const { lane } of this.#slots) lane?.extendLease(0, 0);
  }

  /** What the store's clock shows; null before the host has heard from it. */
  storeTimeMs(monotonicMs: number): number | null {
    return this.#storeOffsetMs === null ? null : monotonicMs + this.#storeOffsetMs;
  }

  setClock(storeOffsetMs: number): void {
    this.#storeOffsetMs = storeOffsetMs;
    for (const { lane } of this.#slots) lane?.post({ kind: 'clock', storeOffsetMs });
  }

  lanes(): readonly Lane[] {
    return this.#slots.flatMap(({ lane }) => (lane === null ? [] : [lane]));
  }

  laneOf(execution: ExecutionId): LaneIndex | null {
    const found = this.#slots.findIndex(({ executions }) => executions.has(execution));
    return found < 0 ? null : laneIndex(found);
  }

  /** Whether a copy stands, or will, on a lane that is up. */
  carries(execution: ExecutionId): boolean {
    const index = this.laneOf(execution);
    return index !== null && this.#slot(index).lane !== null;
  }

  executionsOn(index: LaneIndex): readonly ExecutionId[] {
    return [...this.#slot(index).executions];
  }

  get executions(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.executions.size, 0);
  }

  /** Each lane's newest. */
  laneSamples(): readonly LaneSample[] {
    return [...this.#laneSamples.values()].toSorted((a, b) => a.lane - b.lane);
  }

  trace(execution: ExecutionId): ExecutionTrace | null {
    return this.#traces.get(execution) ?? null;
  }

  /** CPU time that an execution here still needs, by what others of its method needed. */
  remainingWork(execution: ExecutionId): WorkEstimate {
    const trace = this.trace(execution);
    if (trace === null) return remainingWork(0, null, noHistory);
    return remainingWork(trace.workedMs, null, this.#methods.historyOf(methodKey(trace)));
  }

  /** The copy here has ended, and its result is being stored: nothing of it is lost with its lane. */
  settlement(execution: ExecutionId): SettledReport | null {
    return this.#settlements.get(execution) ?? null;
  }

  settlements(): readonly SettledReport[] {
    return [...this.#settlements.values()];
  }

  /** Names of the effects that run here and whose executions have left (rule 12: a drain waits for them). */
  get effectsLeftBehind(): readonly string[] {
    return this.#effects.leftBehind;
  }

  /** Gives the execution a lane, the least laden one, unless it has one. */
  assign(execution: ExecutionId): LaneIndex {
    const held = this.laneOf(execution);
    if (held !== null) return held;
    const least = this.#leastLaden();
    this.#slot(least).executions.add(execution);
    return least;
  }

  #leastLaden(): LaneIndex {
    const sizes = this.#slots.map((slot) => (slot.lane === null ? Infinity : slot.executions.size));
    return laneIndex(sizes.indexOf(Math.min(...sizes)));
  }

  release(execution: ExecutionId): void {
    for (const { executions } of this.#slots) executions.delete(execution);
    this.#traces.delete(execution);
    this.#settlements.delete(execution);
    this.usage.released(execution);
  }

  /** @returns false when the execution has no lane, or its lane is down */
  post(execution: ExecutionId, command: LaneCommand): boolean {
    const index = this.laneOf(execution);
    const lane = index === null ? null : this.#slot(index).lane;
    if (lane === null) return false;
    // Another copy takes the place of the one that ended.
    if (command.kind === 'start' || command.kind === 'restore') this.#settlements.delete(execution);
    if (command.kind === 'run') {
      this.#effects.returned(execution);
      this.usage.ran(command.tenure);
    } else if (command.kind === 'start' && command.tenure.generation === 1) {
      this.usage.arrived(command.method, 1);
    }
    lane.post(command);
    return true;
  }

  /** Asks about an execution; answered exactly once, with `absent` when it or its lane is gone. */
  request(
    execution: ExecutionId,
    kind: 'freeze' | 'checkpoint' | 'inspect',
    onAnswer: (answer: LaneAnswer) => void,
  ): void {
    const request = this.#nextRequest;
    this.#nextRequest += 1;
    const lane = this.laneOf(execution);
    if (lane === null || !this.post(execution, { kind, execution, request })) {
      onAnswer({ kind: 'absent', request, execution });
      return;
    }
    this.#requests.set(request, { execution, lane, onAnswer });
  }

  /** @throws {PackageRefusedByLaneError} when the lane cannot import it, or ends before it has */
  install(index: LaneIndex, installed: InstalledPackage): Promise<void> {
    const slot = this.#slot(index);
    const known = slot.installs.known(installed.hash);
    if (known !== null) return known;
    if (slot.lane === null) {
      return Promise.reject(new PackageRefusedByLaneError(installed.hash, `lane ${index} is down`));
    }
    slot.lane.post({ kind: 'install', package: installed });
    return slot.installs.begin(installed.hash);
  }

  /**
   * Has the lane that would be given an execution now import a package: one that comes soon need not wait for that.
   *
   * @throws {PackageRefusedByLaneError} when the lane cannot import it, or ends before it has
   */
  expect(installed: InstalledPackage): Promise<void> {
    return this.install(this.#leastLaden(), installed);
  }

  #slot(index: LaneIndex): Slot {
    const slot = this.#slots[index];
    assert(slot !== undefined, `lane ${index} is one of ${this.#slots.length}`);
    return slot;
  }

  #onEvent(index: LaneIndex, event: LaneEvent): void {
    switch (event.kind) {
      case 'installed':
        this.#slot(index).installs.succeeded(event.package);
        break;
      case 'installFailed':
        this.#slot(index).installs.failed(event.package, event.reason);
        break;
      case 'frozen':
      case 'checkpointed':
        this.#noteEffects(index, event.capture, event.kind === 'frozen');
        this.#answer(event.request, event);
        break;
      case 'checkpointWanted':
        if (event.capture !== null) this.#noteEffects(index, event.capture, false);
        this.#listener.onReport(event);
        break;
      case 'pinned':
      case 'absent':
      case 'inspected':
        this.#answer(event.request, event);
        break;
      case 'trace': {
        // A copy that was discarded meanwhile leaves no trace.
        const traces = event.traces.filter(({ execution }) => this.#slot(index).executions.has(execution));
        for (const trace of traces) this.#traces.set(trace.execution, trace);
        this.#laneSamples.set(index, event.sample);
        this.usage.traced(traces, event.sample, event.periodMs);
        break;
      }
      case 'lastTrace':
        if (this.#slot(index).executions.has(event.trace.execution)) this.#ended(index, event.trace);
        break;
      case 'settled':
        this.#settlements.set(event.tenure.execution, event);
        this.#effects.allEnded(index, event.tenure.execution);
        this.#listener.onReport(event);
        break;
      case 'effectStarted':
        this.#effects.started(index, event.tenure, event);
        this.#listener.onReport(event);
        break;
      case 'effectOutcome':
        this.#effects.ended(index, event.execution, event.outcome.sequence);
        this.#listener.onReport(event);
        break;
      default:
        this.#listener.onReport(event);
    }
  }

  #ended(index: LaneIndex, trace: ExecutionTrace): void {
    const { execution, workedMs: cpuMs, snapshotBytes } = trace;
    this.#traces.set(execution, trace);
    const sample = this.#laneSamples.get(index);
    if (sample !== undefined) this.usage.traced([trace], sample, 0);
    this.#methods.end(methodKey(trace), { cpuMs, snapshotBytes });
  }

  /** It may leave while effects of it run on here: the lane says which it waits for, now that it stands still. */
  #noteEffects(
    index: LaneIndex,
    { tenure: { execution, epoch }, effectsPending }: Capture,
    frozen: boolean,
  ): void {
    if (effectsPending === 0) this.#effects.stayEnded(index, execution, epoch);
    const isAsked = frozen ? this.#effects.mayRun(execution) : this.#effects.isCrowded(index, execution);
    if (!isAsked) return;
    this.request(execution, 'inspect', (answer) => {
      if (answer.kind !== 'inspected') return;
      const pending = answer.inspection.effectsPending;
      if (frozen) this.#effects.left(index, execution, pending);
      else this.#effects.awaited(index, execution, pending);
    });
  }

  #answer(request: number, answer: LaneAnswer): void {
    const open = this.#requests.get(request);
    this.#requests.delete(request);
    open?.onAnswer(answer);
  }

  #lose(index: LaneIndex): void {
    const slot = this.#slot(index);
    slot.lane = null;
    const lost = [...slot.executions].filter((execution) => !this.#settlements.has(execution));
    for (const execution of slot.executions) {
      this.#traces.delete(execution);
      this.usage.lost(execution);
    }
    this.#laneSamples.delete(index);
    slot.executions.clear();
    slot.installs.lost(`lane ${index} ended`);
    for (const [request, { execution, lane }] of this.#requests) {
      if (lane === index) this.#answer(request, { kind: 'absent', request, execution });
    }
    if (lost.length > 0) this.#listener.onLost(index, lost);
    const effects = this.#effects.laneLost(index);
    if (effects.length > 0) this.#listener.onEffectsLost(effects);
  }
}

function methodKey({ method }: ExecutionTrace): string {
  return `${method.package}/${method.method}`;
}
