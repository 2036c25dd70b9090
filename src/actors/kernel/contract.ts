import type { ActorAddress } from '../../core/ids.ts';
import type { Cancel } from '../../core/ports.ts';
import type { AskError } from './errors.ts';
import type { ExitReason } from './exit-reason.ts';

declare const reply: unique symbol;

/** `starting` until `context.ready()` where the behaviour starts `whenReady`; `stopping` while it lingers. */
export type ActorStatus = 'starting' | 'running' | 'stopping' | 'ended';

/**
 * One actor, for its whole life and never another one: a later actor of the same name has another reference.
 * References are local to their kernel; hosts reach each other's actors by address.
 */
export interface ActorRef<in Message, out Reply = unknown> {
  /** Names from the top, for people: `/host/executions/x-3f9c21`. */
  readonly path: string;
  /** Never used twice in one kernel. */
  readonly incarnation: number;
  readonly status: ActorStatus;
  /** Null while the actor has not ended. */
  readonly exitReason: ExitReason | null;
  /**
   * Queues a message, to be handled in a later turn. Messages from one sender to one receiver keep their order.
   *
   * @returns false when the message is dropped: the actor has ended, or its mailbox is at its bound
   */
  tell(message: Message): boolean;
  readonly [reply]?: Reply;
}

/** A reference whose message types do not matter to the holder: to link, monitor, stop. */
export type AnyRef = ActorRef<never>;

/** The right to answer one `ask`, once. May be kept in an actor's state and used in a later turn. */
export interface ReplyTo<Reply> {
  /** @returns false when nobody waits any more: answered already, timed out, or the asker has ended */
  answer(reply: Reply): boolean;
  /**
   * Passes the question on: from now on it fails when `to` ends, and no longer when the actor that was asked does.
   * Whoever passes a question on hands this right to `to` too.
   */
  entrust(to: AnyRef): void;
}

/** What an `ask` from an actor comes to. */
export type AskOutcome<Reply> =
  { readonly kind: 'replied'; readonly reply: Reply } | { readonly kind: 'failed'; readonly error: AskError };

/** Identifies one `monitor` call. */
export type MonitorId = number;

/** What the kernel tells an actor. Signals do not count against the mailbox bound and are never dropped. */
export type Signal =
  /** A child ended, for whatever reason. Comes exactly once for each child, also for one whose `init` threw. */
  | { readonly kind: 'childExited'; readonly child: AnyRef; readonly reason: ExitReason }
  /** A child that starts `whenReady` called `context.ready()`. */
  | { readonly kind: 'childReady'; readonly child: AnyRef }
  /** A monitored actor ended, or had ended before (`noproc`). */
  | {
      readonly kind: 'down';
      readonly monitor: MonitorId;
      readonly actor: AnyRef;
      readonly reason: ExitReason;
    }
  /** A linked actor ended, or somebody asked this one to exit; only actors that trap exits see it. */
  | { readonly kind: 'exit'; readonly from: AnyRef | null; readonly reason: ExitReason };

/**
 * What an actor does. All hooks are synchronous: asynchronous work goes through `context.pipe`. What a hook throws
 * crashes this actor and nothing else; a hook that returns a promise is a bug and crashes it too.
 */
export interface Behaviour<State, Message, Reply = unknown> {
  /** Runs inside `spawn`, before it returns. */
  init(context: ActorContext<Message, Reply>): State;
  /** @returns the state for the next message */
  receive(state: State, message: Message, context: ActorContext<Message, Reply>): State;
  /** Without this hook signals are ignored. */
  signal?(state: State, signal: Signal, context: ActorContext<Message, Reply>): State;
  /**
   * Runs once, when the actor ends by itself, by a crash, by an exit signal or with its parent, but not when it is
   * killed or when `init` threw. Its children still live. In a `shutdown` that its parent gives time to it may call
   * `context.linger()`.
   */
  stopping?(state: State, reason: ExitReason, context: ActorContext<Message, Reply>): State;
  /** Turns exit signals into `exit` signals to the hook, except `kill` and those of the own parent. Default false. */
  readonly trapsExits?: boolean;
  /** Whether the actor counts as started when `init` returns (the default) or when it calls `context.ready()`. */
  readonly starts?: 'atOnce' | 'whenReady';
}

/** A behaviour whose types do not matter to the holder: in lists of children. */
export type AnyBehaviour = Behaviour<unknown, unknown, unknown>;

export interface SpawnOptions {
  /** Registered while the actor lives, for `lookup`. */
  readonly address?: ActorAddress;
  /** Messages that may wait; more are refused. Default 10,000. Signals, timers and outcomes do not count. */
  readonly mailboxMax?: number;
}

