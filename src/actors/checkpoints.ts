import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { ExecutionId } from '../core/ids.ts';
import type { Capture } from '../lanes/contract.ts';
import type { OwnerChange } from '../protocols/ownership/register.ts';
import type { Directory } from './directory.ts';
import { address } from './addresses.ts';
import { overLimit } from './migration/cell.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { LaneAnswer, LaneBoard } from './lane-board.ts';
import type { OwnershipBook } from './ownership-book.ts';
import type { Along, HostPorts } from './ports.ts';

export type CheckpointsMessage =
  | { readonly kind: 'tick' }
  /** Somebody keeps a copy until this execution has a checkpoint of its present tenure. */
  | { readonly kind: 'soon'; readonly execution: ExecutionId }
  /** A durable execution waits for one; its lane may have taken it already. */
  | { readonly kind: 'wanted'; readonly execution: ExecutionId; readonly capture: Capture | null }
  | {
      readonly kind: 'captured';
      readonly execution: ExecutionId;
      readonly epoch: number;
      readonly answer: LaneAnswer;
    }
  /** It was to come into the vault along with its row; ownership tries again. */
  | { readonly kind: 'swapFailed'; readonly execution: ExecutionId; readonly reason: string }
  | { readonly kind: 'stored'; readonly capture: Capture; readonly vaultKey: string }
  | {
      readonly kind: 'storeFailed';
      readonly execution: ExecutionId;
      readonly epoch: number;
      readonly vaultKey: string;
      readonly reason: string;
    }
  /** The register took the checkpoint (or this host was fenced). */
  | {
      readonly kind: 'changed';
      readonly execution: ExecutionId;
      readonly change: OwnerChange;
      readonly outcome: 'done' | 'fenced' | 'superseded';
    }
  | { readonly kind: 'deleted' };

export interface CheckpointsPorts extends HostPorts {
  readonly board: LaneBoard;
  readonly book: OwnershipBook;
  readonly directory: Directory;
  readonly everyMs: number;
  readonly bytesPerSecondMax: number;
  /** How long an execution must have run here to be no danger to its host. */
  readonly provenMs: number;
  /** A larger snapshot is not stored. */
  readonly snapshotMaxBytes: number;
  readonly alongMaxBytes: number;
}

/** Of one execution under one epoch: what is still on its way from an earlier stay here is no business of a later one. */
interface Schedule {
  readonly epoch: number;
  phase: 'idle' | 'capturing' | 'storing' | 'switching';
  /** Of the snapshot that is being stored, or switched to. */
  vaultKey: string | null;
  soon: boolean;
  /** Whether it had run here for long when the last checkpoint was captured. */
  isProven: boolean;
  /** Slices that had been run when the last checkpoint was captured; null before the first. */
  slices: number | null;
  atMs: number;
  /** Since when a snapshot that is stored waits for the register. */
  switchingSinceMs: number;
  /** What the last checkpoint failed of; told once, until another succeeds or fails of something else. */
  failing: 'size' | 'store' | null;
  /** What the register named when the snapshot that is being switched to was stored. */
  replaces: string | null;
  /** The snapshot that came along with its row last: it goes along with the next row. */
  carried: string | null;
  /** What goes along with the row that is being written; null when nothing does. */
  along: Along | null;
}

const tickMs = 100;
/**
 * Checkpoints on their way at a time, but for those that somebody waits for. They share the store's flushes, and leave the
 * store to whoever recovers, starts or moves something.
 */
const atOnceMax = 128;
/** Ownership takes a stored snapshot up much sooner than this, or never. */
const forgottenMs = 2_000;

type Context = ActorContext<CheckpointsMessage>;

/**
 * Captures executions that changed, on a schedule and within a bandwidth, puts the snapshots into the vault, and has
 * ownership switch the register to them. A snapshot that no register names any more is deleted.
 */
export function checkpointsActor(ports: CheckpointsPorts): Behaviour<CheckpointsSession, CheckpointsMessage> {
  return {
    init(context) {
      context.after(tickMs, { kind: 'tick' });
      return new CheckpointsSession(ports);
    },
    receive(session, message, context) {
      session.receive(message, context);
      return session;
    },
  };
}

