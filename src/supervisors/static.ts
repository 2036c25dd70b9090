import type { AnyRef, Signal } from '../actors/kernel/contract.ts';
import type { ExitReason } from '../actors/kernel/exit-reason.ts';
import { describeExit, shutdown, shutdownBecause } from '../actors/kernel/exit-reason.ts';
import { assertNever } from '../core/assert.ts';
import type { Reminder, SupervisorContext } from './child.ts';
import { Child } from './child.ts';
import type { ChildSpec } from './child-spec.ts';
import type { SupervisorMessage, SupervisorOptions } from './contract.ts';
import { backoffMs } from './restart-budget.ts';
import type { Decision, Supervised } from './restart-decision.ts';
import { decideExit, decideRestart } from './restart-decision.ts';
import type { Asker, Supervision } from './supervision.ts';
import { asSupervised, countOf, limitMs, refuse } from './supervision.ts';

/** A run of stops, last to first, and then starts, first to last, each waited for. */
interface Work {
  readonly stops: Child[];
  readonly starts: Child[];
  readonly done: () => void;
  readonly startFailed: (child: Child, reason: ExitReason) => void;
}

/** Requests that may wait for the present work; more are refused. Exits and restarts are bounded by the children. */
const requestsMax = 1_000;

/** What waits until the present work is done. */
type Pending =
  | { readonly kind: 'exit'; readonly child: Child; readonly actor: AnyRef; readonly reason: ExitReason }
  | { readonly kind: 'restartDue'; readonly child: Child; readonly attempt: number; readonly paid: boolean }
  | {
      readonly kind: 'request';
      readonly message: SupervisorMessage;
      readonly replyTo: Asker;
    };

/** one_for_one, one_for_all, rest_for_one: children in an order, one piece of work at a time. */
export class StaticSupervision implements Supervision {
  readonly #options: SupervisorOptions;
  readonly #context: SupervisorContext;
  /** In start order. */
  #children: Child[];
  #restartsAtMs: readonly number[] = [];
  #work: Work | null = null;
  /** The child whose start or end the work waits for. */
  #awaited: Child | null = null;
  #pending: Pending[] = [];
  #ending = false;

  constructor(options: SupervisorOptions, specs: readonly ChildSpec[], context: SupervisorContext) {
    this.#options = options;
    this.#context = context;
    this.#children = specs.map((spec) => new Child(spec));
  }

  begin(): void {
    this.#work = {
      stops: [],
      starts: [...this.#children],
      done: () => this.#context.ready(),
      startFailed: (child, reason) => {
        const detail = `child ${child.spec.id} failed to start: ${describeExit(reason)}`;
        this.#end(shutdownBecause(detail));
      },
    };
    this.#goOn();
  }

