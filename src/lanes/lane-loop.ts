import { assertNever } from '../core/assert.ts';
import { messageOf } from '../core/errors.ts';
import type { Tenure } from '../core/execution.ts';
import type { ExecutionId } from '../core/ids.ts';
import type { Cancel, Clock, Digest, Random } from '../core/ports.ts';
import { createRuntime } from '../methods/runtime/index.ts';
import type {
  Admission,
  CaptureOutcome,
  Runtime,
  RuntimeEvent,
  RuntimeOptions,
} from '../methods/runtime/index.ts';
import { platform } from '../platform.ts';
import type {
  Capture,
  InstalledPackage,
  LaneCommand,
  LaneEvent,
  LaneOptions,
  LaneShared,
} from './contract.ts';
import type { ThreadFigures } from './lane-tracing.ts';
import { LaneTracing } from './lane-tracing.ts';
import { LeaseWatch } from './lease-watch.ts';
import { Outbox } from './outbox.ts';
import { SharedWords } from './shared.ts';
import { WantedCheckpoints } from './wanted-checkpoints.ts';

/** What the loop needs from the thread that it runs in. */
export interface LanePorts extends ThreadFigures {
  /** Its monotonic clock is the host's. */
  readonly clock: Clock;
  readonly digest: Digest;
  readonly random: Random;
  /** Takes the commands that have come, oldest first; each was announced in the shared words. */
  takeCommands(): readonly LaneCommand[];
  /** Runs `turn` once, when whatever else waits in the event loop has had its turn. */
  defer(turn: () => void): void;
  /** Called inside slices too: must not call back into the loop, nor run code of others. */
  report(events: readonly LaneEvent[]): void;
  /** Imports every module of a package. @returns the `file:` URL of its folder, ending in `/` */
  importPackage(installed: InstalledPackage): Promise<string>;
  /** An effect of this execution is about to be called; `null` when the slice that called it has ended. */
  effectOf(execution: ExecutionId | null): void;
  /** A method has used up the fuel between two ticks; called before the clock is read. @returns whether the turn ends here */
  ticked(): boolean;
  /** What this lane's runtime does otherwise than what godwit ships. */
  readonly runtime: Partial<Pick<RuntimeOptions, 'fuelPerTick' | 'callEffect'>>;
}

/** The event loop turns at least this often, so that foreign promises, timers and I/O make progress. */
const eventLoopTurnMs = 8;
/** The same while nothing waits for the event loop: to unwind a stack costs V8 some of what it knows of the code. */
const loneTurnMs = 100;
/** How often unacknowledged messages are repeated. */
const retransmitPeriodMs = 1000;

/**
 * Whether a command may be carried out while earlier ones wait for the lease or for an import. An inspection asks what
 * stands here now, but not before that could have come here.
 */
function overtakes(command: LaneCommand, arrivals: boolean): boolean {
  return command.kind === 'clock' || (command.kind === 'inspect' && !arrivals);
}

/**
 * The life of a lane in its thread: carries out commands on the runtime between time slices, lets the methods run while
 * the lease allows it, and reports what they do. Past the deadline it carries out only `inspect` and `clock`; every
 * other command waits, in order.
 */
export class LaneLoop {
  readonly #ports: LanePorts;
  readonly #words: SharedWords;
  readonly #lease: LeaseWatch;
  readonly #outbox: Outbox;
  readonly #wanted = new WantedCheckpoints();
  readonly #runtime: Runtime;
  /** Those that stand here and have not settled. */
  readonly #executions = new Set<ExecutionId>();
  readonly #periodics: Cancel[] = [];
  #commands: LaneCommand[] = [];
  #installing = false;
  #deferred = false;
  #turning = false;
  #stopped = false;
  /** Whether the lease has forbidden anything since the present turn began. */
  #refused = false;
  /** Whether the present turn has to end. */
  #isOver = false;
  #turnStartMs = 0;
  #countedMs: number;
  #ready = 0;
  readonly #tracing: LaneTracing;
  #retransmitDue = false;

