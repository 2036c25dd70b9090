import { messageOf } from '../../core/errors.ts';
import type { ExecutionId, SnapshotDigest } from '../../core/ids.ts';
import { executionId, hostOf, methodId } from '../../core/ids.ts';
import type { EffectOutcome } from '../../core/packet.ts';
import type { Digest } from '../../core/ports.ts';
import type { Tenure } from '../../core/execution.ts';
import { beginDelivery, Delivery } from '../../protocols/delivery/delivery.ts';
import { HeldActs } from '../../protocols/delivery/held-acts.ts';
import type { DeliveryPacket } from '../../protocols/delivery/packet.ts';
import type { DeliveryEffect } from '../../protocols/delivery/state.ts';
import { deliveryLimits } from '../../protocols/delivery/state.ts';
import type { RuntimeEvent } from './contract.ts';
import type { Child, DealingsState, SpawnEvent, WaitingSend } from './dealings-state.ts';
import { SendFailedError } from './errors.ts';
import type { Execution } from './execution.ts';
import type { EffectContext, ExecutionApi, SelfReference } from './running.ts';
import type { AnyFunction, PromiseRecord } from './method-code.ts';
import type { Outcome } from './promise-records.ts';
import { PendingEffects, type PendingEffectsHost } from './pending-effects.ts';

/** What dealings need of the runtime. */
export interface DealingsHost extends PendingEffectsHost {
  readonly mailboxMax: number;
  emit(event: RuntimeEvent): void;
  /** Has a checkpoint made soon, of a durable execution. */
  checkpointSoon(execution: Execution): void;
  encode(execution: Execution, value: unknown): Uint8Array;
  /** What cannot be read is the error that says so. */
  read(bytes: Uint8Array, ok?: boolean): Outcome;
  childId(execution: Execution, sequence: number): ExecutionId;
  methodIdOf(execution: Execution, method: AnyFunction): string;
}

/** The same whenever the same parent asks for it again in one generation. */
export function childIdOf({ execution, generation }: Tenure, sequence: number, digest: Digest): ExecutionId {
  const text = new TextEncoder().encode(`${execution}:${generation}:${sequence}`);
  return executionId(`x-${digest.sha256(text).slice(0, 24)}`);
}

/** All that an execution has to do with the world outside: effects, children, messages, timers. */
export class Dealings implements ExecutionApi {
  parent: ExecutionId | null = null;
  readonly effects: PendingEffects;
  readonly mailbox: unknown[] = [];
  readonly receivers: PromiseRecord[] = [];
  readonly #children = new Map<ExecutionId, Child>();
  #sends: WaitingSend[] = [];
  #delivery: Delivery;
  /** Rebuilt from a snapshot, and not run since. */
  #isFresh = false;
  #isOver = false;
  #lastWord: Uint8Array | null = null;
  /** Tells the outcome, once nobody is owed a message any more; null before the method has ended, and afterwards. */
  #tellEnd: (() => void) | null = null;
  readonly #execution: Execution;
  readonly #host: DealingsHost;
  readonly #held: HeldActs;

