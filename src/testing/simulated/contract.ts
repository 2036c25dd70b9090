import type { ActorHandle } from '../../cluster.ts';
import type { MethodRef } from '../../core/execution.ts';
import type { ExecutionId, HostName } from '../../core/ids.ts';
import type { Inspection } from '../../core/inspection.ts';
import type { AffinityDeclaration } from '../../protocols/messages.ts';
import type { RegisterRow } from '../../protocols/ownership/register.ts';
import type { FaultKind } from './cluster-faults.ts';
import type { EffectCall } from './effect-calls.ts';

declare const result: unique symbol;

/** An execution's id, which knows of what type its result is. */
export type TestExecution<Result> = ExecutionId & { readonly [result]?: Result };

export interface TestStartOptions {
  /** The host to start on. Default: the hosts in turn. */
  readonly on?: string;
  readonly affinity?: Partial<AffinityDeclaration>;
  /** Whether all that it does waits for a durable checkpoint. Default: false. */
  readonly durable?: boolean;
}

/** Where an execution stands, as the register says. */
export interface TestStanding {
  readonly execution: ExecutionId;
  readonly method: MethodRef['method'];
  readonly phase: RegisterRow['standing']['phase'];
  /** Of its owner. */
  readonly host: HostName;
  /** Counts its moves and recoveries. */
  readonly epoch: number;
  /** Counts its recoveries. */
  readonly generation: number;
}

export interface TestHost {
  readonly name: string;
  readonly rack: string;
  readonly isUp: boolean;
}

/** Ends a fault; harmless when it is over. */
export type EndFault = () => void;

/** A simulated cluster, for the test that it was made for. Simulated time passes only while the test waits for one of its methods. */
export interface TestCluster {
  readonly seed: number;
  /** Simulated ms since the test's function was called. */
  readonly nowMs: number;

  // What a program does: as `Cluster` of godwit.

  /** Starts a movable method, which the test has imported. @throws {NoMethodError | NotFoundError | RefusedError} */
  start<Args extends readonly unknown[], Result>(
    method: (...args: Args) => Result,
    args: Args,
    options?: TestStartOptions,
  ): Promise<TestExecution<Awaited<Result>>>;
  /** Waits until it has ended. @throws {NotFoundError | ExecutionFailedError | NotInTimeError} the second when it threw */
  outcome<Result>(execution: TestExecution<Result>): Promise<Result>;
  /** Puts a message into its mailbox, at most once. @throws {NotFoundError | RefusedError} */
  send(execution: ExecutionId, message: unknown): Promise<void>;
  /** Has it moved. @throws {NotFoundError | RefusedError} the latter with the reason: then it is where it was */
  migrate(execution: ExecutionId, target: string): Promise<void>;
  /** Its live stack, with the locals. @throws {NotFoundError | RefusedError} */
  inspect(execution: ExecutionId): Promise<Inspection>;
  /** Moves everything away from a host. @returns what could not be moved in time */
  drain(host: string, deadlineMs?: number): Promise<readonly ExecutionId[]>;
  /** Any actor: see docs/message-api.md. */
  actor(to: string): ActorHandle;
  hosts(): readonly TestHost[];
  /** All that were started, children too, by id. */
  executions(): readonly TestStanding[];
  /** @throws {NotFoundError} */
  standing(execution: ExecutionId): TestStanding;

  // Time.

  /** Lets simulated time pass. */
  advance(ms: number): Promise<void>;
  /** Lets it pass until something holds. @throws {NotInTimeError} when it does not within the test's patience */
  until(holds: () => boolean, what?: string): Promise<void>;
  /** Lets it pass until every execution has ended. @throws {NotInTimeError} naming those that have not */
  settle(): Promise<void>;

  // Faults. What lasts goes on until the returned function is called, or `heal`.

  /** Any fault of the table in docs/testing.md, now. */
  strike(fault: FaultKind): EndFault;
  /** The process dies, with all that was in its memory; it stays down until `restart`. */
  crash(host: string): void;
  restart(host: string): void;
  pause(host: string): EndFault;
  suspend(host: string): EndFault;
  stall(host: string): EndFault;
  cut(host: string, other: string, options?: { readonly oneWay?: boolean }): EndFault;
  isolate(host: string): EndFault;
  cutStore(host: string): EndFault;
  storeStall(): EndFault;
  storeFailover(): EndFault;
  fullDisk(): EndFault;
  /** Ends every fault that lasts. Hosts that were crashed stay down. */
  heal(): void;

  // What somebody outside has seen.

  /** Every call of an effect's function so far, in order; of one execution, or of all. */
  effects(execution?: ExecutionId): readonly EffectCall[];
  /** What happened so far, line by line. */
  trace(): readonly string[];
}
