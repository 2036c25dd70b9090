import type { HostIdentity } from '../core/execution.ts';
import { incarnationId } from '../core/ids.ts';
import type { ExecutionId, HostName, IncarnationId, RackName } from '../core/ids.ts';
import type { LeaseRow } from '../protocols/lease/row.ts';
import type { RegisterRow, ResultPointer } from '../protocols/ownership/register.ts';
import type { SeatRow } from '../protocols/seats/candidate.ts';
import type { Found, TableChange, Tables } from './ports.ts';

/** An execution that has ended, for the one that started it. */
export interface EndedChild {
  readonly child: ExecutionId;
  readonly parent: ExecutionId;
  readonly result: ResultPointer;
}

interface LiveHosts {
  /** By name. */
  readonly all: readonly HostIdentity[];
  /** Of two of one name, the one whose row was written first. */
  readonly byName: ReadonlyMap<HostName, HostIdentity>;
}

/**
 * What the registry showed last: hints for routing and sweeping, never grounds for acting. Whoever acts on a row reads
 * or swaps it first.
 */
export class Directory {
  readonly #leases = new Map<string, Found<LeaseRow>>();
  readonly #registers = new Map<string, Found<RegisterRow>>();
  readonly #seats = new Map<string, Found<SeatRow>>();
  /** Known to have ended before the table showed it. */
  readonly #ended = new Set<IncarnationId>();
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  readonly #unlisted = new Set<unknown>([this.#leases, this.#registers, this.#seats]);
  readonly #onListed: (() => void)[] = [];
  /** As the leases are now; null until somebody asks. Every message that is routed does. */
  #live: LiveHosts | null = null;

  /** Follows all tables until `stop`. */
  start(tables: Tables): void {
    this.#stops.push(
      tables.leases.watch((change) => {
        this.#live = null;
        for (const { row } of change.rows)
          if (row.phase === 'ended') this.#ended.delete(row.host.incarnation);
        for (const id of change.removed) this.#ended.delete(incarnationId(id));
        this.#apply(this.#leases, change, (row) => row.host.incarnation);
      }),
      tables.registers.watch((change) => this.#apply(this.#registers, change, (row) => row.execution)),
      tables.seats.watch((change) => this.#apply(this.#seats, change, (row) => row.seat)),
    );
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#listeners.clear();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get isListed(): boolean {
    return this.#unlisted.size === 0;
  }

  /** Resolves once every table was listed: before, a host or an execution may be missing that is there. */
  listed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#unlisted.size === 0) resolve();
      else this.#onListed.push(resolve);
    });
  }

  /** Incarnations whose lease stands, by name. */
  hosts(): readonly HostIdentity[] {
    return this.#liveHosts().all;
  }

  /** The live incarnation of a name; of two, the one whose row was written first. */
  host(name: HostName): HostIdentity | null {
    return this.#liveHosts().byName.get(name) ?? null;
  }

  incarnation(id: IncarnationId): HostIdentity | null {
    return this.#leases.get(id)?.row.host ?? null;
  }

  leaseEnded(id: IncarnationId): boolean {
    return this.#ended.has(id) || this.#leases.get(id)?.row.phase === 'ended';
  }

  *endedIncarnations(): Iterable<IncarnationId> {
    yield* this.#ended;
    for (const { row } of this.#leases.values()) if (row.phase === 'ended') yield row.host.incarnation;
  }

  /** Named by the register of an execution that has not ended, or by a seat, while no lease of theirs is shown. */
  *namedWithoutLease(): Iterable<IncarnationId> {
    for (const { row } of this.#registers.values())
      if (row.standing.phase !== 'settled' && this.isWithoutLease(row.owner)) yield row.owner;
    for (const { row } of this.#seats.values())
      if (row.standing !== 'vacant' && this.isWithoutLease(row.holder)) yield row.holder;
  }

  /** Neither a lease nor the end of one is known here. */
  isWithoutLease(id: IncarnationId): boolean {
    return !this.#leases.has(id) && !this.#ended.has(id);
  }

  /** A read showed that a lease has ended, or this host has ended it: that is final. */
  learnEnded(id: IncarnationId): void {
    if (this.leaseEnded(id)) return;
    this.#ended.add(id);
    this.#live = null;
  }

  register(execution: ExecutionId): Found<RegisterRow> | null {
    return this.#registers.get(execution) ?? null;
  }

  registers(): Iterable<RegisterRow> {
    return [...this.#registers.values()].map(({ row }) => row);
  }

  /** Ended executions that another one started, with how they ended. */
  endedChildren(): readonly EndedChild[] {
    return [...this.#registers.values()].flatMap(({ row: { execution, parent, standing } }) =>
      parent === null || standing.phase !== 'settled'
        ? []
        : [{ child: execution, parent: parent.execution, result: standing.result }],
    );
  }

  /** Keeps a row that somebody read, if it is newer than what is known. */
  learn(found: Found<RegisterRow>): void {
    const known = this.#registers.get(found.row.execution);
    if (known === undefined || known.revision < found.revision)
      this.#registers.set(found.row.execution, found);
  }

  seat(seat: string): SeatRow | null {
    const row = this.#seats.get(seat)?.row;
    return row === undefined || row.standing === 'vacant' ? null : row;
  }

  racks(): readonly RackName[] {
    return [...new Set(this.hosts().map((host) => host.rack))];
  }

  #liveHosts(): LiveHosts {
    if (this.#live !== null) return this.#live;
    const hosts = [...this.#leases.values()].flatMap(({ row }) =>
      this.leaseEnded(row.host.incarnation) ? [] : [row.host],
    );
    const all = hosts.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    const byName = new Map<HostName, HostIdentity>();
    for (const host of all) if (!byName.has(host.name)) byName.set(host.name, host);
    this.#live = { all, byName };
    return this.#live;
  }

  #apply<Row>(rows: Map<string, Found<Row>>, change: TableChange<Row>, idOf: (row: Row) => string): void {
    if (change.complete) rows.clear();
    for (const found of change.rows) rows.set(idOf(found.row), found);
    for (const id of change.removed) rows.delete(id);
    if (change.complete && this.#unlisted.delete(rows) && this.#unlisted.size === 0) {
      for (const resolve of this.#onListed.splice(0)) resolve();
    }
    for (const listener of this.#listeners) listener();
  }
}
