import type {
  Epoch,
  ExecutionId,
  Generation,
  HostName,
  IncarnationId,
  MethodId,
  PackageHash,
  RackName,
} from './ids.ts';

/** Which method of which package an execution runs. */
export interface MethodRef {
  readonly package: PackageHash;
  readonly method: MethodId;
}

/** What every act names, so that a stale copy can be fenced. */
export interface Tenure {
  readonly execution: ExecutionId;
  readonly epoch: Epoch;
  readonly generation: Generation;
}

/** One start of a host, as its peers see it. */
export interface HostIdentity {
  readonly name: HostName;
  readonly incarnation: IncarnationId;
  readonly rack: RackName;
  /** `host:port` of its link server. */
  readonly address: string;
}
