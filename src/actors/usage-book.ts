import type { MethodRef, Tenure } from '../core/execution.ts';
import type { LaneSample } from '../core/host-sample.ts';
import type { ExecutionId, LaneIndex } from '../core/ids.ts';
import type { ExecutionTrace } from '../core/inspection.ts';

/** What one execution used of this host over the time of some traces. */
export interface Spent {
  cpuMs: number;
  demandMs: number;
  allocatedBytes: number;
  effects: number;
}

/** Messages and bytes both ways. */
export interface PeerSpent {
  messages: number;
  bytes: number;
}

/** One execution that is on a lane here. */
export interface Account {
  readonly execution: ExecutionId;
  readonly trace: ExecutionTrace;
  readonly lane: LaneIndex;
  readonly spent: Readonly<Spent>;
  readonly peers: ReadonlyMap<ExecutionId, Readonly<PeerSpent>>;
  /** 0 when it never changed hosts. */
  readonly movedAtWallMs: number;
}

/** Everything since the statement before. */
export interface Statement {
  readonly accounts: readonly Account[];
  /** Executions that left or ended meanwhile, and what they had used until then. */
  readonly departed: { readonly executions: number; readonly spent: Readonly<Spent> };
  readonly arrivals: readonly { readonly method: MethodRef; readonly count: number }[];
  /** How long each lane was traced for: what its executions used, they used in that time. */
  readonly tracedMs: ReadonlyMap<LaneIndex, number>;
}

interface OpenAccount extends Account {
  trace: ExecutionTrace;
  lane: LaneIndex;
  spent: Spent;
  peers: Map<ExecutionId, PeerSpent>;
}

/** Peers of one execution that are told apart in one statement; the traffic with more of them is not counted. */
const accountPeersMax = 128;
/** Methods whose arrivals are counted in one statement. */
const methodsMax = 1_024;
/** With less of it a lane's ratio of CPU time to slices says nothing. */
const busyRatioMin = 0.01;

/** Adds up what the lanes trace of each execution, from one statement to the next. */
export class UsageBook {
  readonly #wallMs: () => number;
  readonly #accounts = new Map<ExecutionId, OpenAccount>();
  /** When each that came here from another host began to run here; 0 for those that started here. */
  readonly #movedAtWallMs = new Map<ExecutionId, number>();
  #departed = { executions: 0, spent: nothing() };
  #arrivals = new Map<string, { method: MethodRef; count: number }>();
  #tracedMs = new Map<LaneIndex, number>();

  /** @param wallMs of the clock: for when an execution came here */
  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** A lane traced its executions over `periodMs`. */
  traced(traces: readonly ExecutionTrace[], sample: LaneSample, periodMs: number): void {
    const { lane } = sample;
    this.#tracedMs.set(lane, (this.#tracedMs.get(lane) ?? 0) + periodMs);
    for (const trace of traces) this.#take(trace, lane, givenShare(sample));
  }

  /** A call from outside, or from another execution. */
  arrived(method: MethodRef, count: number): void {
    if (count <= 0) return;
    const key = `${method.package}/${method.method}`;
    const known = this.#arrivals.get(key);
    if (known !== undefined) known.count += count;
    else if (this.#arrivals.size < methodsMax) this.#arrivals.set(key, { method, count });
  }

  /** An execution is let run here. A recovery after a lane's end, or a move that was called off, is no change of host. */
  ran({ execution, epoch }: Tenure): void {
    if (!this.#movedAtWallMs.has(execution))
      this.#movedAtWallMs.set(execution, epoch > 1 ? this.#wallMs() : 0);
  }

  /** Its lane died with it: it may be recovered here. */
  lost(execution: ExecutionId): void {
    const account = this.#accounts.get(execution);
    if (account === undefined) return;
    this.#accounts.delete(execution);
    this.#departed.executions += 1;
    add(this.#departed.spent, account.spent);
  }

  /** It has left, or ended. */
  released(execution: ExecutionId): void {
    this.lost(execution);
    this.#movedAtWallMs.delete(execution);
  }

  movedAtWallMs(execution: ExecutionId): number {
    return this.#movedAtWallMs.get(execution) ?? 0;
  }

  /** Whether any lane has traced since the statement before: without, nothing is known of the executions' use. */
  get isTraced(): boolean {
    return this.#tracedMs.size > 0;
  }

  /** @returns what was added up, which begins again from nothing */
  close(): Statement {
    const accounts = [...this.#accounts.values()].map((account): Account => {
      const { execution, trace, lane, spent, peers } = account;
      account.spent = nothing();
      account.peers = new Map();
      return { execution, trace, lane, spent, peers, movedAtWallMs: this.movedAtWallMs(execution) };
    });
    const statement = {
      accounts,
      departed: this.#departed,
      arrivals: [...this.#arrivals.values()],
      tracedMs: this.#tracedMs,
    };
    this.#departed = { executions: 0, spent: nothing() };
    this.#arrivals = new Map();
    this.#tracedMs = new Map();
    return statement;
  }

  #take(trace: ExecutionTrace, lane: LaneIndex, share: number): void {
    const { execution } = trace;
    const known = this.#accounts.get(execution);
    // A copy that was restored here counts from zero again.
    const before = known === undefined || isYounger(trace, known.trace) ? null : known.trace;
    const account = known ?? this.#open(trace, lane);
    account.trace = trace;
    account.lane = lane;
    add(account.spent, {
      cpuMs: share * (trace.cpuMs - (before?.cpuMs ?? 0)),
      demandMs: trace.demandMs - (before?.demandMs ?? 0),
      allocatedBytes: trace.allocatedBytes - (before?.allocatedBytes ?? 0),
      effects: trace.effects - (before?.effects ?? 0),
    });
    this.arrived(trace.method, trace.messagesIn - (before?.messagesIn ?? 0));
    for (const { peer, messagesIn, messagesOut, bytesIn, bytesOut } of trace.peers) {
      const spent = account.peers.get(peer) ?? { messages: 0, bytes: 0 };
      spent.messages += messagesIn + messagesOut;
      spent.bytes += bytesIn + bytesOut;
      if (account.peers.has(peer) || account.peers.size < accountPeersMax) account.peers.set(peer, spent);
    }
  }

  #open(trace: ExecutionTrace, lane: LaneIndex): OpenAccount {
    const { execution } = trace;
    const account = { execution, trace, lane, spent: nothing(), peers: new Map(), movedAtWallMs: 0 };
    this.#accounts.set(execution, account);
    return account;
  }
}

function nothing(): Spent {
  return { cpuMs: 0, demandMs: 0, allocatedBytes: 0, effects: 0 };
}

function add(sum: Spent, more: Readonly<Spent>): void {
  sum.cpuMs += more.cpuMs;
  sum.demandMs += more.demandMs;
  sum.allocatedBytes += more.allocatedBytes;
  sum.effects += more.effects;
}

function isYounger(trace: ExecutionTrace, before: ExecutionTrace): boolean {
  return trace.slices < before.slices || trace.cpuMs < before.cpuMs || trace.demandMs < before.demandMs;
}

/** Of the time inside slices, the share in which the thread had a core: others may have it meanwhile. */
function givenShare({ busyRatio, cpuCores }: LaneSample): number {
  return cpuCores === null || busyRatio < busyRatioMin ? 1 : Math.min(1, cpuCores / busyRatio);
}
