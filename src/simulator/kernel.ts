import type { Cell, Entry } from '../actors/kernel/cell.ts';
import type { KernelEvent } from '../actors/kernel/contract.ts';
import { Engine, type Scheduler } from '../actors/kernel/engine.ts';
import { EngineKernel } from '../actors/kernel/engine-kernel.ts';
import { EntryQueue } from '../actors/kernel/entry-queue.ts';
import type { Clock } from '../core/ports.ts';
import type { SimulatedClock } from './clock.ts';
import type { SeededRandom } from './random.ts';

export interface SimulatedKernelOptions {
  /** Of the actors' timers. */
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly onEvent?: (event: KernelEvent) => void;
}

/**
 * The deterministic kernel: nothing happens until it is stepped, and the seed decides what happens next. The order of
 * two messages between the same two actors is kept; all other orders occur, under one seed or another. Messages from
 * outside, timers and promises count as one sender.
 */
export class SimulatedKernel extends EngineKernel {
  readonly #scheduler: SeededScheduler;
  readonly #engine: Engine;

  constructor(options: SimulatedKernelOptions) {
    const scheduler = new SeededScheduler(options.random);
    const engine = new Engine(options.clock, scheduler, options.onEvent ?? (() => undefined));
    super(engine);
    this.#scheduler = scheduler;
    this.#engine = engine;
  }

  /** Delivers one entry. @returns false when none waits */
  step(): boolean {
    const next = this.#scheduler.take();
    if (next === null) return false;
    this.#engine.deliver(next.cell, next.entry);
    return true;
  }

  /** Delivers until nothing waits and no settled promise has anything to add. Time stands still. */
  async runUntilIdle(): Promise<void> {
    do {
      while (this.step());
      // Microtasks are all done once the event loop has come round.
      await new Promise(setImmediate);
    } while (this.step());
  }

  /** Lets `ms` pass on the clock, firing timers at their times and running until idle after each. */
  async advance(clock: SimulatedClock, ms: number): Promise<void> {
    const endMs = clock.monotonicMs() + ms;
    await this.runUntilIdle();
    while (clock.fireNext(endMs)) await this.runUntilIdle();
  }
}

/** Entries of one sender for one receiver, in order. */
interface Pair {
  readonly cell: Cell;
  readonly from: Cell | null;
  readonly queue: EntryQueue;
  /** The map of the receiver's seat that holds this pair. */
  readonly home: Map<Cell | null, Pair>;
}

interface Seat {
  readonly ordinary: Map<Cell | null, Pair>;
  /** Apart, so that a seed may let urgent entries overtake or not. */
  readonly urgent: Map<Cell | null, Pair>;
}

class SeededScheduler implements Scheduler {
  readonly #random: SeededRandom;
  /** Pairs with something waiting, in no particular but a reproducible order. */
  readonly #ready: Pair[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  take(): { readonly cell: Cell; readonly entry: Entry } | null {
    while (this.#ready.length > 0) {
      const index = this.#random.below(this.#ready.length);
      const pair = this.#ready[index] as Pair;
      const entry = pair.queue.shift();
      if (pair.queue.isEmpty) {
        pair.home.delete(pair.from);
        this.#ready[index] = this.#ready.at(-1) as Pair;
        this.#ready.pop();
      }
      if (entry !== undefined) return { cell: pair.cell, entry };
    }
    return null;
  }

  post(cell: Cell, entry: Entry, from: Cell | null, urgent: boolean): void {
    cell.seat ??= { ordinary: new Map(), urgent: new Map() } satisfies Seat;
    const seat = cell.seat as Seat;
    const home = urgent ? seat.urgent : seat.ordinary;
    let pair = home.get(from);
    if (pair === undefined) {
      pair = { cell, from, queue: new EntryQueue(), home };
      home.set(from, pair);
      this.#ready.push(pair);
    }
    pair.queue.push(entry);
  }

  release(cell: Cell): void {
    const seat = cell.seat as Seat | null;
    if (seat === null) return;
    for (const pair of [...seat.ordinary.values(), ...seat.urgent.values()]) pair.queue.clear();
  }

  close(): void {
    this.#ready.length = 0;
  }
}
