import { assertNever } from '../../core/assert.ts';
import type { Tenure } from '../../core/execution.ts';
import type { ExecutionTrace } from '../../core/inspection.ts';
import type { ExecutionId, IncarnationId, LaneIndex } from '../../core/ids.ts';
import { snapshotDigest } from '../../core/ids.ts';
import type { Clock, Digest } from '../../core/ports.ts';
import type {
  Capture,
  Lane,
  LaneCommand,
  LaneCounters,
  LaneEvent,
  LaneListener,
} from '../../lanes/contract.ts';
import { movedWithCommand } from '../../lanes/channel.ts';
import { LeaseWatch } from '../../lanes/lease-watch.ts';
import { Outbox } from '../../lanes/outbox.ts';
import { createShared, SharedWords } from '../../lanes/shared.ts';
import { WantedCheckpoints } from '../../lanes/wanted-checkpoints.ts';
import { Dealer } from './dealer.ts';
import type { DealerState } from './dealer-record.ts';
import { dealerOfRecord, recordOfDealer } from './dealer-record.ts';
import type { DealsWitness } from './deals-witness.ts';
import type { Gate } from './gate.ts';
import type { Script } from './script.ts';
import { decodeState, encodeState, scriptMethod } from './script.ts';

interface Resident {
  tenure: Tenure;
  readonly script: Script;
  /** Null for one that only counts. */
  readonly dealer: Dealer | null;
  count: number;
  frozen: boolean;
  settled: boolean;
}

/** What a scripted lane needs of its process. */
export interface ScriptedLanePorts {
  /** Of the lane's thread. */
  readonly clock: Clock;
  /** Of the thread of the actors, who hear what the lane reports. */
  readonly main: Gate;
  readonly digest: Digest;
  /** Carries something between the two threads: later, in order. */
  readonly carry: (delayMs: number, task: () => void) => void;
  readonly onAct: (tenure: Tenure, count: number) => void;
  readonly incarnation: IncarnationId;
  /** Sees what executions have to do with others. */
  readonly deals: DealsWitness;
  /** Between two traces; 0 for none. */
  readonly tracePeriodMs: number;
}

const stepMs = 10;
const retransmitEveryMs = 1_000;
/** How long effects take: shorter than most moves, and longer than the longest. */
const effectsMs = [2, 15, 60, 200] as const;
const laneDelayMs = 0.1;

/**
 * A lane under simulated time, by the contract of real lanes: what it runs is a counter that acts. Its lease watch and its
 * outbox are those of the real one.
 */
export class ScriptedLane implements Lane {
  readonly index: LaneIndex;
  readonly shared = createShared();
  readonly residents = new Map<ExecutionId, Resident>();
  /** All that it was ever told, for tests. */
  readonly commands: LaneCommand[] = [];
  /** Why it cannot import any package; null while it can. */
  importFault: string | null = null;
  readonly #ports: ScriptedLanePorts;
  readonly #listener: LaneListener;
  readonly #words = new SharedWords(this.shared);
  readonly #lease: LeaseWatch;
  readonly #outbox: Outbox;
  readonly #onTheWay: LaneCommand[] = [];
  readonly #wanted = new WantedCheckpoints();
  #waiting: LaneCommand[] = [];
  #stopped = false;
  #stepping = false;
  #demandMs = 0;
  #turns = 0;
  #storeOffsetMs = 0;
  #retransmits = false;

  constructor(index: LaneIndex, ports: ScriptedLanePorts, listener: LaneListener) {
    this.index = index;
    this.#ports = ports;
    this.#listener = listener;
    this.#lease = new LeaseWatch(ports.clock, this.#words);
    this.#outbox = new Outbox((events) => this.#report(events));
    if (ports.tracePeriodMs > 0) this.#traceLater();
  }

