import { assert } from '../../core/assert.ts';
import { GodwitError } from '../../core/errors.ts';
import type { Cancel, Clock } from '../../core/ports.ts';
import type { Along, Bytes, Found, Swap, Table, TableChange, Tables } from '../../actors/ports.ts';
import type { LeaseRow } from '../../protocols/lease/row.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';
import type { SeatRow } from '../../protocols/seats/candidate.ts';
import { alongBytesMax, nothing } from '../../store/contract.ts';
import type { SimulatedClock } from '../clock.ts';
import type { SeededRandom } from '../random.ts';
import { oneOf } from '../random.ts';
import type { Machine } from './machine.ts';

/** The store did not answer, or answered that it could not: the call may have happened, or may still happen. */
export class SimulatedStoreError extends GodwitError {
  override readonly name = 'SimulatedStoreError';
  readonly code = 'STORE_SILENT';
  readonly retryable = true;

  constructor(call: string, why: string) {
    super(`The simulated store did not carry out '${call}' for sure: ${why}.`);
  }
}

/** What becomes of a call. */
export type Fate =
  | 'done'
  /** It never happens, and its caller is told that it failed. */
  | 'notDone'
  /** It happens, and its caller is told that it failed. */
  | 'doneInDoubt'
  /** It happens, and its caller hears nothing. */
  | 'doneUntold'
  /** The same, after a while. */
  | 'doneLate';

/** Of calls to a store that is in the middle of a failover, by chance. */
const failoverFates: readonly Fate[] = ['done', 'notDone', 'doneUntold', 'doneLate'];

export interface StoreOptions {
  /** Longest that a call takes, one way. May change while the store is there. */
  delayMaxMs: number;
  /** After this long without an answer a call has failed for its caller, whatever becomes of it. */
  readonly callMaxMs: number;
  /** From a change of a row to the hosts that watch it. */
  readonly watchMs: number;
  /** Longest that an untold call of a failover happens later than it was sent. */
  readonly lateMaxMs: number;
  /** How much comes into the vault in the same write as a row; 0 for a store without transactions. */
  readonly alongMaxBytes: number;
}

export const storeDefaults: Readonly<StoreOptions> = {
  delayMaxMs: 0.5,
  callMaxMs: 1_000,
  watchMs: 2,
  lateMaxMs: 2_500,
  alongMaxBytes: 0,
};

/** Stores without transactions, with them, and one in which some snapshots are too large for it. */
const alongKinds = [0, alongBytesMax, 1_000] as const;

/** What a store of this seed does with a snapshot and its row: both kinds occur. */
export function alongMaxOf(seed: number): number {
  return alongKinds[seed % alongKinds.length] as number;
}

/** What an outside observer of the store's connections is told. */
export interface StoreObserver {
  /** A call took effect, or failed. */
  onCall(host: string, call: string, outcome: string): void;
  /** A host was told that its register entry stands. */
  onRegisterAnswered(row: RegisterRow): void;
  /** A host was told that its lease stands, this long after it had asked, by a clock that is right. */
  onLeaseAnswered(row: LeaseRow, tookMs: number): void;
}

/**
 * One store for all hosts of a world: linearizable inside, since each call takes effect at one instant. Answers take
 * time, and may never come.
 */
export class SimulatedStore {
  readonly options: StoreOptions;
  readonly leases: SimulatedTable<LeaseRow>;
  readonly registers: SimulatedTable<RegisterRow>;
  readonly seats: SimulatedTable<SeatRow>;
  readonly values = new Map<string, Uint8Array>();
  readonly clock: SimulatedClock;
  readonly random: SeededRandom;
  /** Calls wait until nothing stalls it. */
  #stalls = 0;
  #stalled: (() => void)[] = [];
  /** How many failovers are under way. */
  failovers = 0;
  /** Decides over a call when it is made, unless a test does. */
  fateOf: (call: string) => Fate = () => (this.failovers > 0 ? oneOf(this.random, failoverFates) : 'done');
  /** Puts into the vault fail. */
  fullDisks = 0;
  /** Share of puts that die half-way: nothing is ever seen of them. */
  tornRatio = 0;

  constructor(clock: SimulatedClock, random: SeededRandom, options: Partial<StoreOptions> = {}) {
    this.clock = clock;
    this.random = random;
    this.options = { ...storeDefaults, ...options };
    this.leases = new SimulatedTable<LeaseRow>('lease', this);
    this.registers = new SimulatedTable<RegisterRow>('execution', this);
    this.seats = new SimulatedTable<SeatRow>('seat', this);
  }

