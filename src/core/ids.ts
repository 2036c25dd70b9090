declare const brand: unique symbol;

/** A primitive that only its own constructor function makes, so that two kinds of id never mix. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** One running call of a method, for its whole life, wherever it is: `x-3f9c21…`. */
export type ExecutionId = Brand<string, 'ExecutionId'>;
/** The name that an operator gave a host; a restarted host may carry it again: `r1-h2`. */
export type HostName = Brand<string, 'HostName'>;
/** One start of a host: `r1-h2.8c1f…`. Owners are incarnations, never names. */
export type IncarnationId = Brand<string, 'IncarnationId'>;
/** Hosts that share a switch: `r1`. */
export type RackName = Brand<string, 'RackName'>;
/** One attempt to move one execution: `m-…`. */
export type MigrationId = Brand<string, 'MigrationId'>;
/** Which claim a registry row carries, so that an ambiguous answer can be settled. */
export type Nonce = Brand<string, 'Nonce'>;
/** Counts an execution's changes of owner, from 1. */
export type Epoch = Brand<number, 'Epoch'>;
/** Counts an execution's recoveries (rewinds to a checkpoint), from 1. */
export type Generation = Brand<number, 'Generation'>;
/** Counts the holders of a seat, from 1. */
export type Term = Brand<number, 'Term'>;
/** SHA-256 of a package, in hexadecimal. */
export type PackageHash = Brand<string, 'PackageHash'>;
/** A method within its package: `census.ts#census`. */
export type MethodId = Brand<string, 'MethodId'>;
/** Hash of a method's normalised code, frame layout and sites. */
export type CodeId = Brand<string, 'CodeId'>;
/** SHA-256 of a snapshot's bytes, in hexadecimal. */
export type SnapshotDigest = Brand<string, 'SnapshotDigest'>;
/** Where an actor is reached: `host/r1-h2/ownership`, `execution/x-3f9c21`, `rack/r1`, `cluster/orchestrator`. */
export type ActorAddress = Brand<string, 'ActorAddress'>;
/** One worker thread of a host, from 0. */
export type LaneIndex = Brand<number, 'LaneIndex'>;

export const executionId = (text: string): ExecutionId => text as ExecutionId;
export const hostName = (text: string): HostName => text as HostName;
export const incarnationId = (text: string): IncarnationId => text as IncarnationId;
export const rackName = (text: string): RackName => text as RackName;
export const migrationId = (text: string): MigrationId => text as MigrationId;
export const nonce = (text: string): Nonce => text as Nonce;
export const epoch = (count: number): Epoch => count as Epoch;
export const generation = (count: number): Generation => count as Generation;
export const term = (count: number): Term => count as Term;
export const packageHash = (hex: string): PackageHash => hex as PackageHash;
export const methodId = (text: string): MethodId => text as MethodId;
export const codeId = (text: string): CodeId => text as CodeId;
export const snapshotDigest = (hex: string): SnapshotDigest => hex as SnapshotDigest;
export const actorAddress = (text: string): ActorAddress => text as ActorAddress;
export const laneIndex = (count: number): LaneIndex => count as LaneIndex;

/** The name of the host that an incarnation is a start of. */
export function hostOf(incarnation: IncarnationId): HostName {
  return hostName(incarnation.slice(0, incarnation.lastIndexOf('.')));
}