  post(command: LaneCommand): void {
    this.commands.push(command);
    this.#onTheWay.push(taking(command));
    this.#ports.clock.after(laneDelayMs, () => {
      if (this.#stopped) return;
      // A machine that has slept comes to its timers in an order that rounding decides: the way to a lane keeps its own.
      const arrived = this.#onTheWay.shift();
      if (arrived !== undefined) this.#waiting.push(arrived);
      this.#carryOutAll();
    });
  }

  extendLease(deadlineMs: number, deadlineBootMs: number): void {
    this.#words.extendLease(deadlineMs, deadlineBootMs);
    if (this.#waiting.length === 0 && !this.#outbox.holdsActs) return;
    this.#ports.clock.after(0, () => {
      if (!this.#stopped) this.#carryOutAll();
    });
  }

  silentSinceMs(): number | null {
    return null;
  }

  counters(): LaneCounters {
    const executions = this.residents.size;
    return { busyMs: 0, demandMs: this.#demandMs, ready: 0, executions, turns: this.#turns, heapBytes: 0 };
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return Promise.resolve();
  }

  /** The thread ends by itself. */
  die(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#ports.main.pass(() => this.#listener.onExit(new Error('the scripted lane was told to die')));
  }

  #report(events: readonly LaneEvent[]): void {
    this.#ports.carry(laneDelayMs, () => {
      if (this.#stopped) return;
      for (const event of events) this.#listener.onEvent(event);
    });
  }

  #tell(event: LaneEvent): void {
    this.#outbox.add(event);
  }

  #flush(): void {
    for (const wanted of this.#wanted.take((execution) => this.#offer(execution))) this.#tell(wanted);
    this.#outbox.flush(() => this.#lease.mayAct());
  }

  #stepLater(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    this.#ports.clock.after(stepMs, () => {
      this.#stepping = false;
      if (!this.#stopped) this.#step();
    });
  }

  #step(): void {
    let goesOn = false;
    const mayAct = this.#lease.mayAct();
    for (const resident of this.residents.values()) {
      if (resident.frozen || resident.settled) continue;
      goesOn = true;
      if (mayAct) this.#stepOne(resident);
    }
    if (goesOn) this.#stepLater();
    this.#flush();
  }

  #stepOne(resident: Resident): void {
    const { script, tenure, dealer } = resident;
    if (dealer?.mayCount() === false) return;
    // One that ended just before it moved ends again where it is now, and acts no more.
    if (script.busy && (script.until === null || resident.count < script.until)) {
      this.#turns += 1;
      this.#demandMs += stepMs;
      resident.count += 1;
      // Nothing of a durable execution leaves before a checkpoint covers it: its acts are its messages and effects.
      if (dealer?.durable !== true) this.#ports.onAct(tenure, resident.count);
      dealer?.counted(resident.count);
      if (dealer?.mayCount() === false) return;
    }
    if (script.until === null || resident.count < script.until) return;
    resident.settled = true;
    const value = new TextEncoder().encode(String(resident.count));
    const settlement = { kind: 'returned', value } as const;
    if (dealer === null) this.#tell({ kind: 'settled', tenure, settlement });
    else dealer.end(settlement, resident.count);
  }

  /** Past the deadline only inspections and the clock are attended to; every other command waits, in order. */
  #carryOutAll(): void {
    const commands = this.#waiting;
    this.#waiting = [];
    for (const command of commands) {
      const overtakes = command.kind === 'clock' || command.kind === 'inspect';
      if (!overtakes && (this.#waiting.length > 0 || !this.#lease.mayAct())) this.#waiting.push(command);
      else this.#carryOut(command);
    }
    this.#flush();
  }

  #carryOut(command: LaneCommand): void {
    switch (command.kind) {
      case 'install': {
        const { hash } = command.package;
        const reason = this.importFault;
        if (reason === null) return this.#tell({ kind: 'installed', package: hash });
        return this.#tell({ kind: 'installFailed', package: hash, reason });
      }
      case 'start':
        return this.#admit(command.tenure, command.args, null, command.durable);
      case 'restore': {
        const { tenure, snapshot } = command;
        if (snapshot.byteLength === 0)
          return this.#tell({ kind: 'restoreFailed', tenure, reason: 'no bytes' });
        return this.#admit(tenure, snapshot, snapshotDigest(this.#ports.digest.sha256(snapshot)), false);
      }
      case 'run': {
        const { tenure } = command;
        const resident = this.residents.get(tenure.execution);
        if (resident === undefined) return this.#tell({ kind: 'restoreFailed', tenure, reason: 'no copy' });
        resident.tenure = tenure;
        resident.frozen = false;
        resident.dealer?.run(tenure);
        return this.#stepLater();
      }
      case 'freeze':
      case 'checkpoint':
        return this.#capture(command);
      case 'discard':
        return this.#discard(command.execution);
      case 'inspect':
        return this.#tell({ kind: 'absent', request: command.request, execution: command.execution });
      case 'clock':
        this.#storeOffsetMs = command.storeOffsetMs;
        return;
      case 'deliver':
        return this.#dealerOf(command.execution)?.deliver(command.packet);
      case 'settleEffect':
        return this.#dealerOf(command.execution)?.settleEffect(command.outcome);
      case 'effectsLost':
        return this.#dealerOf(command.execution)?.effectsLost(command.incarnation);
      case 'effectLost':
        return this.#dealerOf(command.execution)?.effectLost(command.effect);
      case 'covered':
        return this.#dealerOf(command.execution)?.covered(command.tenure.generation, command.digest);
      case 'peerGone':
        return this.#dealerOf(command.execution)?.peerGone(command.peer, command.gone);
      case 'settleChild': {
        const { settlement } = command;
        if (settlement.kind !== 'returned') return;
        const value = Number(new TextDecoder().decode(settlement.value));
        return this.#dealerOf(command.execution)?.settleChild(command.child, value);
      }
      default:
        return assertNever(command);
    }
  }

  #dealerOf(execution: ExecutionId): Dealer | null {
    return this.residents.get(execution)?.dealer ?? null;
  }

  #discard(execution: ExecutionId): void {
    const dealer = this.#dealerOf(execution);
    // What it has started runs on, and its outcomes are told.
    if (dealer !== null) dealer.frozen = true;
    this.residents.delete(execution);
  }

  #admit(tenure: Tenure, bytes: Uint8Array, digest: Capture['digest'] | null, durable: boolean): void {
    const { count, dealer: record, ...script } = decodeState(bytes);
    const dealer = this.#dealer(tenure, script, record === null ? durable : dealerOfRecord(record));
    this.#discard(tenure.execution);
    this.residents.set(tenure.execution, { tenure, script, dealer, count, frozen: true, settled: false });
    this.#tell({ kind: 'restored', tenure, digest, effectsOn: dealer?.effectsOn ?? [] });
  }

  #dealer(tenure: Tenure, { deals }: Script, from: DealerState | boolean): Dealer | null {
    if (deals === null) return null;
    if (!this.#retransmits) this.#retransmitLater();
    this.#retransmits = true;
    const { clock, incarnation, deals: witness } = this.#ports;
    return new Dealer(tenure, deals, from, {
      incarnation,
      witness,
      tell: (event) => this.#tell(event),
      wantCheckpoint: (wanting) => this.#wanted.add(wanting),
      storeNowMs: () => clock.monotonicMs() + this.#storeOffsetMs,
      runEffect: (_sequence, count, ended) => {
        clock.after(effectsMs[count % effectsMs.length] ?? 0, () => {
          if (this.#stopped) return;
          ended(count);
          this.#flush();
        });
      },
    });
  }

  #retransmitLater(): void {
    this.#ports.clock.after(retransmitEveryMs, () => {
      if (this.#stopped) return;
      if (this.#lease.mayAct()) for (const { dealer } of this.residents.values()) dealer?.retransmit();
      this.#flush();
      this.#retransmitLater();
    });
  }

  #capture({ kind, execution, request }: Extract<LaneCommand, { kind: 'freeze' | 'checkpoint' }>): void {
    const resident = this.residents.get(execution);
    if (resident === undefined) return this.#tell({ kind: 'absent', request, execution });
    if (kind === 'freeze') {
      resident.frozen = true;
      if (resident.dealer !== null) resident.dealer.frozen = true;
    }
    const capture = this.#captureOf(resident);
    this.#tell({ kind: kind === 'freeze' ? 'frozen' : 'checkpointed', request, capture });
  }

  #offer(execution: ExecutionId): Capture | null {
    const resident = this.residents.get(execution);
    if (resident === undefined || resident.frozen || !this.#lease.mayAct()) return null;
    return resident.dealer?.awaitsCovering === false ? this.#captureOf(resident) : null;
  }

  #captureOf({ script, count, tenure, dealer }: Resident): Capture {
    const bytes = encodeState({
      ...script,
      count,
      dealer: dealer === null ? null : recordOfDealer(dealer.capture()),
    });
    const digest = snapshotDigest(this.#ports.digest.sha256(bytes));
    dealer?.taken(digest);
    return {
      tenure,
      bytes,
      digest,
      effectSequence: dealer?.durable === true ? dealer.effectSequence : count,
      effectsPending: dealer?.effectsPending ?? 0,
      atMs: this.#ports.clock.monotonicMs(),
    };
  }

  #traceLater(): void {
    this.#ports.clock.after(this.#ports.tracePeriodMs, () => {
      if (this.#stopped) return;
      this.#trace();
      this.#traceLater();
    });
  }

  #trace(): void {
    const { ready, executions, heapBytes } = this.counters();
    const eventLoopDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };
    const sample = {
      lane: this.index,
      busyRatio: 0,
      cpuCores: null,
      ready,
      executions,
      heapBytes,
      eventLoopDelay,
    };
    const traces = [...this.residents.values()].map(traceOf);
    this.#report([{ kind: 'trace', traces, busyMs: 0, periodMs: this.#ports.tracePeriodMs, sample }]);
  }
}

function traceOf({ tenure, script, count, frozen, settled }: Resident): ExecutionTrace {
  return {
    execution: tenure.execution,
    method: scriptMethod,
    activity: settled ? 'settled' : frozen ? 'frozen' : script.busy ? 'running' : 'waiting',
    fuel: count,
    cpuMs: count * stepMs,
    workedMs: count * stepMs,
    demandMs: count * stepMs,
    allocatedBytes: 0,
    effects: 0,
    messagesIn: 0,
    peers: script.peers,
    slices: count,
    longestSliceMs: 2,
    snapshotBytes: script.bytes,
    captureMs: 0,
  };
}

/** A lane's thread takes large snapshots away from its host's: whoever still has them then has nothing. */
function taking(command: LaneCommand): LaneCommand {
  const transfer = movedWithCommand(command);
  return transfer.length === 0 ? command : structuredClone(command, { transfer });
}
