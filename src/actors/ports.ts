import type { HostIdentity, MethodRef } from '../core/execution.ts';
import type { ActorAddress, IncarnationId, PackageHash, SnapshotDigest } from '../core/ids.ts';
import type { Clock, Digest, Random } from '../core/ports.ts';
import type { Forecast, Series } from '../forecasting/contract.ts';
import type { InstalledPackage } from '../lanes/contract.ts';
import type { MethodAffinity } from '../placement/original-affinity.ts';
import type { Strays } from './strays.ts';
import type { LeaseRow } from '../protocols/lease/row.ts';
import type { EventDetail } from '../protocols/messages.ts';
import type { Cargo } from '../wire/contract.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';
import type { SeatRow } from '../protocols/seats/candidate.ts';

/** A row as a linearizable read or a watch showed it. */
export interface Found<Row> {
  readonly row: Row;
  readonly revision: number;
}

export type Swap =
  | { readonly kind: 'done'; readonly revision: number; readonly storeTimeMs: number }
  | { readonly kind: 'conflict'; readonly storeTimeMs: number };

/** What changed in a table since the last call; `complete` means that rows which are not named are gone. */
export interface TableChange<Row> {
  readonly complete: boolean;
  readonly rows: readonly Found<Row>[];
  readonly removed: readonly string[];
}

/** What happens to the vault if a row is written, and only then; see `HouseParts.alongMaxBytes`. */
export interface Along {
  readonly puts: readonly { readonly key: string; readonly bytes: Uint8Array }[];
  readonly drops: readonly string[];
}

/** One kind of row in the registry, typed. Rows of unknown versions are refused. */
export interface Table<Row> {
  /** Linearizable. */
  get(id: string): Promise<Found<Row> | null>;
  /** Linearizable, as of one moment. */
  list(): Promise<readonly Found<Row>[]>;
  /** Durable when it answers `done`; what it throws may have happened. `expectedRevision` null: must be absent. */
  cas(id: string, expectedRevision: number | null, row: Row, along?: Along): Promise<Swap>;
  /** As `cas` does, but takes the row away. */
  delete(id: string, expectedRevision: number): Promise<Swap>;
  watch(listener: (change: TableChange<Row>) => void): () => void;
}

export interface Tables {
  readonly leases: Table<LeaseRow>;
  readonly registers: Table<RegisterRow>;
  readonly seats: Table<SeatRow>;
}

/** Whether this incarnation may act. Written by the lease actor, read by everybody. */
export interface LeaseGate {
  /** For good. */
  readonly ended: boolean;
  /** Whether the lease surely allows acts at this moment (rule 3). */
  isValid(): boolean;
}

/** Whatever an actor may be told: its own union says what it takes. */
export type AnyMessage = { readonly kind: string; readonly [field: string]: unknown };

/** Where a message goes and how it gets there. */
export interface Exchange {
  /** @returns false when the message was surely dropped: nobody is there, or the queue is full */
  tell(to: ActorAddress, message: AnyMessage, urgency: 'urgent' | 'batched'): boolean;
  /** To an actor of one incarnation, never of a later one of the same name. */
  tellIncarnation(to: IncarnationId, address: ActorAddress, message: AnyMessage): boolean;
  /** What met an execution on its way between two hosts. */
  readonly strays: Strays;
  /** Follows an execution that moves in the meantime. */
  ask<Reply>(to: ActorAddress, message: AnyMessage, timeoutMs: number): Promise<Reply>;
}

/** Packages on this host's disk; a package that is not there is fetched from the vault, by its hash. */
export interface Packages {
  /** @throws errors that say why this host cannot run it: not in the vault, damaged, or not trusted */
  ensure(hash: PackageHash): Promise<InstalledPackage>;
  /** Why this host may not run it, as far as is known; null for no reason. Looks again meanwhile, now and then. */
  refusal(hash: PackageHash): string | null;
  /** What the author declares of a method; null for nothing. @throws as `ensure` */
  affinityOf(method: MethodRef): Promise<MethodAffinity | null>;
}

/** Snapshots on their way between hosts, and values in the vault. */
export interface Bytes {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | null>;
  delete(key: string): Promise<void>;
  list(prefix: string): Promise<readonly string[]>;
}

/** A snapshot as a message carries it: small ones whole, large ones to be pulled. */
export interface Freight {
  /** The snapshot's own. */
  readonly digest: SnapshotDigest;
  readonly cargo: Cargo;
}

export interface Freighter {
  load(to: IncarnationId, bytes: Uint8Array, digest: SnapshotDigest): Freight;
  unload(from: HostIdentity, freight: Freight): Promise<Uint8Array>;
  withdraw(freight: Freight): void;
}

/** Tells whoever follows this host. */
export interface EventSink {
  emit(detail: EventDetail): void;
}

/** A series to be forecast; a missing value is NaN. */
export interface SeriesAsk {
  /** Names the series between calls: whoever forecasts keeps what it learned. */
  readonly key: string;
  readonly series: Series;
  /** The physical range of its values. */
  readonly range: { readonly min: number; readonly max: number };
}

/** What came of learning on from the series that were forecast. Errors as of `learn` in forecasting/learned. */
export type Learning =
  | {
      readonly kind: 'learned';
      /** All that the model knows now, encoded; what `teach` takes. */
      readonly weights: Uint8Array;
      /** Series that were learned from. */
      readonly series: number;
      readonly errorBefore: number;
      readonly errorAfter: number;
    }
  | { readonly kind: 'kept'; readonly reason: 'tooLittleHistory' | 'noGain' };

export type Teaching =
  | { readonly kind: 'taught' }
  /** Damaged, or made for another version's model: what was known stays. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Forecasts on a thread of its own, so that no host's decisions wait for arithmetic. */
export interface Analyst {
  /** @returns one forecast an ask, in their order; null for a series without a single value */
  forecast(
    asks: readonly SeriesAsk[],
    horizon: number,
    levels: readonly number[],
  ): Promise<readonly (Forecast | null)[]>;
  /** Lets the learned model learn on from the series so far; what it learned is used for series fitted from then on. */
  learn(): Promise<Learning>;
  /** Goes on from what another one has learned. */
  teach(weights: Uint8Array): Promise<Teaching>;
  close(): Promise<void>;
}

/** Stops a host at one point of a protocol, for tests that strike it there. */
export interface Barrier {
  /** Whether whoever comes to this point is to be stopped. */
  stopsAt(point: string): boolean;
  /**
   * Somebody stands at the point now.
   *
   * @param subject the migration, the execution or the seat that it is about
   * @param goOn called once, when a test lets it go, or never
   */
  stop(point: string, subject: string, goOn: () => void): void;
}

/** The ports that most actors of a host share. */
export interface HostPorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly tables: Tables;
  readonly vault: Bytes;
  readonly gate: LeaseGate;
  readonly exchange: Exchange;
  readonly packages: Packages;
  readonly freighter: Freighter;
  readonly events: EventSink;
  readonly barrier: Barrier;
}
