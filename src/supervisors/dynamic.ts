import type { AnyRef, Signal } from '../actors/kernel/contract.ts';
import type { ExitReason } from '../actors/kernel/exit-reason.ts';
import { describeExit, shutdown, shutdownBecause } from '../actors/kernel/exit-reason.ts';
import { assertNever } from '../core/assert.ts';
import type { Reminder, SupervisorContext } from './child.ts';
import { Child } from './child.ts';
import type { ChildSpec } from './child-spec.ts';
import type { SupervisorMessage, SupervisorOptions } from './contract.ts';
import { backoffMs } from './restart-budget.ts';
import { decideExit, decideRestart, type Decision, type Supervised } from './restart-decision.ts';
import type { Asker, Supervision } from './supervision.ts';
import { asSupervised, countOf, limitMs, refuse } from './supervision.ts';

/** Who waits for a child to start or to end. */
interface Waiting {
  readonly start: Asker;
  readonly stop: readonly Asker[];
}

/**
 * Many children that come and go, each for itself: nobody waits for another one's start or end. They share one restart
 * budget, and end together. What is done, or was terminated, is forgotten.
 */
export class DynamicSupervision implements Supervision {
  readonly #options: SupervisorOptions;
  readonly #context: SupervisorContext;
  readonly #children = new Map<string, Child>();
  readonly #byActor = new Map<AnyRef, Child>();
  readonly #waiting = new Map<Child, Waiting>();
  /** Children whose first start is not over: when it fails they are forgotten, not restarted. */
  readonly #fresh = new Set<Child>();
  #restartsAtMs: readonly number[] = [];
  #endReason: ExitReason | null = null;

  constructor(options: SupervisorOptions, specs: readonly ChildSpec[], context: SupervisorContext) {
    this.#options = options;
    this.#context = context;
    for (const spec of specs) this.#children.set(spec.id, new Child(spec));
  }

