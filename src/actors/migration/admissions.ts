import type { ExecutionId, IncarnationId, MigrationId } from '../../core/ids.ts';
import type { Clock } from '../../core/ports.ts';
import type { Cargo, Passage } from '../../protocols/migration/messages.ts';
import type { InstalledPackage } from '../../lanes/contract.ts';
import type { Packages } from '../ports.ts';
import { overLimit } from './cell.ts';

export interface AdmissionLimits {
  readonly executionsMax: number;
  readonly memoryMax: number;
  readonly concurrentMax: number;
  readonly snapshotMaxBytes: number;
  readonly reservationMs: number;
}

/** Less than a source waits for the answer to its `prepare`. */
const letGoMaxMs = 3_000;
const lookAgainMs = 10;

interface Reservation {
  readonly execution: ExecutionId;
  readonly from: IncarnationId;
  readonly bytes: number;
  readonly untilMs: number;
}

/** What a target looks at before it says yes. */
export interface AdmissionView {
  /** Executions on the lanes now. */
  executions(): number;
  /** Free memory that executions may still take, in bytes. */
  freeBytes(): number;
  /** Null while this host takes executions, else why not. */
  closed(): string | null;
  /** Whether this host still has a copy of an execution, as a former owner has until the new one's checkpoint is durable. */
  holds(execution: ExecutionId): boolean;
  /** Resolves when a lane has imported the package. @throws when it cannot */
  expect(installed: InstalledPackage): Promise<void>;
}

/**
 * Room that this host has promised to executions that were announced to it, each for a bounded time, so that an idle
 * host is not stampeded: whoever comes later sees the room as taken.
 */
export class Admissions {
  readonly #reservations = new Map<MigrationId, Reservation>();
  readonly #limits: AdmissionLimits;
  readonly #view: AdmissionView;
  readonly #packages: Packages;
  readonly #clock: Clock;

  constructor(limits: AdmissionLimits, view: AdmissionView, packages: Packages, clock: Clock) {
    this.#limits = limits;
    this.#view = view;
    this.#packages = packages;
    this.#clock = clock;
  }

  /** Executions announced and not yet arrived. */
  get reserved(): number {
    this.#expire();
    return this.#reservations.size;
  }

  /**
   * The execution runs on at its source meanwhile, so code is fetched and imported now, and not when it stands still.
   *
   * @returns null when the room is reserved and the code is ready, else the reason of the refusal
   */
  async reserve(passage: Passage, cargo: Cargo): Promise<string | null> {
    const refusal = this.#refusal(passage, cargo);
    if (refusal !== null) return refusal;
    const { execution, migration, source } = passage;
    if (!(await this.#isLetGo(execution))) {
      return 'it still keeps its former copy of this execution, until a checkpoint of the present owner is durable';
    }
    const untilMs = this.#clock.monotonicMs() + this.#limits.reservationMs;
    this.#reservations.set(migration, { execution, from: source, bytes: cargo.estimatedBytes, untilMs });
    try {
      await this.#view.expect(await this.#packages.ensure(cargo.method.package));
    } catch (error) {
      this.#reservations.delete(migration);
      throw error;
    }
    return null;
  }

  release(migration: MigrationId): void {
    this.#reservations.delete(migration);
  }

  /** The execution runs on at its source meanwhile, so waiting costs nothing. */
  async #isLetGo(execution: ExecutionId): Promise<boolean> {
    const deadlineMs = this.#clock.monotonicMs() + letGoMaxMs;
    while (this.#view.holds(execution)) {
      if (this.#clock.monotonicMs() >= deadlineMs) return false;
      await new Promise<void>((resolve) => this.#clock.after(lookAgainMs, resolve));
    }
    return true;
  }

  #refusal(passage: Passage, cargo: Cargo): string | null {
    this.#expire();
    this.#reservations.delete(passage.migration);
    const closed = this.#view.closed();
    if (closed !== null) return closed;
    const { executionsMax, concurrentMax, snapshotMaxBytes } = this.#limits;
    if (cargo.estimatedBytes > snapshotMaxBytes) {
      return overLimit(cargo.estimatedBytes, snapshotMaxBytes);
    }
    if (this.#reservations.size >= concurrentMax) {
      return `${this.#reservations.size} moves to this host are under way, as many as it takes at once (migrations.concurrentMax)`;
    }
    const taken = this.#view.executions() + this.#reservations.size;
    if (taken >= executionsMax) {
      return `it carries or expects ${taken} executions, as many as it takes (capacity.executionsMax)`;
    }
    const promised = [...this.#reservations.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const freeBytes = this.#view.freeBytes() - promised;
    if (cargo.estimatedBytes > freeBytes) {
      return `its state of ${cargo.estimatedBytes} bytes does not fit into the ${Math.max(0, Math.floor(freeBytes))} bytes that are left`;
    }
    return null;
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [migration, { untilMs }] of this.#reservations) {
      if (untilMs <= nowMs) this.#reservations.delete(migration);
    }
  }
}
