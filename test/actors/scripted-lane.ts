import type { Tenure } from '../../src/core/execution.ts';
import type { ExecutionId, IncarnationId, LaneIndex } from '../../src/core/ids.ts';
import { methodId, packageHash, snapshotDigest } from '../../src/core/ids.ts';
import type { PeerTally } from '../../src/core/inspection.ts';
import { SystemDigest } from '../../src/digest.ts';
import type {
  Capture,
  Lane,
  LaneCommand,
  LaneCounters,
  LaneEvent,
  LaneListener,
} from '../../src/lanes/contract.ts';
import { createShared } from '../../src/lanes/shared.ts';
import type { SimulatedClock } from '../../src/simulator/clock.ts';

/** What an execution of the scripted lane does: counts, and acts at each count. */
export interface Script {
  /** Ends when the count is reached; null never does. */
  readonly until: number | null;
  /** Counts at every step; one that is not busy sleeps. */
  readonly busy: boolean;
  /** Size of its snapshot. */
  readonly bytes: number;
  /** What each of its traces says of its peers. */
  readonly peers: readonly PeerTally[];
}

export interface Act {
  readonly tenure: Tenure;
  readonly count: number;
  readonly atMs: number;
}

interface Resident {
  tenure: Tenure;
  readonly script: Script;
  count: number;
  frozen: boolean;
  settled: boolean;
}

const stepMs = 10;
const laneDelayMs = 0.1;
const traceEveryMs = 1_000;
/** As the real lanes do: a larger snapshot is moved, not copied. */
const movedFromBytes = 65_536;

export function argsOf(script: Script): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(script));
}

/** A lane under simulated time, by the contract of real lanes: what it runs is a counter that acts. */
export class ScriptedLane implements Lane {
  readonly index: LaneIndex;
  readonly shared = createShared();
  readonly commands: LaneCommand[] = [];
  readonly residents = new Map<ExecutionId, Resident>();
  readonly #clock: SimulatedClock;
  readonly #listener: LaneListener;
  readonly #onAct: (act: Act) => void;
  readonly #digest = new SystemDigest();
  /** Where effects run that the next copies wait for. */
  effectsOn: readonly IncarnationId[] = [];
  #deadlineMs = 0;
  #stopped = false;
  #demandMs = 0;
  #turns = 0;

  constructor(index: LaneIndex, clock: SimulatedClock, listener: LaneListener, onAct: (act: Act) => void) {
    this.index = index;
    this.#clock = clock;
    this.#listener = listener;
    this.#onAct = onAct;
    this.#repeat(stepMs, () => this.#step());
    this.#repeat(traceEveryMs, () => this.#trace());
  }

