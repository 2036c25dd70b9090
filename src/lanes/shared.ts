import type { LaneCounters, LaneShared } from './contract.ts';

/**
 * The words that a host and one of its lanes share, each a BigInt64 read and written atomically, so that neither
 * waits for the other: a lane in a tight loop sees the host's words at its next tick, and the host sees the lane's
 * while the lane is busy. Times are nanoseconds of the process's monotonic clock (`process.hrtime`), which is one
 * clock for all threads; accessors take and give milliseconds of the same clock.
 *
 * The request to capture is the attention word: the command itself waits in the lane's port, and at the next tick
 * the runtime unwinds the running method, so that the command finds it at a safe point.
 */
const word = {
  /** Host writes. The lane acts only before it; 0 until the host first holds a lease. */
  leaseDeadlineNs: 0,
  /** The same instant of the boot clock. Host writes it first: a lane that sees only one of the two stops too early, not too late. */
  leaseDeadlineBootNs: 12,
  /** Host writes, when it posts a command and none waits. */
  attentionSinceNs: 1,
  /** Host counts, before each command that it posts. While `posted` and `taken` differ, the lane yields at each tick. */
  posted: 10,
  /** Lane counts, after each command that it takes off its port. */
  taken: 11,
  /** Lane writes, at every tick and slice; 0 while the lane waits in its event loop. */
  heartbeatNs: 2,
  /** Lane writes: a `LanePhase`. */
  phase: 3,
  /** Lane writes, and so all below. */
  busyNs: 4,
  /** The integral over time of the number of executions that are ready or running. */
  demandNs: 5,
  ready: 6,
  executions: 7,
  turns: 8,
  heapBytes: 9,
} as const;

const wordsMax = 16;
const nsPerMs = 1e6;
/** A deadline that is never reached: for a lane that no lease governs. */
export const noDeadlineMs = 9_000_000_000_000;

/** `waiting`: nothing to run. `leaseEnded`: there is work, and the lease forbids it. */
export type LanePhase = 'starting' | 'waiting' | 'working' | 'leaseEnded' | 'ended';
const phases: readonly LanePhase[] = ['starting', 'waiting', 'working', 'leaseEnded', 'ended'];

function toNs(ms: number): bigint {
  return BigInt(Math.floor(ms * nsPerMs));
}

function toMs(ns: bigint): number {
  return Number(ns) / nsPerMs;
}

/** The shared words of one lane, by name. Host and lane each hold one over the same buffer. */
export class SharedWords {
  readonly #words: BigInt64Array;

  constructor(shared: LaneShared) {
    this.#words = new BigInt64Array(shared.buffer);
  }

  // The host's side.

  /**
   * @param deadlineMs monotonic; the host has already taken its safety margin off
   * @param deadlineBootMs of the boot clock
   */
  extendLease(deadlineMs: number, deadlineBootMs: number): void {
    Atomics.store(this.#words, word.leaseDeadlineBootNs, toNs(deadlineBootMs));
    Atomics.store(this.#words, word.leaseDeadlineNs, toNs(deadlineMs));
  }

  /** Makes a running method yield at its next tick. Precedes the command that it announces, so that none is missed. */
  announce(nowMs: number): void {
    if (!this.attention) Atomics.store(this.#words, word.attentionSinceNs, toNs(nowMs));
    Atomics.add(this.#words, word.posted, 1n);
  }

  get phase(): LanePhase {
    return phases[Number(Atomics.load(this.#words, word.phase))] ?? 'ended';
  }

  /**
   * Since when the lane has neither reached a tick nor taken a command that waits for it: it is inside one long
   * native call. `null` while it waits with nothing to do.
   *
   * @returns monotonic milliseconds; a healthy lane's value is a few milliseconds old
   */
  silentSinceMs(): number | null {
    if (this.phase === 'starting' || this.phase === 'ended') return null;
    const heartbeat = Atomics.load(this.#words, word.heartbeatNs);
    if (!this.attention) return heartbeat === 0n ? null : toMs(heartbeat);
    const attention = Atomics.load(this.#words, word.attentionSinceNs);
    // A tick after the call shows that the lane lives: it cannot unwind at this place, and tries again at the next.
    return toMs(heartbeat > attention ? heartbeat : attention);
  }

  counters(): LaneCounters {
    const load = (index: number): bigint => Atomics.load(this.#words, index);
    return {
      busyMs: toMs(load(word.busyNs)),
      demandMs: toMs(load(word.demandNs)),
      ready: Number(load(word.ready)),
      executions: Number(load(word.executions)),
      turns: Number(load(word.turns)),
      heapBytes: Number(load(word.heapBytes)),
    };
  }

  // The lane's side.

  get leaseDeadlineMs(): number {
    return toMs(Atomics.load(this.#words, word.leaseDeadlineNs));
  }

  get leaseDeadlineBootMs(): number {
    return toMs(Atomics.load(this.#words, word.leaseDeadlineBootNs));
  }

  /** Whether a command waits, or will within microseconds. */
  get attention(): boolean {
    return Atomics.load(this.#words, word.posted) !== Atomics.load(this.#words, word.taken);
  }

  countTaken(): void {
    Atomics.add(this.#words, word.taken, 1n);
  }

  beat(nowMs: number): void {
    Atomics.store(this.#words, word.heartbeatNs, toNs(nowMs));
  }

  /** The lane is about to give its thread to the event loop: silence is no sign of a long native call. */
  rest(): void {
    Atomics.store(this.#words, word.heartbeatNs, 0n);
  }

  enter(phase: LanePhase): void {
    Atomics.store(this.#words, word.phase, BigInt(phases.indexOf(phase)));
  }

  addBusy(ms: number): void {
    Atomics.add(this.#words, word.busyNs, toNs(ms));
  }

  addDemand(executionMs: number): void {
    Atomics.add(this.#words, word.demandNs, toNs(executionMs));
  }

  showExecutions(ready: number, all: number): void {
    Atomics.store(this.#words, word.ready, BigInt(ready));
    Atomics.store(this.#words, word.executions, BigInt(all));
  }

  showHeap(bytes: number): void {
    Atomics.store(this.#words, word.heapBytes, BigInt(bytes));
  }

  countTurn(): void {
    Atomics.add(this.#words, word.turns, 1n);
  }
}

/** @returns the words of a new lane: no lease, nothing counted */
export function createShared(): LaneShared {
  return { buffer: new SharedArrayBuffer(wordsMax * BigInt64Array.BYTES_PER_ELEMENT) };
}