  onMessage(message: SupervisorMessage | Reminder, replyTo: Asker): void {
    switch (message.kind) {
      case 'whichChildren':
        replyTo?.answer({ kind: 'children', children: this.#children.map((child) => child.status) });
        return;
      case 'countChildren':
        replyTo?.answer({ kind: 'counts', ...countOf(this.#children) });
        return;
      case 'graceOver':
      case 'startOverdue':
        this.#onOverdue(message);
        return;
      case 'restartDue': {
        const child = this.#find(message.id);
        if (child !== null) this.#pending.push({ ...message, kind: 'restartDue', child });
        break;
      }
      default:
        if (this.#pending.length < requestsMax) this.#pending.push({ kind: 'request', message, replyTo });
        else refuse(replyTo, 'busy', `${requestsMax} requests wait already`);
    }
    this.#goOn();
  }

  #onOverdue(message: Extract<Reminder, { readonly actor: AnyRef }>): void {
    const child = this.#find(message.id);
    const phase = message.kind === 'graceOver' ? 'stopping' : 'starting';
    if (child === null || !child.kill(this.#context, message.actor, phase)) return;
    const graceMs = limitMs(child, message.kind);
    this.#options.onEvent({ kind: 'childKilled', ...this.#about(child), graceMs });
  }

  onSignal(signal: Signal): void {
    if (signal.kind === 'childReady') {
      const child = this.#awaited;
      if (child === null || child.actor !== signal.child || child.phase !== 'starting') return;
      this.#awaited = null;
      child.started();
      this.#options.onEvent({ kind: 'childStarted', ...this.#about(child) });
      this.#goOn();
    } else if (signal.kind === 'childExited') {
      const child = this.#children.find((one) => one.actor === signal.child);
      if (child !== undefined) this.#onChildExited(child, signal.child, signal.reason);
    }
  }

  #onChildExited(child: Child, actor: AnyRef, reason: ExitReason): void {
    if (this.#awaited !== child) {
      this.#pending.push({ kind: 'exit', child, actor, reason });
    } else {
      this.#awaited = null;
      const starting = child.phase === 'starting';
      child.gone('stopped');
      this.#options.onEvent({
        kind: starting ? 'startFailed' : 'childStopped',
        ...this.#about(child),
        reason,
      });
      if (starting) this.#work?.startFailed(child, reason);
      else this.#dropIfTemporary(child);
    }
    this.#goOn();
  }

  onStopping(reason: ExitReason): boolean {
    if (!this.#ending) this.#end(reason.kind === 'shutdown' ? reason : shutdown);
    this.#goOn();
    return this.#children.some((child) => child.actor !== null);
  }

  /** Stops all children, last to first, and then itself. Nothing else happens any more. */
  #end(reason: ExitReason): void {
    this.#ending = true;
    // A child that is on its way up is stopped like any other; one that is on its way down is still waited for.
    if (this.#awaited?.phase === 'starting') this.#awaited = null;
    this.#work = {
      stops: this.#children.toReversed(),
      starts: [],
      done: () => this.#context.exit(reason),
      startFailed: () => undefined,
    };
  }

  #goOn(): void {
    while (this.#awaited === null) {
      const work = this.#work;
      if (work === null && this.#ending) break;
      const stop = work?.stops.shift();
      const start = stop === undefined ? work?.starts.shift() : undefined;
      if (stop !== undefined) {
        this.#stop(stop);
      } else if (start !== undefined) {
        this.#start(start);
      } else if (work !== null) {
        this.#work = null;
        work.done();
      } else {
        const next = this.#pending.shift();
        if (next === undefined) break;
        this.#take(next);
      }
    }
    if (this.#ending) this.#refusePending();
  }

  #stop(child: Child): void {
    if (child.stop(this.#context)) {
      this.#awaited = child;
      return;
    }
    // It ended by itself: what its exit would have asked for is being done already.
    const reason = child.actor?.exitReason ?? null;
    if (reason !== null) this.#options.onEvent({ kind: 'childExited', ...this.#about(child), reason });
    child.gone('stopped');
    this.#dropIfTemporary(child);
  }

  #start(child: Child): void {
    const started = child.start(this.#context);
    if (started.kind === 'failed') {
      this.#options.onEvent({ kind: 'startFailed', ...this.#about(child), reason: started.reason });
      this.#work?.startFailed(child, started.reason);
    } else if (started.kind === 'starting') {
      this.#awaited = child;
    } else if (started.kind === 'running') {
      this.#options.onEvent({ kind: 'childStarted', ...this.#about(child) });
    } else {
      this.#dropIfTemporary(child);
    }
  }

  #take(pending: Pending): void {
    switch (pending.kind) {
      case 'exit': {
        const { child, actor, reason } = pending;
        if (child.actor !== actor) return;
        child.gone('stopped');
        this.#options.onEvent({ kind: 'childExited', ...this.#about(child), reason });
        const decision = decideExit(this.#supervised(), asSupervised(child), reason, this.#context.nowMs());
        this.#carryOut(child, decision);
        return;
      }
      case 'restartDue': {
        const { child, attempt, paid } = pending;
        if (child.phase !== 'restarting' || child.attempt !== attempt) return;
        if (paid) this.#startAffected(child);
        else this.#carryOut(child, this.#decideRestart(child));
        return;
      }
      case 'request':
        this.#request(pending.message, pending.replyTo);
        return;
      default:
        assertNever(pending);
    }
  }

  #supervised(): Supervised {
    const { strategy, budget } = this.#options;
    return {
      strategy,
      budget,
      restartsAtMs: this.#restartsAtMs,
      children: this.#children.map(asSupervised),
    };
  }

  #decideRestart(child: Child): Decision {
    return decideRestart(this.#supervised(), asSupervised(child), this.#context.nowMs());
  }

  #carryOut(child: Child, decision: Decision): void {
    switch (decision.kind) {
      case 'keep':
        return;
      case 'forget':
        this.#drop(child);
        return;
      case 'giveUp':
        child.gone('stopped');
        this.#options.onEvent({ kind: 'budgetSpent', ...this.#about(child), restarts: decision.restarts });
        this.#end(shutdownBecause(`restart budget spent by child ${child.spec.id}`));
        return;
      case 'restart': {
        this.#restartsAtMs = decision.restartsAtMs;
        child.gone('restarting');
        const { backoff, random } = this.#options;
        const delayMs = backoffMs(decision.restartsAtMs.length, backoff, random.next());
        this.#options.onEvent({ kind: 'restarting', ...this.#about(child), delayMs });
        this.#work = {
          stops: decision.stop.flatMap((id) => this.#find(id) ?? []),
          starts: [],
          done: () =>
            delayMs > 0 ? child.restartIn(this.#context, delayMs, true) : this.#startAffected(child),
          startFailed: () => undefined,
        };
        return;
      }
      default:
        assertNever(decision);
    }
  }

  /** Starts what a restart of `child` starts: itself, and the siblings that were stopped for it. */
  #startAffected(child: Child): void {
    const all = this.#options.strategy === 'one_for_all' ? this.#children : [child];
    const from = this.#children.indexOf(child);
    const affected = this.#options.strategy === 'rest_for_one' ? this.#children.slice(from) : all;
    this.#work = {
      stops: [],
      starts: affected.filter((one) => one.actor === null),
      done: () => undefined,
      startFailed: (failed) => {
        this.#work = null;
        for (const one of affected) if (one.actor === null) one.gone('stopped');
        failed.restartIn(this.#context, 0, false);
      },
    };
  }

  #request(message: SupervisorMessage, replyTo: Asker): void {
    if (message.kind === 'startChild') this.#add(message.spec, replyTo);
    else if (message.kind !== 'whichChildren' && message.kind !== 'countChildren') {
      const child = this.#find(message.id);
      if (child === null) refuse(replyTo, 'notFound', `there is no child ${message.id}`);
      else if (message.kind === 'terminateChild') this.#terminate(child, replyTo);
      else if (child.actor !== null) refuse(replyTo, 'running', `child ${message.id} is ${child.phase}`);
      else if (child.phase === 'restarting')
        refuse(replyTo, 'restarting', `child ${message.id} will restart`);
      else if (message.kind === 'restartChild') this.#startOne(child, replyTo, () => child.gone('stopped'));
      else {
        this.#drop(child);
        replyTo?.answer({ kind: 'done' });
      }
    }
  }

  #add(spec: ChildSpec, replyTo: Asker): void {
    const present = this.#find(spec.id);
    if (present !== null) {
      const reason = present.actor === null ? 'alreadyPresent' : 'alreadyStarted';
      refuse(replyTo, reason, `child ${spec.id} is ${present.phase}`);
      return;
    }
    const child = new Child(spec);
    this.#children.push(child);
    this.#startOne(child, replyTo, () => this.#drop(child));
  }

  #startOne(child: Child, replyTo: Asker, failed: () => void): void {
    this.#work = {
      stops: [],
      starts: [child],
      done: () => replyTo?.answer({ kind: 'childStarted', child: child.actor }),
      startFailed: (_child, reason) => {
        this.#work = null;
        failed();
        refuse(replyTo, 'startFailed', describeExit(reason));
      },
    };
  }

  /** Also calls off a restart that is due. */
  #terminate(child: Child, replyTo: Asker): void {
    this.#work = {
      stops: [child],
      starts: [],
      done: () => replyTo?.answer({ kind: 'done' }),
      startFailed: () => undefined,
    };
  }

  #refusePending(): void {
    for (const pending of this.#pending) {
      if (pending.kind === 'request') refuse(pending.replyTo, 'stopping', 'the supervisor is stopping');
    }
    this.#pending = [];
  }

  #find(id: string): Child | null {
    return this.#children.find((child) => child.spec.id === id) ?? null;
  }

  #drop(child: Child): void {
    this.#children = this.#children.filter((one) => one !== child);
  }

  #dropIfTemporary(child: Child): void {
    if (child.spec.restart === 'temporary') this.#drop(child);
  }

  #about(child: Child): { readonly supervisor: string; readonly id: string } {
    return { supervisor: this.#context.self.path, id: child.spec.id };
  }
}
