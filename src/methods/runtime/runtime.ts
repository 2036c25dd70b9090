import { messageOf } from '../../core/errors.ts';
import type { MethodRef, Tenure } from '../../core/execution.ts';
import type { ExecutionId, IncarnationId, PackageHash, SnapshotDigest } from '../../core/ids.ts';
import { executionId } from '../../core/ids.ts';
import type { ExecutionTrace, Inspection } from '../../core/inspection.ts';
import type { EffectOutcome, LostOutcome } from '../../core/packet.ts';
import type { DeliveryPacket } from '../../protocols/delivery/packet.ts';
import { decodeValue, digestOf, encodeValue } from '../snapshot/index.ts';
import { captureExecution } from './capture.ts';
import { type Coding, codingOf, readSent } from './coding.ts';
import type {
  Admission,
  CaptureOutcome,
  Runtime,
  RuntimeCapture,
  RuntimeOptions,
  RuntimePorts,
  RuntimeSettlement,
  StepReport,
} from './contract.ts';
import { runtimeDefaults } from './contract.ts';
import { childIdOf, Dealings, type DealingsHost } from './dealings.ts';
import { Effects, outcomeOf, type StartedEffect } from './effects.ts';
import { Execution, type ExecutionHost } from './execution.ts';
import { Fuel } from './fuel.ts';
import { $ } from './gate.ts';
import { inspectExecution } from './inspection.ts';
import { pinOfEffect } from './pending-effects.ts';
import { LoadedPackage, LoadedPackages, methodIdIn } from './packages.ts';
import { Promises } from './promises.ts';
import { ReadyLine } from './ready-line.ts';
import { ReadExecution } from './restore.ts';
import { failedWith, refused, settledWith } from './settlement.ts';
import { pinOfActs, WaitingActs } from './waiting-acts.ts';

interface Resident {
  readonly execution: Execution;
  readonly dealings: Dealings;
  /** Outcomes of effects that ended after the execution was frozen here: its new owner is told, and it if it thaws. */
  late: (() => void)[];
}

/** The runtime of one thread; several in one thread share the code of the methods, and nothing else. */
export function createRuntime(ports: RuntimePorts, options: Partial<RuntimeOptions> = {}): Runtime {
  return new ThreadRuntime(ports, { ...runtimeDefaults, ...options });
}

class ThreadRuntime implements Runtime {
  readonly #ports: RuntimePorts;
  readonly #options: RuntimeOptions;
  readonly #packages = new LoadedPackages();
  readonly #residents = new Map<ExecutionId, Resident>();
  readonly #line = new ReadyLine<Execution>();
  readonly #acts: WaitingActs<Execution>;
  readonly #effects: Effects;
  readonly #coding: Coding;
  readonly #executionHost: ExecutionHost;
  readonly #dealingsHost: DealingsHost;
  #storeOffsetMs = 0;