  stall(): void {
    this.#stalls += 1;
  }

  unstall(): void {
    this.#stalls -= 1;
    if (this.#stalls > 0) return;
    const waiting = this.#stalled;
    this.#stalled = [];
    for (const arrive of waiting) arrive();
  }

  whenMoving(task: () => void): void {
    if (this.#stalls === 0) task();
    else this.#stalled.push(task);
  }
}

/** The rows of one kind. */
export class SimulatedTable<Row> {
  readonly rows = new Map<string, Found<Row>>();
  readonly name: string;
  readonly #store: SimulatedStore;
  readonly #watchers = new Set<(id: string, found: Found<Row> | null) => void>();
  #revisions = 0;

  constructor(name: string, store: SimulatedStore) {
    this.name = name;
    this.#store = store;
  }

  swap(id: string, expectedRevision: number | null, row: Row): Swap {
    return this.#change(id, expectedRevision, row);
  }

  remove(id: string, expectedRevision: number): Swap {
    return this.#change(id, expectedRevision, null);
  }

  #change(id: string, expectedRevision: number | null, row: Row | null): Swap {
    const storeTimeMs = this.#store.clock.wallMs();
    if ((this.rows.get(id)?.revision ?? null) !== expectedRevision) return { kind: 'conflict', storeTimeMs };
    this.#revisions += 1;
    const found = row === null ? null : { row, revision: this.#revisions };
    if (found === null) this.rows.delete(id);
    else this.rows.set(id, found);
    for (const watcher of this.#watchers) watcher(id, found);
    return { kind: 'done', revision: this.#revisions, storeTimeMs };
  }

  /** @param watcher is given null for a row that is gone */
  onChange(watcher: (id: string, found: Found<Row> | null) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** One host's connection to the store. */
export class StoreSession {
  readonly tables: Tables;
  readonly vault: Bytes;
  readonly #store: SimulatedStore;
  readonly #machine: Machine;
  readonly #clock: Clock;
  readonly #host: string;
  readonly #observer: StoreObserver | null;
  #cuts = 0;
  #ended = false;
  readonly #onHealed = new Set<() => void>();

  constructor(store: SimulatedStore, machine: Machine, host: string, observer: StoreObserver | null) {
    this.#store = store;
    this.#machine = machine;
    this.#clock = machine.mainClock;
    this.#host = host;
    this.#observer = observer;
    this.tables = {
      leases: this.#table(store.leases, (row, tookMs) => observer?.onLeaseAnswered(row, tookMs)),
      registers: this.#table(store.registers, (row) => observer?.onRegisterAnswered(row)),
      seats: this.#table(store.seats),
    };
    this.vault = this.#openVault();
  }

  /** From now on nothing passes between this host and the store; what is on its way may still arrive. */
  cut(): void {
    this.#cuts += 1;
  }

  heal(): void {
    this.#cuts -= 1;
    if (this.#cuts > 0) return;
    for (const listener of this.#onHealed) listener();
  }

  /** The process is gone; calls of it that are on their way may still happen. */
  end(): void {
    this.#ended = true;
    this.#onHealed.clear();
  }

  #openVault(): Bytes {
    const { values } = this.#store;
    return {
      put: (key, bytes) => {
        const kept = bytes.slice();
        return this.#call(`put ${key}`, () => {
          this.#refuseIfFull(`put ${key}`);
          if (this.#store.random.next() < this.#store.tornRatio)
            throw new SimulatedStoreError(`put ${key}`, 'the write was torn');
          values.set(key, kept);
        });
      },
      get: (key) => this.#call(`fetch ${key}`, () => values.get(key)?.slice() ?? null),
      delete: (key) => this.#call(`delete ${key}`, () => void values.delete(key)),
      list: (prefix) =>
        this.#call(`keys ${prefix}`, () => [...values.keys()].filter((key) => key.startsWith(prefix))),
    };
  }

  #refuseIfFull(call: string): void {
    if (this.#store.fullDisks > 0) throw new SimulatedStoreError(call, 'its disk is full');
  }

  /** In the same write as a row: it is there whole, and no write is torn. */
  #carryAlong({ puts, drops }: Along): void {
    const { values, options } = this.#store;
    const sizeBytes = puts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    assert(sizeBytes <= options.alongMaxBytes, 'no more goes along than the store takes');
    for (const { key, bytes } of puts) values.set(key, bytes.slice());
    for (const key of drops) values.delete(key);
  }

  #table<Row>(
    table: SimulatedTable<Row>,
    onDone: (row: Row, tookMs: number) => void = () => undefined,
  ): Table<Row> {
    return {
      get: (id) => this.#call(`get ${table.name}/${id}`, () => table.rows.get(id) ?? null),
      list: () => this.#call(`list ${table.name}`, () => [...table.rows.values()]),
      cas: async (id, expectedRevision, row, along = nothing) => {
        const call = `cas ${table.name}/${id}`;
        const askedAtMs = this.#store.clock.monotonicMs();
        const answer = await this.#call(call, () => {
          if (along.puts.length > 0) this.#refuseIfFull(call);
          const swapped = table.swap(id, expectedRevision, row);
          if (swapped.kind === 'done') this.#carryAlong(along);
          return swapped;
        });
        if (answer.kind === 'done') onDone(row, this.#store.clock.monotonicMs() - askedAtMs);
        return answer;
      },
      delete: (id, expectedRevision) =>
        this.#call(`remove ${table.name}/${id}`, () => table.remove(id, expectedRevision)),
      watch: (listener) => this.#watch(table, listener),
    };
  }

  /** Changes that could not be told while the host was cut off are made up for by a complete list. */
  #watch<Row>(table: SimulatedTable<Row>, listener: (change: TableChange<Row>) => void): () => void {
    let missed = false;
    const list = (): void => {
      missed = false;
      listener({ complete: true, rows: [...table.rows.values()], removed: [] });
    };
    list();
    const tell = (tellIt: () => void): void => {
      this.#store.clock.after(this.#store.options.watchMs, () => {
        if (this.#cuts > 0) missed = true;
        else this.#machine.main.pass(tellIt);
      });
    };
    const stop = table.onChange((id, found) =>
      tell(() =>
        listener({
          complete: false,
          rows: found === null ? [] : [found],
          removed: found === null ? [id] : [],
        }),
      ),
    );
    const healed = (): void => {
      if (missed) tell(list);
    };
    this.#onHealed.add(healed);
    return () => {
      stop();
      this.#onHealed.delete(healed);
    };
  }

  #call<Value>(line: string, act: () => Value): Promise<Value> {
    const { clock, random, options } = this.#store;
    const fate = this.#store.fateOf(line);
    const thereMs = random.next() * options.delayMaxMs;
    const backMs = random.next() * options.delayMaxMs;
    const lateMs = random.next() * options.lateMaxMs;
    return new Promise<Value>((resolve, reject) => {
      const fail = (why: string): void => reject(new SimulatedStoreError(line, why));
      const cancel: Cancel = this.#clock.after(options.callMaxMs, () =>
        fail(`no answer within ${options.callMaxMs} ms`),
      );
      const answer = (outcome: () => void): void => {
        clock.after(backMs, () => {
          if (this.#cuts > 0 || this.#ended) return;
          this.#machine.main.pass(() => {
            cancel();
            outcome();
          });
        });
      };
      const carryOut = (): void => {
        try {
          const value = act();
          this.#observer?.onCall(this.#host, line, fate === 'done' ? 'done' : `done (${fate})`);
          if (fate === 'done') answer(() => resolve(value));
          else if (fate === 'doneInDoubt') answer(() => fail('its answer was lost'));
        } catch (error) {
          this.#observer?.onCall(this.#host, line, 'failed');
          answer(() => reject(error as Error));
        }
      };
      const arrive = (): void => {
        if (fate === 'notDone') answer(() => fail('the store failed over'));
        else if (fate === 'doneLate') clock.after(lateMs, () => this.#store.whenMoving(carryOut));
        else this.#store.whenMoving(carryOut);
      };
      clock.after(thereMs, () => {
        if (this.#cuts === 0) arrive();
        // A cut connection repeats what it sent, and some of that gets through when it heals.
        else if (random.next() < 0.5) this.#laterArrive(arrive);
      });
    });
  }

  #laterArrive(arrive: () => void): void {
    const once = (): void => {
      this.#onHealed.delete(once);
      arrive();
    };
    if (!this.#ended) this.#onHealed.add(once);
  }
}
