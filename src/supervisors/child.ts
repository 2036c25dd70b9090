import type { ActorContext, AnyRef } from '../actors/kernel/contract.ts';
import type { ExitReason } from '../actors/kernel/exit-reason.ts';
import { crashed, noproc, shutdown } from '../actors/kernel/exit-reason.ts';
import type { Cancel } from '../core/ports.ts';
import type { ChildPhase, ChildSpec, ChildStatus } from './child-spec.ts';
import type { SupervisionEvent, SupervisorMessage } from './contract.ts';

/** What a supervisor tells itself. Each names the very attempt that it is about, so that a late one does nothing. */
export type Reminder =
  | { readonly kind: 'graceOver'; readonly id: string; readonly actor: AnyRef }
  | { readonly kind: 'startOverdue'; readonly id: string; readonly actor: AnyRef }
  /** The backoff is over, or a failed start is to be tried again. */
  | { readonly kind: 'restartDue'; readonly id: string; readonly attempt: number; readonly paid: boolean };

export type SupervisorContext = ActorContext<SupervisorMessage | Reminder>;
export type Report = (event: SupervisionEvent) => void;

/** What came of an order to start. */
export type Started =
  | { readonly kind: 'running'; readonly actor: AnyRef }
  /** Not ready yet: a `childReady` or `childExited` signal will say. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'failed'; readonly reason: ExitReason };

/** One child of one supervisor: owns the child's spec, its current actor, and the timer of what it waits for. */
export class Child {
  readonly spec: ChildSpec;
  phase: ChildPhase = 'stopped';
  actor: AnyRef | null = null;
  /** Counts the times that a restart became due. */
  attempt = 0;
  #cancelTimer: Cancel = () => undefined;

  constructor(spec: ChildSpec) {
    this.spec = spec;
  }

  get status(): ChildStatus {
    return { id: this.spec.id, phase: this.phase, actor: this.actor, type: this.spec.type };
  }

  start(context: SupervisorContext): Started {
    try {
      const start = this.spec.start();
      if (start.kind === 'ignore') {
        this.gone('stopped');
        return { kind: 'ignored' };
      }
      const actor = context.spawn(this.spec.id, start.behaviour, start.options) as AnyRef;
      // A child whose `init` threw is told of by a `childExited` as well: of an actor that nobody has any more.
      if (actor.status === 'ended') return { kind: 'failed', reason: actor.exitReason ?? noproc };
      this.actor = actor;
      if (actor.status !== 'starting') {
        this.phase = 'running';
        return { kind: 'running', actor };
      }
      this.phase = 'starting';
      this.#remind(context, this.spec.startTimeoutMs, { kind: 'startOverdue', id: this.spec.id, actor });
      return { kind: 'starting' };
    } catch (error) {
      return { kind: 'failed', reason: crashed(error) };
    }
  }

  /** It became ready. */
  started(): void {
    this.#cancelTimer();
    this.phase = 'running';
  }

  /** Orders the actor to end, as its spec says. @returns false when there is none that could still end */
  stop(context: SupervisorContext): boolean {
    this.#cancelTimer();
    const actor = this.actor;
    if (actor === null || actor.status === 'ended') return false;
    this.phase = 'stopping';
    const how = this.spec.shutdown;
    if (how.kind === 'brutal') {
      context.kill(actor);
    } else {
      context.exitOther(actor, shutdown);
      if (how.kind === 'grace') {
        this.#remind(context, how.graceMs, { kind: 'graceOver', id: this.spec.id, actor });
      }
    }
    return true;
  }

  /** The actor has ended, or its restart is called off. */
  gone(phase: 'stopped' | 'restarting'): void {
    this.#cancelTimer();
    this.actor = null;
    this.phase = phase;
  }

  /** Restart it in `delayMs`, and until then let it be `restarting`. @param paid whether the budget has paid for it */
  restartIn(context: SupervisorContext, delayMs: number, paid: boolean): void {
    this.gone('restarting');
    this.attempt += 1;
    const reminder: Reminder = { kind: 'restartDue', id: this.spec.id, attempt: this.attempt, paid };
    // In a later turn at the earliest: so an order to stop gets in between two failing attempts.
    if (delayMs > 0) this.#remind(context, delayMs, reminder);
    else
      context.pipe(
        Promise.resolve(),
        () => reminder,
        () => reminder,
      );
  }

  /** A child was too slow to end or to get ready. @returns whether the reminder is about its present actor */
  kill(context: SupervisorContext, actor: AnyRef, phase: ChildPhase): boolean {
    if (this.actor !== actor || this.phase !== phase) return false;
    context.kill(actor);
    return true;
  }

  #remind(context: SupervisorContext, delayMs: number, reminder: Reminder): void {
    this.#cancelTimer();
    this.#cancelTimer = context.after(delayMs, reminder);
  }
}