  constructor(execution: Execution, host: DealingsHost, durable = false) {
    this.#execution = execution;
    this.#host = host;
    this.#held = new HeldActs(() => host.checkpointSoon(execution));
    this.effects = new PendingEffects(execution, host, { durable, checkpointSoon: () => this.#held.ask() });
    this.#delivery = new Delivery(beginDelivery(execution.tenure));
  }

  capture(): DealingsState {
    return {
      workedMs: this.#execution.workedMs,
      parent: this.parent,
      effects: this.effects.capture(),
      children: [...this.#children.values()],
      mailbox: this.mailbox,
      receivers: this.receivers,
      sends: this.#sends,
      delivery: this.#delivery.capture(),
      isOver: this.#isOver,
      lastWord: this.#lastWord,
    };
  }

  restore(state: DealingsState): void {
    this.#execution.workedBeforeMs = state.workedMs;
    this.parent = state.parent;
    this.effects.restore(state.effects);
    for (const child of state.children) this.#children.set(child.spawn.child, child);
    this.mailbox.push(...state.mailbox);
    this.receivers.push(...state.receivers);
    this.#sends = [...state.sends];
    this.#delivery = new Delivery(state.delivery);
    this.#isOver = state.isOver;
    this.#lastWord = state.lastWord;
    this.#isFresh = true;
  }

  /** Whether nobody is owed anything that it has sent. */
  get isIdle(): boolean {
    return this.#delivery.idle && this.#sends.length === 0 && this.#lastWord === null;
  }

  /** The execution goes on here as owner. */
  resume(): void {
    this.#perform(this.#delivery.step({ kind: 'claimed', tenure: this.#execution.tenure }));
    if (!this.#isOver) this.#execution.timers.resume();
    const { epoch } = this.#execution.tenure;
    this.effects.claimed(this.#execution.tenure, this.#isFresh);
    this.#isFresh = false;
    for (const child of this.#children.values()) {
      if (child.epoch === epoch) continue;
      this.#spawn(child);
    }
    this.#endIfIdle();
  }

  /** The execution stands still, or is gone. */
  suspend(): void {
    this.#execution.timers.suspend();
  }

  effect(name: string, options: object, run: (context: EffectContext) => unknown): Promise<unknown> {
    return this.effects.call(name, options, run);
  }

  takeOutcome({ sequence, generation, ok, value }: EffectOutcome): void {
    this.effects.settle(sequence, generation, () => this.#host.read(value, ok));
  }

  start(
    method: AnyFunction,
    args: readonly unknown[],
    options: object,
  ): { readonly execution: string; readonly result: Promise<unknown> } {
    const execution = this.#execution;
    const id = this.#host.methodIdOf(execution, method);
    const child = this.#host.childId(execution, this.effects.number());
    // The parent's id travels as a property of the array: it is part of the arguments, and reaches no method.
    const withParent = Object.assign([...args], { parent: execution.tenure.execution });
    const spawn: SpawnEvent = {
      kind: 'spawn',
      parent: execution.tenure,
      child,
      method: { package: execution.ref.package, method: methodId(id) },
      args: this.#host.encode(execution, withParent),
      options: this.#host.encode(execution, { durable: this.effects.durable, ...options }),
    };
    const record = execution.promises.create(`child ${child}`);
    // Nobody has to await a child: its failure is its own.
    record.handled = true;
    const started: Child = { spawn, epoch: 0, record };
    this.#children.set(child, started);
    this.#spawn(started);
    return { execution: child, result: record.promise };
  }

  #spawn(child: Child): void {
    const { epoch } = this.#execution.tenure;
    this.act(() => {
      // Only now: a copy that was taken before asks for it itself.
      child.epoch = epoch;
      this.#host.emit({ ...child.spawn, parent: this.#execution.tenure });
    });
  }

  /** Something that leaves the execution: as soon as the lease allows it and, if it is durable, a checkpoint covers it. */
  act(act: () => void): void {
    const acts = (): void => this.#host.act(this.#execution, act);
    if (this.effects.durable) this.#held.hold(acts);
    else acts();
  }

  /**
   * The method has returned or thrown. What it has sent outlives it (promise 4): `tell` is called once all of that has
   * been taken, or is owed to nobody any more. Until then the execution is one like any other, which moves and is
   * recovered with its outbox. What is sent to it is acknowledged and read by nobody: so two that end at one time do
   * not wait for each other.
   */
  finish(ended: Outcome, tell: () => void): void {
    this.#tellEnd = tell;
    if (!this.#isOver) {
      this.#isOver = true;
      this.mailbox.length = 0;
      if (this.parent !== null) this.#lastWord = this.#lastWordTo(this.parent, ended);
      this.#tellParent();
      this.#perform(this.#delivery.step({ kind: 'emptied', room: this.#room }));
    }
    this.suspend();
    this.#endIfIdle();
  }

  /**
   * The register takes an end whole, and nothing is recovered after it: where nothing else is held it needs no checkpoint
   * of its own. What a parent is told goes out before the register has it, and so does need one.
   */
  #endIfIdle(): void {
    const tell = this.#tellEnd;
    if (tell === null || !this.isIdle) return;
    this.#tellEnd = null;
    if (this.#isCovered) this.#host.act(this.#execution, tell);
    else this.act(tell);
  }

  /** It was captured under this digest. */
  /** A capture was taken that may still become durable. */
  get awaitsCovering(): boolean {
    return this.#held.awaitsCovering;
  }

  taken(digest: SnapshotDigest): void {
    if (this.effects.durable) this.#held.taken(digest, this.effects.sequence);
  }

  /** The checkpoint with this digest is durable: what it covers is done. */
  covered(digest: SnapshotDigest): void {
    const covered = this.#held.covered(digest);
    if (covered === null) return;
    this.effects.covered(covered.sequence);
    for (const act of covered.acts) act();
    if (!this.#isCovered) this.#held.ask();
  }

  get #isCovered(): boolean {
    return this.#held.isEmpty && !this.effects.isRecording;
  }

  self(): SelfReference {
    const { execution, epoch, generation } = this.#execution.tenure;
    return { execution, epoch, generation, host: hostOf(this.#host.incarnation) };
  }

  send(to: { readonly execution: string }, message: unknown): Promise<void> {
    const record = this.#execution.promises.create(`send to ${to.execution}`);
    let body: Uint8Array;
    try {
      body = this.#host.encode(this.#execution, message);
    } catch (error) {
      this.#execution.promises.settle(record, false, error);
      return record.promise as Promise<void>;
    }
    const send: WaitingSend = { to: executionId(to.execution), body, record };
    if (this.#sends.some((earlier) => earlier.to === send.to)) this.#sends.push(send);
    else this.#trySend(send);
    return record.promise as Promise<void>;
  }

  /** @returns whether the outbox was full */
  #trySend(send: WaitingSend): boolean {
    const effects = this.#delivery.step({ kind: 'sent', to: send.to, subject: 'user', body: send.body });
    const refused = effects.find((effect) => effect.kind === 'refuse');
    const reason = refused?.kind === 'refuse' ? refused.reason : null;
    if (reason === 'full') {
      this.#sends.push(send);
      return true;
    }
    const ok = reason === null;
    const failure = ok ? undefined : new SendFailedError(send.to, reason, send.body.byteLength);
    if (ok) this.#execution.tally.sent(send.to, send.body.byteLength);
    this.#execution.promises.settle(send.record, ok, failure);
    this.#perform(effects);
    return false;
  }

  receive(): Promise<unknown> {
    const record = this.#execution.promises.create('a message');
    if (this.mailbox.length === 0) {
      this.receivers.push(record);
    } else {
      this.#execution.promises.settle(record, true, this.mailbox.shift());
      this.#perform(this.#delivery.step({ kind: 'emptied', room: this.#room }));
    }
    return record.promise;
  }

  sleep(ms: number): Promise<void> {
    const record = this.#execution.promises.create(`sleep(${ms})`);
    this.#execution.timers.sleep(ms, record);
    return record.promise as Promise<void>;
  }

  get #room(): number {
    if (this.#isOver) return Infinity;
    return Math.max(0, this.#host.mailboxMax + this.receivers.length - this.mailbox.length);
  }

  deliver(packet: DeliveryPacket): void {
    this.#perform(this.#delivery.step({ kind: 'received', packet, room: this.#room }));
    this.#endIfIdle();
  }

  /** The register says that nobody is there any more, or ever was: whoever waits to send to it hears so, too. */
  peerGone(peer: ExecutionId, gone: 'ended' | 'absent'): void {
    if (gone === 'absent') {
      const waiting = this.#sends.filter(({ to }) => to === peer);
      this.#sends = this.#sends.filter(({ to }) => to !== peer);
      for (const { record } of waiting)
        this.#execution.promises.settle(record, false, new SendFailedError(peer, gone));
    }
    this.#perform(this.#delivery.step({ kind: gone, peer }));
    this.#endIfIdle();
  }

  retransmit(): void {
    this.#held.repeat(this.#isCovered, this.#delivery, (packet) => this.#transmit(packet));
  }

  #transmit(packet: DeliveryPacket): void {
    this.#host.act(this.#execution, () => this.#host.emit({ kind: 'packet', packet }));
  }

  #lastWordTo(parent: ExecutionId, ended: Outcome): Uint8Array {
    const failed = (value: Error): Uint8Array => this.#host.encode(this.#execution, { ok: false, value });
    let body: Uint8Array;
    try {
      body = this.#host.encode(this.#execution, ended);
    } catch (error) {
      return failed(new TypeError(messageOf(error)));
    }
    if (body.byteLength <= deliveryLimits.bodyBytesMax) return body;
    return failed(new SendFailedError(parent, 'tooLarge', body.byteLength));
  }

  /** How the execution ended is the last message that its parent gets from it. */
  #tellParent(): void {
    const { parent } = this;
    const body = this.#lastWord;
    if (body === null || parent === null || this.#sends.some(({ to }) => to === parent)) return;
    this.#lastWord = null;
    this.#perform(this.#delivery.step({ kind: 'sent', to: parent, subject: 'childSettled', body }));
  }

  #perform(effects: readonly DeliveryEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'transmit') {
        const { packet } = effect;
        this.act(() => this.#host.emit({ kind: 'packet', packet }));
      } else if (effect.kind === 'deliver') {
        if (this.#isOver) {
          this.#children.delete(effect.from);
          continue;
        }
        const read = this.#host.read(effect.body);
        this.#execution.tally.received(effect.from, effect.body.byteLength);
        if (effect.subject === 'user') this.#accept(read.value);
        else this.settleChild(effect.from, read.ok ? (read.value as Outcome) : read);
      } else if (effect.kind === 'free') {
        this.#sendAgain(effect.peer);
      }
    }
  }

  #accept(message: unknown): void {
    this.#execution.tally.messagesIn += 1;
    const receiver = this.receivers.shift();
    if (receiver === undefined) this.mailbox.push(message);
    else this.#execution.promises.settle(receiver, true, message);
  }

  /** A child has ended: its last message says so, or the register. Later reports of the same one are dropped. */
  settleChild(id: ExecutionId, { ok, value }: Outcome): void {
    const child = this.#children.get(id);
    if (child === undefined) return;
    this.#children.delete(id);
    this.#execution.promises.settle(child.record, ok, value);
    this.#perform(this.#delivery.step({ kind: 'ended', peer: id }));
  }

  #sendAgain(peer: ExecutionId): void {
    const waiting = this.#sends.filter(({ to }) => to === peer);
    this.#sends = this.#sends.filter(({ to }) => to !== peer);
    let isFull = false;
    for (const send of waiting) {
      if (isFull) this.#sends.push(send);
      else isFull = this.#trySend(send);
    }
    this.#tellParent();
  }
}