/** An actor's own hands. Valid in its hooks; harmless, but without effect, once it has ended. */
export interface ActorContext<in out Message, Reply = unknown> {
  readonly self: ActorRef<Message, Reply>;
  /** Who asked for an answer to the message that is being handled; null when it was told, or in other hooks. */
  readonly replyTo: ReplyTo<Reply> | null;
  /** Milliseconds of the kernel's monotonic clock. */
  nowMs(): number;
  /**
   * Starts a child. It ends at the latest with this actor; children end last to first. `init` has run on return;
   * where it threw, the reference's status is `ended` and the `childExited` signal is on its way.
   *
   * @throws {InvalidActorNameError} name is not made of letters, digits and `-_.+`
   * @throws {ActorNameTakenError} a living child has this name
   * @throws {AddressTakenError} a living actor has this address
   * @throws {ActorGoneError} this actor has ended
   */
  spawn<ChildState, ChildMessage, ChildReply>(
    name: string,
    behaviour: Behaviour<ChildState, ChildMessage, ChildReply>,
    options?: SpawnOptions,
  ): ActorRef<ChildMessage, ChildReply>;
  /** Asks, and gets the outcome as a message to itself, always, also past the mailbox bound. */
  ask<ToMessage, ToReply>(
    actor: ActorRef<ToMessage, ToReply>,
    message: ToMessage,
    timeoutMs: number,
    toMessage: (outcome: AskOutcome<ToReply>) => Message,
  ): void;
  /** Gets the outcome of a promise as a message to itself, also past the mailbox bound. */
  pipe<Value>(
    promise: PromiseLike<Value>,
    onDone: (value: Value) => Message,
    onFailed: (error: unknown) => Message,
  ): void;
  /** Tells itself `message` in `delayMs`, unless cancelled: a cancelled timer's message never arrives. */
  after(delayMs: number, message: Message): Cancel;
  /** Asks for one `down` signal when `actor` ends. */
  monitor(actor: AnyRef): MonitorId;
  /** After this no `down` signal of that monitor arrives. */
  demonitor(monitor: MonitorId): void;
  /** Ties two ends together, both ways: when one ends, the other gets an exit signal with its reason. */
  link(actor: AnyRef): void;
  unlink(actor: AnyRef): void;
  /** Ends this actor once the running hook returns. */
  exit(reason: ExitReason): void;
  /**
   * Sends an exit signal, which overtakes waiting messages. `normal` ends nobody; an actor that traps exits sees it
   * as a signal, unless its own parent sent it; any other ends with this reason.
   */
  exitOther(actor: AnyRef, reason: ExitReason): void;
  /** Ends another actor without any of its hooks, with reason `killed`; its children end in order. */
  kill(actor: AnyRef): void;
  /** Says that a behaviour that starts `whenReady` has started. */
  ready(): void;
  /** In `stopping` only, on `shutdown` only: stay, and go on handling messages, until `exit` or a kill. */
  linger(): void;
  lookup<ToMessage = unknown, ToReply = unknown>(address: ActorAddress): ActorRef<ToMessage, ToReply> | null;
}

/** What happens in a kernel that somebody should see: for telemetry. The listener must not throw. */
export type KernelEvent =
  | { readonly kind: 'crashed'; readonly actor: AnyRef; readonly error: unknown }
  /** `stopping` threw; the actor ended all the same. */
  | { readonly kind: 'stoppingFailed'; readonly actor: AnyRef; readonly error: unknown }
  /** A mailbox reached its bound. Told once, until the mailbox has been empty again. */
  | { readonly kind: 'mailboxFull'; readonly actor: AnyRef; readonly mailboxMax: number };

/** Runs actors. Two implementations: `createKernel` on nact, and the simulator's. */
export interface Kernel {
  /** Starts an actor at the top; see `ActorContext.spawn`. */
  spawn<State, Message, Reply>(
    name: string,
    behaviour: Behaviour<State, Message, Reply>,
    options?: SpawnOptions,
  ): ActorRef<Message, Reply>;
  /** The living actor that was spawned with this address. The caller answers for the types. */
  lookup<Message = unknown, Reply = unknown>(address: ActorAddress): ActorRef<Message, Reply> | null;
  /**
   * Asks from outside any actor.
   *
   * @throws {AskTimeoutError} no answer within `timeoutMs`
   * @throws {MailboxFullError} the mailbox is at its bound; nothing was queued
   * @throws {ActorGoneError} the actor had ended, or ended before it answered
   */
  ask<Message, Reply>(actor: ActorRef<Message, Reply>, message: Message, timeoutMs: number): Promise<Reply>;
  /** Sends an exit signal from outside any actor; see `ActorContext.exitOther`. */
  exit(actor: AnyRef, reason: ExitReason): void;
  kill(actor: AnyRef): void;
  /**
   * Stops an actor as its parent would: `shutdown`, and after `graceMs` a kill.
   *
   * @returns the reason with which it ended
   */
  stop(actor: AnyRef, graceMs: number): Promise<ExitReason>;
  /** Stops all actors at the top, last to first, each within `graceMs`. Spawning fails from then on. */
  shutdown(graceMs: number): Promise<void>;
}