  constructor(ports: RuntimePorts, options: RuntimeOptions) {
    this.#ports = ports;
    this.#options = options;
    if (options.platform !== null) $.isProxy = options.platform.isProxy;
    this.#acts = new WaitingActs(() => ports.mayAct());
    this.#effects = new Effects(ports, options.callEffect, (execution, effect, ok, value) =>
      this.#effectEnded(execution, effect, ok, value),
    );
    this.#coding = codingOf(ports, options, this.#packages);
    this.#executionHost = this.#executionHostOf();
    this.#dealingsHost = this.#dealingsHostOf();
  }

  install(hash: PackageHash, baseUrl: string): void {
    this.#packages.add(new LoadedPackage(hash, baseUrl, $.modules.values()));
  }

  start(tenure: Tenure, ref: MethodRef, args: Uint8Array, durable = false): Admission {
    const loaded = this.#packages.get(ref.package);
    if (loaded === null) return refused(`Package ${ref.package} is not installed here. Install it first.`);
    const method = loaded.methods.get(ref.method);
    if (method === undefined) {
      const known = [...loaded.methods.keys()].join(', ');
      return refused(`Package ${ref.package} has no method ${ref.method}. It has: ${known}.`);
    }
    let values: readonly unknown[] & { readonly parent?: string };
    try {
      const decoded = decodeValue(args, this.#coding.decoding);
      values = decoded as typeof values;
      if (!Array.isArray(decoded)) return refused(`The arguments of ${ref.method} are no array.`);
    } catch (error) {
      return refused(`The arguments of ${ref.method} cannot be read: ${messageOf(error)}`);
    }
    const execution = new Execution(this.#executionHost, tenure, ref, method);
    const resident = this.#admit(execution, new Dealings(execution, this.#dealingsHost, durable));
    const { parent } = values;
    if (typeof parent === 'string') resident.dealings.parent = executionId(parent);
    resident.execution.begin([...values]);
    return { kind: 'admitted', digest: null, effectsOn: [] };
  }

  restore(tenure: Tenure, snapshot: Uint8Array): Admission {
    try {
      const promises = new Promises();
      const read = new ReadExecution(snapshot, promises, this.#coding.capture);
      const { package: hash, method: id } = read.root;
      const loaded = this.#packages.get(hash);
      if (loaded === null) return refused(`Package ${hash} is not installed here. Install it first.`);
      const method = loaded.methods.get(id);
      if (method === undefined) return refused(`Package ${hash} has no method ${id}.`);
      const ref = { package: loaded.hash, method: id } as MethodRef;
      const execution = new Execution(this.#executionHost, tenure, ref, method, promises);
      const dealings = new Dealings(execution, this.#dealingsHost);
      read.complete(execution, dealings, loaded);
      this.#admit(execution, dealings);
      return { kind: 'admitted', digest: digestOf(snapshot), effectsOn: dealings.effects.runningOn };
    } catch (error) {
      return refused(messageOf(error));
    }
  }

  run(tenure: Tenure): boolean {
    const resident = this.#residents.get(tenure.execution);
    if (resident === undefined) return false;
    const { execution, dealings } = resident;
    execution.tenure = tenure;
    execution.frozen = false;
    for (const settle of resident.late.splice(0)) settle();
    execution.resources.arrive();
    dealings.resume();
    this.#line.stir(execution);
    return true;
  }

  freeze(id: ExecutionId): CaptureOutcome {
    const resident = this.#residents.get(id);
    if (resident === undefined) return { kind: 'absent' };
    const rooted = resident.dealings.effects.rooted;
    if (rooted !== null) return { kind: 'pinned', pin: pinOfEffect(resident.execution, rooted) };
    const outcome = this.#captureResident(resident);
    if (outcome.kind === 'captured') {
      resident.execution.frozen = true;
      resident.dealings.suspend();
      this.#closeResources(resident.execution);
      this.#line.stir(resident.execution);
    }
    return outcome;
  }

  checkpoint(id: ExecutionId): CaptureOutcome {
    const resident = this.#residents.get(id);
    return resident === undefined ? { kind: 'absent' } : this.#captureResident(resident);
  }

  offer(id: ExecutionId): RuntimeCapture | null {
    const resident = this.#residents.get(id);
    if (resident === undefined || !this.#ports.mayAct()) return null;
    const { execution, dealings } = resident;
    if (execution.frozen || dealings.awaitsCovering) return null;
    const outcome = this.#captureResident(resident);
    return outcome.kind === 'captured' ? outcome.capture : null;
  }

  discard(id: ExecutionId): boolean {
    const resident = this.#residents.get(id);
    if (resident === undefined) return false;
    resident.execution.frozen = true;
    resident.dealings.suspend();
    this.#closeResources(resident.execution);
    this.#line.leave(resident.execution);
    this.#acts.forget(resident.execution);
    return this.#residents.delete(id);
  }

  deliver(id: ExecutionId, packet: DeliveryPacket): boolean {
    return this.#with(id, ({ dealings }) => dealings.deliver(packet));
  }

  settleEffect(id: ExecutionId, outcome: EffectOutcome): boolean {
    return this.#with(id, ({ dealings }) => dealings.takeOutcome(outcome));
  }

  effectsLost(id: ExecutionId, incarnation: IncarnationId): boolean {
    return this.#with(id, ({ dealings }) => dealings.effects.incarnationEnded(incarnation));
  }

  effectLost(id: ExecutionId, effect: LostOutcome): boolean {
    return this.#with(id, ({ dealings }) => dealings.effects.lost(effect));
  }

  settleChild(id: ExecutionId, child: ExecutionId, { kind, value }: RuntimeSettlement): boolean {
    const outcome = readSent(value, this.#coding.decoding, kind === 'returned');
    return this.#with(id, ({ dealings }) => dealings.settleChild(child, outcome));
  }

  peerGone(id: ExecutionId, peer: ExecutionId, gone: 'ended' | 'absent'): boolean {
    return this.#with(id, ({ dealings }) => dealings.peerGone(peer, gone));
  }

  covered({ execution, generation }: Tenure, digest: SnapshotDigest): boolean {
    return this.#with(execution, (resident) => {
      if (resident.execution.tenure.generation === generation) resident.dealings.covered(digest);
    });
  }

  inspect(id: ExecutionId): Inspection | null {
    const resident = this.#residents.get(id);
    return resident === undefined ? null : inspectExecution(resident.execution, resident.dealings);
  }

  setClock(storeOffsetMs: number): void {
    this.#storeOffsetMs = storeOffsetMs;
  }

  retransmit(): void {
    for (const { execution, dealings } of this.#residents.values())
      if (!execution.frozen) dealings.retransmit();
  }

  step(): StepReport {
    if (!this.#ports.mayAct()) return { ready: 0, busyMs: 0 };
    this.#acts.perform();
    const startMs = this.#ports.monotonicMs();
    const next = this.#line.next(startMs);
    const resident = next === null ? undefined : this.#residents.get(next.tenure.execution);
    if (resident === undefined) return { ready: 0, busyMs: 0 };
    const end = resident.execution.runSlice();
    const busyMs = this.#ports.monotonicMs() - startMs;
    this.#line.toEnd(resident.execution);
    if (end === 'settled') this.#settle(resident);
    return { ready: this.readyCount(), busyMs };
  }

  readyCount(): number {
    return this.#line.count(this.#ports.monotonicMs());
  }

  traces(): readonly ExecutionTrace[] {
    const nowMs = this.#ports.monotonicMs();
    return [...this.#residents.values()].flatMap(({ execution }) => execution.takeTrace(nowMs) ?? []);
  }

  trace(id: ExecutionId): ExecutionTrace | null {
    return this.#residents.get(id)?.execution.takeTrace(this.#ports.monotonicMs()) ?? null;
  }

  running(): ExecutionId | null {
    return $.x instanceof Execution ? $.x.tenure.execution : null;
  }

  #executionHostOf(): ExecutionHost {
    const ports = this.#ports;
    return {
      monotonicMs: () => ports.monotonicMs(),
      attention: () => ports.attention(),
      mayAct: () => ports.mayAct(),
      interrupt: this.#options.interrupt,
      heapBytes: this.#options.heapBytes,
      isContended: (execution) => this.#isContended(execution),
      newFuel: () => new Fuel(this.#options.sliceMs, this.#options.fuelPerTick),
      ends: this.#options.ends,
      uncaught: this.#options.uncaught,
      storeNowMs: () => ports.monotonicMs() + this.#storeOffsetMs,
      after: (delayMs, fire) => ports.after(delayMs, fire),
      wake: (execution) => this.#stirred(execution),
    };
  }

  #dealingsHostOf(): DealingsHost {
    return {
      incarnation: this.#ports.incarnation,
      mailboxMax: this.#options.mailboxMax,
      act: (execution, act) => this.#act(execution, act),
      emit: (event) => this.#ports.emit(event),
      runEffect: (execution, effect) => this.#effects.run(execution, effect),
      checkpointSoon: ({ tenure }) => this.#ports.emit({ kind: 'checkpointWanted', tenure }),
      hashOf: (value) => this.#ports.digest.sha256(encodeValue(value)),
      encode: (_execution, value) => encodeValue(value, this.#coding.encoding),
      read: (bytes, ok) => readSent(bytes, this.#coding.decoding, ok),
      childId: ({ tenure }, sequence) => childIdOf(tenure, sequence, this.#ports.digest),
      methodIdOf: (execution, method) => methodIdIn(this.#packages.get(execution.ref.package), method),
    };
  }

  #admit(execution: Execution, dealings: Dealings): Resident {
    const id = execution.tenure.execution;
    this.discard(id);
    execution.api = dealings;
    const resident: Resident = { execution, dealings, late: [] };
    this.#residents.set(id, resident);
    this.#line.toEnd(execution);
    return resident;
  }

  #stirred(execution: Execution): void {
    this.#line.stir(execution);
    this.#ports.wake();
  }

  #with(id: ExecutionId, use: (resident: Resident) => void): boolean {
    const resident = this.#residents.get(id);
    if (resident === undefined) return false;
    // A frozen copy may be somebody else's by now: it takes what comes only once it runs again.
    if (resident.execution.frozen) resident.late.push(() => use(resident));
    else use(resident);
    this.#line.stir(resident.execution);
    return true;
  }

  /** Whether the event loop or another execution wants the thread. */
  isContended(): boolean {
    return $.x instanceof Execution && this.#isContended($.x);
  }

  #isContended(running: Execution): boolean {
    if (this.#effects.pending > 0) return true;
    for (const { execution } of this.#residents.values()) {
      if (execution !== running && execution.isReady) return true;
      if (execution.timers.size > 0 || execution.promises.foreign.size > 0) return true;
    }
    return false;
  }

  #act(execution: Execution, act: () => void): void {
    const resident = this.#residents.get(execution.tenure.execution);
    if (resident?.execution === execution) this.#acts.add(execution, act);
  }

  #captureResident(resident: Resident): CaptureOutcome {
    const { execution, dealings } = resident;
    if (this.#acts.areWaiting(execution)) return { kind: 'pinned', pin: pinOfActs(execution) };
    const startMs = this.#ports.monotonicMs();
    const captured = captureExecution(execution, dealings, this.#coding.capture);
    if (captured.kind === 'pinned') return captured;
    const { bytes } = captured;
    execution.captureMs = this.#ports.monotonicMs() - startMs;
    execution.snapshotBytes = bytes.length;
    const digest = digestOf(bytes);
    dealings.taken(digest);
    return {
      kind: 'captured',
      capture: {
        tenure: execution.tenure,
        bytes,
        digest,
        effectSequence: dealings.effects.sequence,
        effectsPending: this.#effects.pendingOf(execution),
        atMs: startMs,
      },
    };
  }

  #effectEnded(execution: Execution, effect: StartedEffect, ok: boolean, value: unknown): void {
    const resident = this.#residents.get(execution.tenure.execution);
    const isHere = resident?.execution === execution;
    const { sequence, generation } = effect;
    const settle = (): void => resident?.dealings.effects.settle(sequence, generation, () => ({ ok, value }));
    if (isHere && !execution.frozen) settle();
    else {
      if (isHere) resident.late.push(settle);
      const outcome = outcomeOf(effect, ok, value, this.#coding.encoding);
      this.#ports.emit({ kind: 'effectOutcome', execution: execution.tenure.execution, outcome });
    }
    this.#closeResources(execution);
    this.#stirred(execution);
  }

  /** Effects may use them after their execution has left. */
  #closeResources(execution: Execution): void {
    if (!execution.frozen && execution.end === 'none') return;
    if (this.#effects.pendingOf(execution) === 0) execution.resources.leave();
  }

  #settle(resident: Resident): void {
    if (!this.#ports.mayAct()) return;
    const { execution, dealings } = resident;
    const { root, crash } = execution;
    const isFailed = crash !== null || root === null;
    const ok = !isFailed && root.state === 'fulfilled';
    const value = isFailed ? crash?.error : root.value;
    execution.end = 'ending';
    const settlement = ok
      ? settledWith(value, this.#coding.encoding)
      : failedWith(value, this.#coding.encoding);
    const sent = readSent(settlement.value, this.#coding.decoding, settlement.kind === 'returned');
    dealings.finish(sent, () => {
      execution.end = 'settled';
      this.#ports.emit({ kind: 'settled', tenure: execution.tenure, settlement });
    });
    this.#closeResources(execution);
  }
}
