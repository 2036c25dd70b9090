import type { Along, Bytes, Found, Swap, Table, TableChange, Tables } from '../../src/actors/ports.ts';
import type { LeaseRow } from '../../src/protocols/lease/row.ts';
import type { RegisterRow } from '../../src/protocols/ownership/register.ts';
import type { SeatRow } from '../../src/protocols/seats/candidate.ts';
import type { SimulatedClock } from '../../src/simulator/clock.ts';
import type { SeededRandom } from '../../src/simulator/random.ts';

/** How often a call fails: before it was done, or after it (so that the caller cannot know). Both in [0, 1]. */
export interface StoreFaults {
  readonly lost: number;
  readonly ambiguous: number;
  /** Longest that a call takes, one way. */
  readonly delayMaxMs: number;
}

export const noFaults: StoreFaults = { lost: 0, ambiguous: 0, delayMaxMs: 0.5 };

/** A call that was answered by nobody. */
class StoreSilent extends Error {}

/** One store in memory for all hosts of a world: linearizable, with calls that take time, and fail, by the seed. */
export class MemoryStore {
  faults: StoreFaults = noFaults;
  /** All calls fail while it is away. */
  away = false;
  /** One line for each call as it takes effect. */
  readonly calls: string[] = [];
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly leases: MemoryTable<LeaseRow>;
  readonly registers: MemoryTable<RegisterRow>;
  readonly seats: MemoryTable<SeatRow>;
  readonly values = new Map<string, Uint8Array>();
  /** Of hosts that are started from now on. */
  alongMaxBytes = 0;

  constructor(clock: SimulatedClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
    this.leases = new MemoryTable('lease', this, clock);
    this.registers = new MemoryTable('execution', this, clock);
    this.seats = new MemoryTable('seat', this, clock);
  }

  get tables(): Tables {
    return { leases: this.leases, registers: this.registers, seats: this.seats };
  }

  get vault(): Bytes {
    return {
      put: (key, bytes) =>
        this.call(`put ${key}`, () => {
          this.values.set(key, bytes.slice());
        }),
      get: (key) => this.call(`fetch ${key}`, () => this.values.get(key)?.slice() ?? null),
      delete: (key) =>
        this.call(`delete ${key}`, () => {
          this.values.delete(key);
        }),
      list: (prefix) =>
        this.call(`keys ${prefix}`, () => [...this.values.keys()].filter((key) => key.startsWith(prefix))),
    };
  }

  call<Value>(line: string, act: () => Value): Promise<Value> {
    const fate = this.#random.next();
    const { lost, ambiguous, delayMaxMs } = this.faults;
    const there = this.#random.next() * delayMaxMs;
    const back = this.#random.next() * delayMaxMs;
    return new Promise<Value>((resolve, reject) => {
      this.#clock.after(there, () => {
        const isLost = this.away || fate < lost;
        const value = isLost ? null : act();
        if (!isLost) this.calls.push(line);
        this.#clock.after(back, () => {
          if (isLost || fate < lost + ambiguous) reject(new StoreSilent(line));
          else resolve(value as Value);
        });
      });
    });
  }
}

const watchMs = 5;

/** The rows of one kind. */
export class MemoryTable<Row> implements Table<Row> {
  readonly rows = new Map<string, Found<Row>>();
  readonly #listeners = new Set<(change: TableChange<Row>) => void>();
  readonly #name: string;
  readonly #store: MemoryStore;
  readonly #clock: SimulatedClock;
  #revisions = 0;

  constructor(name: string, store: MemoryStore, clock: SimulatedClock) {
    this.#name = name;
    this.#store = store;
    this.#clock = clock;
  }

  get(id: string): Promise<Found<Row> | null> {
    return this.#store.call(`get ${this.#name}/${id}`, () => this.rows.get(id) ?? null);
  }

  list(): Promise<readonly Found<Row>[]> {
    return this.#store.call(`list ${this.#name}`, () => [...this.rows.values()]);
  }

  cas(id: string, expectedRevision: number | null, row: Row, along?: Along): Promise<Swap> {
    return this.#store.call(`cas ${this.#name}/${id}`, (): Swap => {
      const storeTimeMs = this.#clock.wallMs();
      if ((this.rows.get(id)?.revision ?? null) !== expectedRevision)
        return { kind: 'conflict', storeTimeMs };
      for (const { key, bytes } of along?.puts ?? []) this.#store.values.set(key, bytes.slice());
      for (const key of along?.drops ?? []) this.#store.values.delete(key);
      return { kind: 'done', revision: this.write(id, row), storeTimeMs };
    });
  }

  delete(id: string, expectedRevision: number): Promise<Swap> {
    return this.#store.call(`remove ${this.#name}/${id}`, (): Swap => {
      const storeTimeMs = this.#clock.wallMs();
      if (this.rows.get(id)?.revision !== expectedRevision) return { kind: 'conflict', storeTimeMs };
      this.#revisions += 1;
      this.rows.delete(id);
      this.#clock.after(watchMs, () => {
        for (const listener of this.#listeners) listener({ complete: false, rows: [], removed: [id] });
      });
      return { kind: 'done', revision: this.#revisions, storeTimeMs };
    });
  }

  write(id: string, row: Row): number {
    this.#revisions += 1;
    const found = { row: structuredClone(row), revision: this.#revisions };
    this.rows.set(id, found);
    this.#clock.after(watchMs, () => {
      for (const listener of this.#listeners) listener({ complete: false, rows: [found], removed: [] });
    });
    return this.#revisions;
  }

  watch(listener: (change: TableChange<Row>) => void): () => void {
    listener({ complete: true, rows: [...this.rows.values()], removed: [] });
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