  post(command: LaneCommand): void {
    this.commands.push(command);
    const taken = taking(command);
    this.#clock.after(laneDelayMs, () => {
      if (!this.#stopped) this.#carryOut(taken);
    });
  }

  extendLease(deadlineMs: number): void {
    this.#deadlineMs = deadlineMs;
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

  /** A durable execution waits for a checkpoint; `offers` one with its wish. */
  want(execution: ExecutionId, offers: boolean): void {
    const resident = this.residents.get(execution);
    if (resident === undefined) throw new Error(`${execution} is not here`);
    const capture = offers ? this.#captureOf(resident) : null;
    this.#tell({ kind: 'checkpointWanted', tenure: resident.tenure, capture });
  }

  /** The thread ends by itself. */
  die(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#listener.onExit(new Error('the scripted lane was told to die'));
  }

  #repeat(everyMs: number, fire: () => void): void {
    this.#clock.after(everyMs, () => {
      if (this.#stopped) return;
      fire();
      this.#repeat(everyMs, fire);
    });
  }

  #tell(event: LaneEvent): void {
    this.#clock.after(laneDelayMs, () => {
      if (!this.#stopped) this.#listener.onEvent(event);
    });
  }

  #step(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#deadlineMs) return;
    for (const resident of this.residents.values()) {
      if (resident.frozen || resident.settled) continue;
      const { script, tenure } = resident;
      // One that ended just before it moved ends again where it is now, and acts no more.
      if (script.busy && (script.until === null || resident.count < script.until)) {
        this.#turns += 1;
        this.#demandMs += stepMs;
        resident.count += 1;
        this.#onAct({ tenure, count: resident.count, atMs: nowMs });
      }
      if (script.until === null || resident.count < script.until) continue;
      resident.settled = true;
      const value = new TextEncoder().encode(String(resident.count));
      this.#tell({ kind: 'settled', tenure, settlement: { kind: 'returned', value } });
    }
  }

  #trace(): void {
    const traces = [...this.residents.values()].map(
      ({ tenure, script, count, frozen, settled }) =>
        ({
          execution: tenure.execution,
          method: { package: packageHash('p'.repeat(64)), method: methodId('count.ts#count') },
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
        }) as const,
    );
    const { ready, executions, heapBytes } = this.counters();
    const sample = {
      lane: this.index,
      busyRatio: 0,
      cpuCores: null,
      ready,
      executions,
      heapBytes,
      eventLoopDelay: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
    };
    this.#tell({ kind: 'trace', traces, busyMs: 0, periodMs: traceEveryMs, sample });
  }

  #carryOut(command: LaneCommand): void {
    switch (command.kind) {
      case 'install':
        return this.#tell({ kind: 'installed', package: command.package.hash });
      case 'start':
        return this.#admit(command.tenure, command.args, 0, null);
      case 'restore': {
        const { tenure, snapshot } = command;
        if (snapshot.byteLength === 0)
          return this.#tell({ kind: 'restoreFailed', tenure, reason: 'no bytes' });
        const { count } = JSON.parse(new TextDecoder().decode(snapshot)) as { readonly count: number };
        return this.#admit(tenure, snapshot, count, snapshotDigest(this.#digest.sha256(snapshot)));
      }
      case 'run': {
        const { tenure } = command;
        const resident = this.residents.get(tenure.execution);
        if (resident === undefined) return this.#tell({ kind: 'restoreFailed', tenure, reason: 'no copy' });
        resident.tenure = tenure;
        resident.frozen = false;
        return;
      }
      case 'freeze':
      case 'checkpoint':
        return this.#capture(command);
      case 'discard':
        this.residents.delete(command.execution);
        return;
      case 'inspect':
        return this.#tell({ kind: 'absent', request: command.request, execution: command.execution });
      default:
        return;
    }
  }

  #admit(tenure: Tenure, bytes: Uint8Array, count: number, digest: Capture['digest'] | null): void {
    const { until, busy, bytes: size, peers } = JSON.parse(new TextDecoder().decode(bytes)) as Script;
    const script = { until, busy, bytes: size, peers };
    this.residents.set(tenure.execution, { tenure, script, count, frozen: true, settled: false });
    this.#tell({ kind: 'restored', tenure, digest, effectsOn: this.effectsOn });
  }

  #capture({ kind, execution, request }: Extract<LaneCommand, { kind: 'freeze' | 'checkpoint' }>): void {
    const resident = this.residents.get(execution);
    if (resident === undefined) return this.#tell({ kind: 'absent', request, execution });
    if (kind === 'freeze') resident.frozen = true;
    const capture = this.#captureOf(resident);
    this.#tell({ kind: kind === 'freeze' ? 'frozen' : 'checkpointed', request, capture });
  }

  #captureOf({ script, count, tenure }: Resident): Capture {
    const text = JSON.stringify({ ...script, count });
    const bytes = new TextEncoder().encode(text.padEnd(script.bytes));
    return {
      tenure,
      bytes,
      digest: snapshotDigest(this.#digest.sha256(bytes)),
      effectSequence: count,
      effectsPending: 0,
      atMs: this.#clock.monotonicMs(),
    };
  }
}

function taking(command: LaneCommand): LaneCommand {
  if (command.kind !== 'restore' || command.snapshot.byteLength < movedFromBytes) return command;
  const { buffer } = command.snapshot;
  if (buffer.byteLength !== command.snapshot.byteLength)
    return { ...command, snapshot: command.snapshot.slice() };
  return { ...command, snapshot: structuredClone(command.snapshot, { transfer: [buffer as ArrayBuffer] }) };
}