class CheckpointsSession {
  readonly #ports: CheckpointsPorts;
  readonly #schedules = new Map<ExecutionId, Schedule>();
  /** Those that are not idle. */
  readonly #underWay = new Set<Schedule>();
  /** Bytes that may be stored now; refilled by time, at most one second's worth. */
  #creditBytes: number;
  #refilledAtMs: number;

  constructor(ports: CheckpointsPorts) {
    this.#ports = ports;
    this.#creditBytes = ports.bytesPerSecondMax;
    this.#refilledAtMs = ports.clock.monotonicMs();
  }

  receive(message: CheckpointsMessage, context: Context): void {
    switch (message.kind) {
      case 'tick':
        this.#tick(context);
        context.after(tickMs, { kind: 'tick' });
        return;
      case 'soon':
        this.#schedule(message.execution).soon = true;
        return this.#captureIfDue(message.execution, context);
      case 'wanted':
        return this.#wanted(message, context);
      case 'captured':
        return this.#captured(message.execution, message.epoch, message.answer, context);
      case 'stored':
        return this.#stored(message, context);
      case 'storeFailed':
        // It may stand in the vault all the same, and no register will ever name it.
        this.#delete(message.vaultKey, context);
        this.#failed(message.execution, message.epoch, 'store', message.reason);
        this.#idle(this.#scheduleOf(message.execution, message.epoch), true);
        return;
      case 'swapFailed': {
        const schedule = this.#schedules.get(message.execution);
        if (schedule !== undefined) this.#failed(message.execution, schedule.epoch, 'store', message.reason);
        return;
      }
      case 'changed':
        return this.#changed(message, context);
      case 'deleted':
        return;
      default:
        return assertNever(message);
    }
  }

