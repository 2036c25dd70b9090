import type { ActorAddress } from '../../core/ids.ts';
import type { Cancel, Clock } from '../../core/ports.ts';
import type {
  ActorContext,
  ActorRef,
  AnyBehaviour,
  AnyRef,
  AskOutcome,
  Behaviour,
  MonitorId,
  ReplyTo,
  SpawnOptions,
} from './contract.ts';
import { PendingAsk } from './ask.ts';
import type { Cell, Entry } from './cell.ts';
import { cellOf, Timer } from './cell.ts';
import { ActorGoneError } from './errors.ts';
import type { ExitReason } from './exit-reason.ts';
import { noproc } from './exit-reason.ts';

/** What an actor's hands reach for. */
export interface ContextEngine {
  readonly clock: Clock;
  spawn(parent: Cell, name: string, behaviour: AnyBehaviour, options: SpawnOptions): Cell;
  lookup(address: ActorAddress): Cell | null;
  ask(target: Cell, ask: PendingAsk, message: unknown, timeoutMs: number): void;
  post(cell: Cell, entry: Entry, urgent: boolean): void;
  postFromOutside(cell: Cell, entry: Entry): void;
  exit(target: Cell, from: Cell | null, reason: ExitReason, asParent: boolean): void;
  exitAskedOutsideTurn(cell: Cell): void;
  ready(cell: Cell): void;
  monitor(watcher: Cell, target: Cell): MonitorId;
  link(one: Cell, other: Cell): void;
}

/** One actor's hands on the engine. */
export class Context implements ActorContext<unknown, unknown> {
  readonly #cell: Cell;
  readonly #engine: ContextEngine;

  constructor(cell: Cell, engine: ContextEngine) {
    this.#cell = cell;
    this.#engine = engine;
  }

  get self(): ActorRef<unknown, unknown> {
    return this.#cell;
  }

  get replyTo(): ReplyTo<unknown> | null {
    return this.#cell.asked;
  }

  nowMs(): number {
    return this.#engine.clock.monotonicMs();
  }

  spawn<ChildState, ChildMessage, ChildReply>(
    name: string,
    behaviour: Behaviour<ChildState, ChildMessage, ChildReply>,
    options: SpawnOptions = {},
  ): ActorRef<ChildMessage, ChildReply> {
    const cell = this.#cell;
    if (cell.ended) throw new ActorGoneError(cell.path, `spawning '${name}'`, cell.exitReason ?? noproc);
    const child = this.#engine.spawn(cell, name, behaviour as unknown as AnyBehaviour, options);
    return child as ActorRef<unknown, unknown> as ActorRef<ChildMessage, ChildReply>;
  }

  ask<ToMessage, ToReply>(
    actor: ActorRef<ToMessage, ToReply>,
    message: ToMessage,
    timeoutMs: number,
    toMessage: (outcome: AskOutcome<ToReply>) => unknown,
  ): void {
    const asker = this.#cell;
    const target = cellOf(actor);
    const ask = new PendingAsk(target, asker, (outcome) => {
      const make = (): unknown => toMessage(outcome as AskOutcome<ToReply>);
      this.#engine.post(asker, { kind: 'outcome', make }, false);
    });
    this.#engine.ask(target, ask, message, timeoutMs);
  }

  pipe<Value>(
    promise: PromiseLike<Value>,
    onDone: (value: Value) => unknown,
    onFailed: (error: unknown) => unknown,
  ): void {
    const post = (make: () => unknown): void =>
      this.#engine.postFromOutside(this.#cell, { kind: 'outcome', make });
    promise.then(
      (value) => post(() => onDone(value)),
      (error: unknown) => post(() => onFailed(error)),
    );
  }

  after(delayMs: number, message: unknown): Cancel {
    const cell = this.#cell;
    if (cell.ended) return () => undefined;
    const timer = new Timer();
    cell.timers ??= new Set();
    cell.timers.add(timer);
    const cancel = this.#engine.clock.after(delayMs, () => {
      this.#engine.postFromOutside(cell, { kind: 'timer', timer, message });
    });
    timer.cancel = () => {
      timer.cancelled = true;
      cell.timers?.delete(timer);
      cancel();
    };
    return timer.cancel;
  }

  monitor(actor: AnyRef): MonitorId {
    return this.#engine.monitor(this.#cell, cellOf(actor));
  }

  demonitor(monitor: MonitorId): void {
    const target = this.#cell.watching?.get(monitor);
    target?.watchers?.delete(monitor);
    this.#cell.watching?.delete(monitor);
  }

  link(actor: AnyRef): void {
    this.#engine.link(this.#cell, cellOf(actor));
  }

  unlink(actor: AnyRef): void {
    const other = cellOf(actor);
    this.#cell.links?.delete(other);
    other.links?.delete(this.#cell);
  }

  exit(reason: ExitReason): void {
    this.#cell.exitAsked ??= reason;
    this.#engine.exitAskedOutsideTurn(this.#cell);
  }

  exitOther(actor: AnyRef, reason: ExitReason): void {
    const target = cellOf(actor);
    this.#engine.exit(target, this.#cell, reason, target.parent === this.#cell);
  }

  kill(actor: AnyRef): void {
    this.#engine.post(cellOf(actor), { kind: 'kill' }, true);
  }

  ready(): void {
    this.#engine.ready(this.#cell);
  }

  linger(): void {
    this.#cell.lingers = true;
  }

  lookup<ToMessage = unknown, ToReply = unknown>(address: ActorAddress): ActorRef<ToMessage, ToReply> | null {
    return this.#engine.lookup(address) as ActorRef<ToMessage, ToReply> | null;
  }
}