  constructor(shared: LaneShared, options: LaneOptions, ports: LanePorts) {
    this.#ports = ports;
    this.#words = new SharedWords(shared);
    this.#lease = new LeaseWatch(ports.clock, this.#words);
    this.#outbox = new Outbox((events) => ports.report(events));
    this.#countedMs = ports.clock.monotonicMs();
    this.#tracing = new LaneTracing(options.index, ports, this.#countedMs);
    this.#runtime = createRuntime(
      {
        incarnation: options.incarnation,
        digest: ports.digest,
        buffer: Buffer,
        monotonicMs: () => ports.clock.monotonicMs(),
        attention: () => this.#tick(),
        mayAct: () => this.#mayAct(),
        after: (delayMs, fire) => ports.clock.after(delayMs, fire),
        wake: () => this.wake(),
        emit: (event) => this.#emit(event),
        chance: () => ports.random.next(),
      },
      { ...ports.runtime, platform, sliceMs: options.sliceMs, heapBytes: () => ports.heapBytes() },
    );
    this.#every(options.tracePeriodMs, () => this.#tracing.periodPassed());
    this.#every(retransmitPeriodMs, () => (this.#retransmitDue = true));
    this.#rest();
  }

  /** There may be something to do: a command came, the lease was extended, something foreign ended. */
  wake(): void {
    if (this.#deferred || this.#stopped) return;
    this.#deferred = true;
    this.#ports.defer(() => {
      this.#deferred = false;
      this.turn();
    });
  }

  /** Like `wake`, from a callback of the event loop itself: no need to wait for another round of it. */
  turn(): void {
    if (this.#stopped || this.#turning) return;
    this.#count(this.#ports.clock.monotonicMs());
    this.#turning = true;
    this.#refused = false;
    this.#isOver = false;
    this.#turnStartMs = this.#countedMs;
    this.#words.enter('working');
    do {
      this.#words.countTurn();
      this.#carryOut();
      // Whoever runs is not counted while it does: what is booked during the step is what was ready before it.
      this.#showExecutions();
      this.#runtime.step();
      this.#ports.effectOf(null);
      this.#report();
      this.#count(this.#ports.clock.monotonicMs());
    } while (this.#ready > 0 && !this.#isTurnOver() && this.#mayAct());
    this.#turning = false;
    this.#rest();
  }

  /** The execution whose method runs at this moment. */
  running(): ExecutionId | null {
    return this.#runtime.running();
  }

  log(execution: ExecutionId, stream: 'stdout' | 'stderr', text: string): void {
    this.#outbox.add({ kind: 'log', execution, stream, text });
    if (!this.#turning) this.wake();
  }

  /** Nothing runs or is reported afterwards. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#periodics) cancel();
    this.#words.enter('ended');
  }

  #every(periodMs: number, fire: () => void): void {
    if (periodMs === 0) return;
    const at = this.#periodics.length;
    const arm = (): Cancel =>
      this.#ports.clock.after(periodMs, () => {
        fire();
        this.#periodics[at] = arm();
        this.wake();
      });
    this.#periodics.push(arm());
  }

  #isTurnOver(): boolean {
    return this.#isOver || this.#countedMs - this.#turnStartMs >= eventLoopTurnMs;
  }

  /** Asked by the runtime at every tick. @returns whether the running method is to yield */
  #tick(): boolean {
    if (this.#ports.ticked()) this.#isOver = true;
    this.#count(this.#ports.clock.monotonicMs());
    this.#flush(() => null);
    const tookMs = this.#countedMs - this.#turnStartMs;
    if (this.#isOver || this.#words.attention || tookMs >= loneTurnMs || !this.#mayAct()) return true;
    return tookMs >= eventLoopTurnMs && this.#runtime.isContended();
  }

  /** Books the time since the last count, as it was spent. */
  #count(nowMs: number): void {
    const passedMs = nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    this.#words.addDemand(passedMs * this.#ready);
    if (!this.#turning) return;
    this.#words.addBusy(passedMs);
    this.#words.beat(nowMs);
  }

  /** Gives the thread back to the event loop, and sees to it that the next turn comes. */
  #rest(): void {
    this.#words.rest();
    if (this.#stopped) return;
    if (this.#refused && this.#hasWork()) {
      this.#words.enter('leaseEnded');
      // The host extends first and looks at the phase then; here it is the other way round, so no extension is missed.
      if (this.#mayAct()) this.wake();
    } else if (this.#ready > 0) this.wake();
    else this.#words.enter('waiting');
  }

  #mayAct(): boolean {
    const allowed = this.#lease.mayAct();
    if (!allowed) this.#refused = true;
    return allowed;
  }

  #hasWork(): boolean {
    return this.#commands.length > 0 || this.#executions.size > 0 || this.#outbox.holdsActs;
  }

  #emit(event: RuntimeEvent): void {
    if (event.kind === 'settled') {
      this.#executions.delete(event.tenure.execution);
      const trace = this.#runtime.trace(event.tenure.execution);
      if (trace !== null) this.#outbox.add({ kind: 'lastTrace', trace });
    }
    if (event.kind === 'checkpointWanted') this.#wanted.add(event.tenure);
    else this.#outbox.add(event);
    // The effect's own code runs next, on this thread: should it never come back, the host knows which one it was.
    if (event.kind === 'effectStarted') {
      this.#outbox.flush(() => this.#mayAct());
      this.#ports.effectOf(event.tenure.execution);
    }
    // A settled effect of an execution that has left is reported from the event loop, outside of any turn.
    if (!this.#turning) this.wake();
  }

  #report(): void {
    this.#showExecutions();
    if (this.#tracing.isDue) this.#trace();
    if (this.#retransmitDue && this.#mayAct()) {
      this.#retransmitDue = false;
      this.#runtime.retransmit();
    }
    this.#flush((execution) => this.#runtime.offer(execution));
  }

  /** In the middle of a slice nobody can be captured. */
  #flush(offer: (execution: ExecutionId) => Capture | null): void {
    for (const wanted of this.#wanted.take(offer)) this.#outbox.add(wanted);
    this.#outbox.flush(() => this.#mayAct());
  }

  #showExecutions(): void {
    this.#ready = this.#runtime.readyCount();
    this.#words.showExecutions(this.#ready, this.#executions.size);
  }

  #trace(): void {
    this.#words.showHeap(this.#ports.heapBytes());
    this.#outbox.add(this.#tracing.trace(this.#runtime.traces(), this.#words.counters(), this.#countedMs));
  }

  #carryOut(): void {
    const commands = this.#commands;
    for (const command of this.#ports.takeCommands()) {
      this.#words.countTaken();
      commands.push(command);
    }
    this.#commands = [];
    let arrivals = this.#installing;
    for (const command of commands) {
      const waits = this.#installing || this.#commands.length > 0 || !this.#mayAct();
      if (waits && !overtakes(command, arrivals)) {
        this.#commands.push(command);
        arrivals ||= command.kind === 'install' || command.kind === 'start' || command.kind === 'restore';
      } else this.#perform(command);
    }
  }

  #perform(command: LaneCommand): void {
    switch (command.kind) {
      case 'install':
        return this.#install(command.package);
      case 'start':
        return this.#admitted(
          command.tenure,
          this.#runtime.start(command.tenure, command.method, command.args, command.durable),
        );
      case 'restore':
        return this.#admitted(command.tenure, this.#runtime.restore(command.tenure, command.snapshot));
      case 'run':
        return this.#run(command.tenure);
      case 'freeze':
        return this.#captured('frozen', command, this.#runtime.freeze(command.execution));
      case 'checkpoint':
        return this.#captured('checkpointed', command, this.#runtime.checkpoint(command.execution));
      case 'discard':
        this.#executions.delete(command.execution);
        this.#runtime.discard(command.execution);
        return;
      // For the next six: what is for an execution that is not here is dropped. The host sends nothing to a lane
      // after the discard that it ordered itself, and whoever has settled needs nothing any more.
      case 'deliver':
        this.#runtime.deliver(command.execution, command.packet);
        return;
      case 'settleEffect':
        this.#runtime.settleEffect(command.execution, command.outcome);
        return;
      case 'effectsLost':
        this.#runtime.effectsLost(command.execution, command.incarnation);
        return;
      case 'effectLost':
        this.#runtime.effectLost(command.execution, command.effect);
        return;
      case 'settleChild':
        this.#runtime.settleChild(command.execution, command.child, command.settlement);
        return;
      case 'peerGone':
        this.#runtime.peerGone(command.execution, command.peer, command.gone);
        return;
      case 'covered':
        this.#runtime.covered(command.tenure, command.digest);
        return;
      case 'inspect':
        return this.#inspect(command.execution, command.request);
      case 'clock':
        return this.#runtime.setClock(command.storeOffsetMs);
      default:
        return assertNever(command);
    }
  }

  /** Imports take turns of the event loop: until they end, later commands wait and methods run on. */
  #install(installed: InstalledPackage): void {
    this.#installing = true;
    const ended = (event: LaneEvent): void => {
      this.#installing = false;
      this.#outbox.add(event);
      this.wake();
    };
    this.#ports
      .importPackage(installed)
      .then((baseUrl) => {
        this.#runtime.install(installed.hash, baseUrl);
        ended({ kind: 'installed', package: installed.hash });
      })
      .catch((thrown: unknown) => {
        ended({ kind: 'installFailed', package: installed.hash, reason: messageOf(thrown) });
      });
  }

  #admitted(tenure: Tenure, admission: Admission): void {
    if (admission.kind === 'refused') {
      this.#outbox.add({ kind: 'restoreFailed', tenure, reason: admission.reason });
      return;
    }
    this.#executions.add(tenure.execution);
    this.#outbox.add({ kind: 'restored', tenure, digest: admission.digest, effectsOn: admission.effectsOn });
  }

  #run(tenure: Tenure): void {
    if (this.#runtime.run(tenure)) return;
    const reason = `No copy of ${tenure.execution} stands on this lane. Restore it here first.`;
    this.#outbox.add({ kind: 'restoreFailed', tenure, reason });
  }

  #captured(
    kind: 'frozen' | 'checkpointed',
    { execution, request }: { readonly execution: ExecutionId; readonly request: number },
    outcome: CaptureOutcome,
  ): void {
    switch (outcome.kind) {
      case 'captured':
        return this.#outbox.add({ kind, request, capture: outcome.capture });
      case 'pinned':
      case 'absent':
        return this.#outbox.add({ ...outcome, request, execution });
      default:
        return assertNever(outcome);
    }
  }

  #inspect(execution: ExecutionId, request: number): void {
    const inspection = this.#runtime.inspect(execution);
    if (inspection === null) this.#outbox.add({ kind: 'absent', request, execution });
    else this.#outbox.add({ kind: 'inspected', request, inspection });
  }
}