  begin(): void {
    for (const child of this.#children.values()) this.#startFresh(child, null);
    this.#context.ready();
  }

  onMessage(message: SupervisorMessage | Reminder, replyTo: Asker): void {
    switch (message.kind) {
      case 'startChild':
        this.#add(message.spec, replyTo);
        return;
      case 'terminateChild': {
        const child = this.#children.get(message.id);
        if (child === undefined) refuse(replyTo, 'notFound', `there is no child ${message.id}`);
        else this.#terminate(child, replyTo);
        return;
      }
      case 'restartChild':
      case 'deleteChild':
        refuse(replyTo, 'dynamic', 'a dynamic supervisor forgets the children that have ended');
        return;
      case 'whichChildren':
        replyTo?.answer({
          kind: 'children',
          children: [...this.#children.values()].map((child) => child.status),
        });
        return;
      case 'countChildren':
        replyTo?.answer({ kind: 'counts', ...countOf([...this.#children.values()]) });
        return;
      case 'graceOver':
      case 'startOverdue':
        this.#onOverdue(message);
        return;
      case 'restartDue':
        this.#onRestartDue(message);
        return;
      default:
        assertNever(message);
    }
  }

  onSignal(signal: Signal): void {
    if (signal.kind === 'childReady') {
      const child = this.#byActor.get(signal.child);
      if (child?.phase !== 'starting') return;
      child.started();
      this.#onRunning(child);
    } else if (signal.kind === 'childExited') {
      const child = this.#byActor.get(signal.child);
      this.#byActor.delete(signal.child);
      if (child !== undefined) this.#onChildExited(child, signal.reason);
    }
  }

  onStopping(reason: ExitReason): boolean {
    if (this.#endReason === null) this.#end(reason.kind === 'shutdown' ? reason : shutdown);
    return this.#byActor.size > 0;
  }

  /** Stops all children at once, and itself when the last one has ended. */
  #end(reason: ExitReason): void {
    this.#endReason = reason;
    for (const child of this.#children.values()) {
      if (child.actor === null) this.#forget(child);
      else if (child.phase !== 'stopping') child.stop(this.#context);
    }
    this.#exitIfDone();
  }

  #exitIfDone(): void {
    if (this.#endReason !== null && this.#byActor.size === 0) this.#context.exit(this.#endReason);
  }

  #add(spec: ChildSpec, replyTo: Asker): void {
    if (this.#endReason !== null) {
      refuse(replyTo, 'stopping', 'the supervisor is stopping');
      return;
    }
    const present = this.#children.get(spec.id);
    if (present !== undefined) {
      refuse(replyTo, 'alreadyStarted', `child ${spec.id} is ${present.phase}`);
      return;
    }
    const child = new Child(spec);
    this.#children.set(spec.id, child);
    this.#startFresh(child, replyTo);
  }

  #startFresh(child: Child, replyTo: Asker): void {
    this.#fresh.add(child);
    this.#waiting.set(child, { start: replyTo, stop: [] });
    this.#start(child);
  }

  #start(child: Child): void {
    const started = child.start(this.#context);
    if (child.actor !== null) this.#byActor.set(child.actor, child);
    if (started.kind === 'running') this.#onRunning(child);
    else if (started.kind === 'failed') this.#onStartFailed(child, started.reason);
    else if (started.kind === 'ignored') {
      this.#waiting.get(child)?.start?.answer({ kind: 'childStarted', child: null });
      this.#forget(child);
    }
  }

  #onRunning(child: Child): void {
    this.#fresh.delete(child);
    this.#options.onEvent({ kind: 'childStarted', ...this.#about(child) });
    this.#waiting.get(child)?.start?.answer({ kind: 'childStarted', child: child.actor });
    this.#waiting.delete(child);
  }

  #onStartFailed(child: Child, reason: ExitReason): void {
    this.#options.onEvent({ kind: 'startFailed', ...this.#about(child), reason });
    if (this.#fresh.has(child)) {
      const asker = this.#waiting.get(child)?.start ?? null;
      this.#forget(child);
      refuse(asker, 'startFailed', describeExit(reason));
    } else {
      child.restartIn(this.#context, 0, false);
    }
  }

  #onChildExited(child: Child, reason: ExitReason): void {
    const phase = child.phase;
    child.gone('stopped');
    if (phase === 'stopping' || this.#endReason !== null) {
      this.#options.onEvent({ kind: 'childStopped', ...this.#about(child), reason });
      this.#forget(child);
      this.#exitIfDone();
    } else if (phase === 'starting') {
      this.#onStartFailed(child, reason);
    } else {
      this.#options.onEvent({ kind: 'childExited', ...this.#about(child), reason });
      const decision = decideExit(
        this.#supervised(child),
        asSupervised(child),
        reason,
        this.#context.nowMs(),
      );
      this.#carryOut(child, decision);
    }
  }

  #onRestartDue(due: Extract<Reminder, { readonly kind: 'restartDue' }>): void {
    const child = this.#children.get(due.id);
    if (child?.phase !== 'restarting' || child.attempt !== due.attempt) return;
    if (due.paid) {
      this.#start(child);
    } else {
      const decision = decideRestart(this.#supervised(child), asSupervised(child), this.#context.nowMs());
      this.#carryOut(child, decision);
    }
  }

  #onOverdue(message: Extract<Reminder, { readonly actor: AnyRef }>): void {
    const child = this.#children.get(message.id);
    const phase = message.kind === 'graceOver' ? 'stopping' : 'starting';
    if (child?.kill(this.#context, message.actor, phase) !== true) return;
    const graceMs = limitMs(child, message.kind);
    this.#options.onEvent({ kind: 'childKilled', ...this.#about(child), graceMs });
  }

  #supervised(child: Child): Supervised {
    const { strategy, budget } = this.#options;
    return { strategy, budget, restartsAtMs: this.#restartsAtMs, children: [asSupervised(child)] };
  }

  #carryOut(child: Child, decision: Decision): void {
    switch (decision.kind) {
      case 'keep':
      case 'forget':
        this.#forget(child);
        return;
      case 'giveUp':
        this.#options.onEvent({
          kind: 'budgetSpent',
          ...this.#about(child),
          restarts: decision.restarts,
        });
        this.#forget(child);
        this.#end(shutdownBecause(`restart budget spent by child ${child.spec.id}`));
        return;
      case 'restart': {
        this.#restartsAtMs = decision.restartsAtMs;
        const { backoff, random } = this.#options;
        const delayMs = backoffMs(decision.restartsAtMs.length, backoff, random.next());
        this.#options.onEvent({ kind: 'restarting', ...this.#about(child), delayMs });
        if (delayMs > 0) child.restartIn(this.#context, delayMs, true);
        else this.#start(child);
        return;
      }
      default:
        assertNever(decision);
    }
  }

  /** Also calls off a restart that is due. */
  #terminate(child: Child, replyTo: Asker): void {
    if (child.actor === null) {
      this.#forget(child);
      replyTo?.answer({ kind: 'done' });
      return;
    }
    const waiting = this.#waiting.get(child) ?? { start: null, stop: [] };
    this.#waiting.set(child, { ...waiting, stop: [...waiting.stop, replyTo] });
    // When it has ended by itself already, its exit is on its way and ends the wait just as well.
    if (child.phase !== 'stopping' && !child.stop(this.#context)) child.phase = 'stopping';
  }

  #forget(child: Child): void {
    child.gone('stopped');
    this.#children.delete(child.spec.id);
    this.#fresh.delete(child);
    const waiting = this.#waiting.get(child);
    this.#waiting.delete(child);
    if (waiting === undefined) return;
    if (waiting.stop.length > 0)
      refuse(waiting.start, 'startFailed', 'it was terminated before it was ready');
    for (const asker of waiting.stop) asker?.answer({ kind: 'done' });
  }

  #about(child: Child): { readonly supervisor: string; readonly id: string } {
    return { supervisor: this.#context.self.path, id: child.spec.id };
  }
}