  /** The schedule of the execution's present stay here. */
  #schedule(execution: ExecutionId): Schedule {
    const state = this.#ports.book.get(execution)?.state;
    const known = this.#schedules.get(execution);
    const epoch = state?.phase === 'running' ? state.tenure.epoch : (known?.epoch ?? 0);
    if (known?.epoch === epoch) return known;
    const fresh: Schedule = {
      epoch,
      phase: 'idle',
      vaultKey: null,
      failing: known?.failing ?? null,
      isProven: false,
      soon: known?.epoch === 0 && known.soon,
      // Before it has run, it is as its recovery point holds it.
      slices: 0,
      atMs: this.#ports.clock.monotonicMs(),
      replaces: null,
      carried: null,
      along: null,
      switchingSinceMs: 0,
    };
    if (known !== undefined) this.#underWay.delete(known);
    this.#schedules.set(execution, fresh);
    return fresh;
  }

  #scheduleOf(execution: ExecutionId, epoch: number): Schedule | null {
    const known = this.#schedules.get(execution);
    return known?.epoch === epoch ? known : null;
  }

  #tick(context: Context): void {
    const nowMs = this.#ports.clock.monotonicMs();
    const { bytesPerSecondMax } = this.#ports;
    this.#creditBytes = Math.min(
      bytesPerSecondMax,
      this.#creditBytes + ((nowMs - this.#refilledAtMs) / 1_000) * bytesPerSecondMax,
    );
    this.#refilledAtMs = nowMs;
    for (const [execution, schedule] of this.#schedules) {
      if (this.#ports.book.get(execution) !== null) continue;
      this.#schedules.delete(execution);
      this.#underWay.delete(schedule);
    }
    for (const { execution, state } of this.#ports.book.cells()) {
      if (state.phase !== 'running') continue;
      const schedule = this.#schedule(execution);
      // Ownership was crashing, or froze the execution for a move that was called off: it has forgotten this snapshot.
      const isForgotten = state.change === null && nowMs - schedule.switchingSinceMs > forgottenMs;
      if (schedule.phase === 'switching' && isForgotten) this.#idle(schedule, true);
      this.#captureIfDue(execution, context);
    }
  }

  #captureIfDue(execution: ExecutionId, context: Context): void {
    const state = this.#ports.book.get(execution)?.state;
    const schedule = this.#schedule(execution);
    if (state?.phase !== 'running' || schedule.phase !== 'idle' || !this.#isDue(execution, schedule)) return;
    this.#begin(execution, schedule);
    const { self } = context;
    const { epoch } = schedule;
    this.#ports.board.request(execution, 'checkpoint', (answer) => {
      self.tell({ kind: 'captured', execution, epoch, answer });
    });
  }

  #begin(execution: ExecutionId, schedule: Schedule): void {
    schedule.phase = 'capturing';
    this.#underWay.add(schedule);
    schedule.soon = false;
    schedule.atMs = this.#ports.clock.monotonicMs();
    schedule.isProven = this.#isProven(execution);
    schedule.slices = this.#ports.board.trace(execution)?.slices ?? 0;
  }

  /** What comes along is stored unless another one is under way: its successor then covers what this one would have. */
  #wanted({ execution, capture }: Extract<CheckpointsMessage, { kind: 'wanted' }>, context: Context): void {
    const schedule = this.#schedule(execution);
    schedule.soon = true;
    const state = this.#ports.book.get(execution)?.state;
    const isOfThisStay = state?.phase === 'running' && capture?.tenure.epoch === state.tenure.epoch;
    if (capture === null || !isOfThisStay || schedule.phase !== 'idle') {
      return this.#captureIfDue(execution, context);
    }
    this.#begin(execution, schedule);
    this.#captured(execution, schedule.epoch, { kind: 'checkpointed', request: 0, capture }, context);
  }

  #isDue(execution: ExecutionId, schedule: Schedule): boolean {
    if (schedule.soon) return true;
    if (this.#creditBytes <= 0 || this.#underWay.size >= atOnceMax) return false;
    if (this.#ports.clock.monotonicMs() - schedule.atMs < this.#ports.everyMs) return false;
    // One that only waits shows by that, too, that it is no danger.
    const deaths = this.#ports.directory.register(execution)?.row.deaths ?? 0;
    if (deaths > 0 && !schedule.isProven && this.#isProven(execution)) return true;
    const slices = this.#ports.board.trace(execution)?.slices ?? 0;
    return slices !== schedule.slices;
  }

  #isProven(execution: ExecutionId): boolean {
    const arrival = this.#ports.book.get(execution)?.arrival ?? null;
    return arrival === null || this.#ports.clock.monotonicMs() - arrival.atMs >= this.#ports.provenMs;
  }

  #captured(execution: ExecutionId, epoch: number, answer: LaneAnswer, context: Context): void {
    if (answer.kind !== 'checkpointed') {
      const known = this.#scheduleOf(execution, epoch);
      if (answer.kind === 'pinned') {
        this.#ports.events.emit({ kind: 'pinned', execution, pin: answer.pin });
        this.#prove(execution, known);
      }
      // What changed since is not covered: look again at the next round.
      this.#idle(known, true);
      return;
    }
    const schedule = this.#scheduleOf(execution, epoch);
    if (schedule === null) return;
    const { capture } = answer;
    const { snapshotMaxBytes } = this.#ports;
    if (capture.bytes.byteLength > snapshotMaxBytes) {
      this.#failed(execution, epoch, 'size', overLimit(capture.bytes.byteLength, snapshotMaxBytes));
      this.#prove(execution, schedule);
      this.#idle(schedule, false);
      return;
    }
    this.#creditBytes -= capture.bytes.byteLength;
    const isSmall = capture.bytes.byteLength <= this.#ports.alongMaxBytes;
    schedule.phase = 'storing';
    const vaultKey = `snapshot/${execution}/${capture.tenure.epoch}-${this.#ports.random.hex(8)}`;
    schedule.vaultKey = vaultKey;
    if (isSmall) return this.#switch(schedule, capture, vaultKey, 'along');
    context.pipe(
      this.#ports.vault.put(vaultKey, capture.bytes),
      () => ({ kind: 'stored', capture, vaultKey }),
      (error) => ({ kind: 'storeFailed', execution, epoch, vaultKey, reason: messageOf(error) }),
    );
  }

  /** A checkpoint would have said that it is no danger to its host; what it died with before would else be counted for ever. */
  #prove(execution: ExecutionId, schedule: Schedule | null): void {
    const { book, directory, exchange, identity } = this.#ports;
    const state = book.get(execution)?.state;
    const deaths = directory.register(execution)?.row.deaths ?? 0;
    if (schedule?.isProven !== true || deaths === 0 || state?.phase !== 'running') return;
    const event = { kind: 'proven', tenure: state.tenure } as const;
    exchange.tell(address.role(identity.name, 'ownership'), { kind: 'event', execution, event }, 'urgent');
  }

  /** It runs on; until this is put right, a loss of this host sets it back to its last checkpoint. */
  #failed(execution: ExecutionId, epoch: number, failing: 'size' | 'store', reason: string): void {
    const schedule = this.#scheduleOf(execution, epoch);
    if (schedule === null || schedule.failing === failing) return;
    schedule.failing = failing;
    this.#ports.events.emit({ kind: 'checkpointFailed', execution, reason });
  }

  #stored({ capture, vaultKey }: Extract<CheckpointsMessage, { kind: 'stored' }>, context: Context): void {
    const { tenure } = capture;
    const schedule = this.#scheduleOf(tenure.execution, tenure.epoch);
    // It has ended, or left, meanwhile.
    if (schedule === null || this.#ports.book.get(tenure.execution) === null) {
      return this.#delete(vaultKey, context);
    }
    schedule.failing = null;
    this.#switch(schedule, capture, vaultKey, 'stored');
  }

  /** Has the register name a snapshot that stands in the vault, or that comes there along with the row. */
  #switch(schedule: Schedule, capture: Capture, vaultKey: string, how: 'stored' | 'along'): void {
    const { digest, effectSequence, tenure } = capture;
    const { execution, epoch, generation } = tenure;
    const seen = this.#ports.directory.register(execution);
    schedule.phase = 'switching';
    schedule.switchingSinceMs = this.#ports.clock.monotonicMs();
    schedule.replaces = seen?.row.recovery.vaultKey ?? null;
    const event = {
      kind: 'checkpointStored',
      tenure,
      point: { kind: 'snapshot', vaultKey, digest, epoch, generation, effectSequence },
      proven: schedule.isProven,
      seen,
    } as const;
    const { replaces, carried } = schedule;
    const drops = replaces !== null && replaces === carried ? [replaces] : [];
    const along = how === 'stored' ? null : { puts: [{ key: vaultKey, bytes: capture.bytes }], drops };
    schedule.along = along;
    const message = { kind: 'checkpoint', execution, event, along } as const;
    this.#ports.exchange.tell(address.role(this.#ports.identity.name, 'ownership'), message, 'urgent');
  }

  /**
   * Only a snapshot that the register surely named before, and surely does not name now, is deleted: one that was
   * fenced or superseded may stand in the register after all, if an answer was lost. Those go when the execution ends.
   */
  #changed(message: Extract<CheckpointsMessage, { kind: 'changed' }>, context: Context): void {
    const { execution, change, outcome } = message;
    if (change.kind !== 'checkpoint' || change.point.kind !== 'snapshot') return;
    const { epoch, generation, digest, vaultKey } = change.point;
    const schedule = this.#scheduleOf(execution, epoch);
    if (schedule === null) return;
    const isDone = outcome === 'done';
    const tenure = { execution, epoch, generation };
    if (isDone) this.#ports.board.post(execution, { kind: 'covered', execution, tenure, digest });
    // Of one from before a crash, or that was given up: two under way at a time could change places.
    if (schedule.vaultKey !== vaultKey) return;
    if (isDone) this.#replaced(schedule, vaultKey, context);
    this.#idle(schedule, !isDone);
    // What was asked for meanwhile does not wait for the next round.
    if (schedule.soon) this.#captureIfDue(execution, context);
  }

  #replaced(schedule: Schedule, vaultKey: string, context: Context): void {
    const { replaces, along } = schedule;
    const cameAlong = along?.puts.some(({ key }) => key === vaultKey) === true;
    const wentAlong = cameAlong && replaces !== null && along.drops.includes(replaces);
    if (replaces !== null && replaces !== vaultKey && !wentAlong) this.#delete(replaces, context);
    schedule.carried = cameAlong ? vaultKey : null;
    schedule.failing = null;
  }

  /** What is left behind goes when the execution ends. */
  #delete(vaultKey: string, context: Context): void {
    context.pipe(
      this.#ports.vault.delete(vaultKey),
      () => ({ kind: 'deleted' }),
      () => ({ kind: 'deleted' }),
    );
  }

  #idle(schedule: Schedule | null, again: boolean): void {
    if (schedule === null) return;
    schedule.phase = 'idle';
    schedule.vaultKey = null;
    this.#underWay.delete(schedule);
    if (again) schedule.slices = null;
  }
}
