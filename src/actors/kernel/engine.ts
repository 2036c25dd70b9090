import { assert, assertNever } from '../../core/assert.ts';
import type { ActorAddress } from '../../core/ids.ts';
import type { Clock } from '../../core/ports.ts';
import type { Entry, Phase } from './cell.ts';
import type { PendingAsk } from './ask.ts';
import { Cell, mailboxMaxDefault } from './cell.ts';
import type { ContextEngine } from './context.ts';
import { Context } from './context.ts';
import type { ActorContext, AnyBehaviour, KernelEvent, MonitorId, Signal, SpawnOptions } from './contract.ts';
import {
  ActorGoneError,
  ActorNameTakenError,
  AddressTakenError,
  AskTimeoutError,
  InvalidActorNameError,
  kindOf,
  MailboxFullError,
} from './errors.ts';
import type { ExitReason } from './exit-reason.ts';
import { crashed, isOrderly, killed, noproc, normal, shutdown } from './exit-reason.ts';

/** Gives actors their turns. The engine says what waits for whom; when and in which order is the scheduler's. */
export interface Scheduler {
  /**
   * Sees to it that `engine.deliver(cell, entry)` is called in a later turn. Entries of one sender to one receiver
   * keep their order, except that urgent ones may overtake.
   */
  post(cell: Cell, entry: Entry, from: Cell | null, urgent: boolean): void;
  /** The actor has ended, maybe without ever having been posted to: nothing more is to be delivered to it. */
  release(cell: Cell): void;
  /** All actors have ended. */
  close(): void;
}

const namePattern = /^[A-Za-z0-9\-_.+]{1,200}$/;

/**
 * What actors mean, the same under every scheduler: mailboxes and their bounds, asks, timers, links, monitors, ends.
 * Hooks run one at a time; the only nesting is a child's `init` inside its parent's hook, and the `stopping` hooks of
 * children inside the end of their parent.
 */
export class Engine implements ContextEngine {
  readonly clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #onEvent: (event: KernelEvent) => void;
  readonly root: Cell;
  readonly #addresses = new Map<ActorAddress, Cell>();
  /** Whose hook is running; null outside any turn. */
  #current: Cell | null = null;
  #incarnations = 0;
  #monitors = 0;

  constructor(clock: Clock, scheduler: Scheduler, onEvent: (event: KernelEvent) => void) {
    this.clock = clock;
    this.#scheduler = scheduler;
    this.#onEvent = (event) => {
      try {
        onEvent(event);
      } catch {
        // A listener's fault is nobody's crash.
      }
    };
    this.root = new Cell(this, null, '', rootBehaviour, 0, null, 0);
    this.root.phase = 'running';
  }

  spawn(parent: Cell, name: string, behaviour: AnyBehaviour, options: SpawnOptions): Cell {
    if (!namePattern.test(name)) throw new InvalidActorNameError(name, parent.path);
    const address = options.address ?? null;
    parent.children ??= new Map();
    const living = parent.children.get(name);
    if (living !== undefined) throw new ActorNameTakenError(living.path);
    const holder = address === null ? undefined : this.#addresses.get(address);
    if (holder !== undefined) throw new AddressTakenError(String(address), holder.path);
    this.#incarnations += 1;
    const mailboxMax = options.mailboxMax ?? mailboxMaxDefault;
    const cell = new Cell(this, parent, name, behaviour, this.#incarnations, address, mailboxMax);
    cell.context = new Context(cell, this);
    parent.children.set(name, cell);
    if (address !== null) this.#addresses.set(address, cell);
    this.#initialise(cell);
    return cell;
  }

  #initialise(cell: Cell): void {
    const outer = this.#current;
    this.#current = cell;
    try {
      const state = cell.behaviour.init(contextOf(cell));
      refusePromise(state);
      cell.state = state;
      cell.initialised = true;
      if (cell.phase === 'starting' && cell.behaviour.starts !== 'whenReady') cell.phase = 'running';
    } catch (error) {
      this.#crash(cell, error);
    }
    if (!cell.ended && cell.exitAsked !== null) this.#beginExit(cell, cell.exitAsked, false);
    this.#current = outer;
  }

  lookup(address: ActorAddress): Cell | null {
    return this.#addresses.get(address) ?? null;
  }

  tell(cell: Cell, message: unknown, ask: PendingAsk | null): 'queued' | 'full' | 'gone' {
    if (cell.ended) return 'gone';
    if (cell.waiting >= cell.mailboxMax) {
      if (!cell.fullTold) this.#onEvent({ kind: 'mailboxFull', actor: cell, mailboxMax: cell.mailboxMax });
      cell.fullTold = true;
      return 'full';
    }
    cell.waiting += 1;
    this.#scheduler.post(cell, { kind: 'message', message, ask }, this.#current, false);
    return 'queued';
  }

  ask(target: Cell, ask: PendingAsk, message: unknown, timeoutMs: number): void {
    const said = this.tell(target, message, ask);
    if (said === 'gone') {
      const attempt = `'${kindOf(message)}'`;
      ask.fail(new ActorGoneError(target.path, attempt, target.exitReason ?? noproc));
    } else if (said === 'full') {
      ask.fail(new MailboxFullError(target.path, kindOf(message), target.mailboxMax));
    } else {
      target.asks ??= new Set();
      target.asks.add(ask);
      ask.cancelTimeout = this.clock.after(timeoutMs, () => {
        const outer = this.#current;
        this.#current = null;
        ask.fail(new AskTimeoutError(target.path, kindOf(message), timeoutMs));
        this.#current = outer;
      });
    }
  }

  /** Posts in the name of the actor whose hook is running. */
  post(cell: Cell, entry: Entry, urgent: boolean): void {
    if (!cell.ended) this.#scheduler.post(cell, entry, this.#current, urgent);
  }

  /** Posts what timers and promises bring. */
  postFromOutside(cell: Cell, entry: Entry): void {
    if (!cell.ended) this.#scheduler.post(cell, entry, null, false);
  }

  exit(target: Cell, from: Cell | null, reason: ExitReason, asParent: boolean): void {
    const trapped = target.behaviour.trapsExits === true && !asParent;
    this.post(target, { kind: 'exit', from, reason, asParent }, !trapped);
  }

  /** `context.exit` from a promise or a listener: there is no running hook whose return would carry it out. */
  exitAskedOutsideTurn(cell: Cell): void {
    if (this.#current !== cell) this.post(cell, { kind: 'outcome', make: () => undefined }, true);
  }

  ready(cell: Cell): void {
    if (cell.phase !== 'starting') return;
    cell.phase = 'running';
    const parent = cell.parent;
    if (cell.initialised && parent !== null && parent !== this.root) {
      this.post(parent, { kind: 'signal', signal: { kind: 'childReady', child: cell } }, false);
    }
  }

  monitor(watcher: Cell, target: Cell): MonitorId {
    this.#monitors += 1;
    const monitor = this.#monitors;
    watcher.watching ??= new Map();
    watcher.watching.set(monitor, target);
    if (target.ended) {
      const signal: Signal = { kind: 'down', monitor, actor: target, reason: noproc };
      this.post(watcher, { kind: 'signal', signal }, false);
    } else {
      target.watchers ??= new Map();
      target.watchers.set(monitor, watcher);
    }
    return monitor;
  }

  link(one: Cell, other: Cell): void {
    if (one === other) return;
    one.links ??= new Set();
    one.links.add(other);
    if (other.ended) {
      this.#postLinkExit(one, other, noproc);
    } else {
      other.links ??= new Set();
      other.links.add(one);
    }
  }

  /** Carries out one entry: the scheduler's only way in. Never throws. */
  deliver(cell: Cell, entry: Entry): void {
    if (entry.kind === 'message') {
      cell.waiting -= 1;
      if (cell.waiting === 0) cell.fullTold = false;
    }
    if (cell.ended) return;
    this.#current = cell;
    try {
      this.#handle(cell, entry);
    } catch (error) {
      this.#crash(cell, error);
    }
    cell.asked = null;
    if (cell.exitAsked !== null && !cell.ended) this.#beginExit(cell, cell.exitAsked, false);
    this.#current = null;
  }

  #handle(cell: Cell, entry: Entry): void {
    switch (entry.kind) {
      case 'message':
        cell.asked = entry.ask;
        this.#receive(cell, entry.message);
        return;
      case 'timer':
        if (entry.timer.cancelled) return;
        cell.timers?.delete(entry.timer);
        this.#receive(cell, entry.message);
        return;
      case 'outcome': {
        const message = entry.make();
        if (cell.exitAsked === null) this.#receive(cell, message);
        return;
      }
      case 'signal':
        this.#signal(cell, entry.signal);
        return;
      case 'linkExit':
        // Unlinked in the meantime: the exit must not arrive any more.
        if (cell.links?.delete(entry.from) === true) this.#exitSignal(cell, entry.from, entry.reason, false);
        return;
      case 'exit':
        this.#exitSignal(cell, entry.from, entry.reason, entry.asParent);
        return;
      case 'kill':
        this.#finish(cell, killed);
        return;
      default:
        assertNever(entry);
    }
  }

  #receive(cell: Cell, message: unknown): void {
    const state = cell.behaviour.receive(cell.state, message, contextOf(cell));
    refusePromise(state);
    cell.state = state;
  }

  #signal(cell: Cell, signal: Signal): void {
    if (signal.kind === 'down' && cell.watching?.delete(signal.monitor) !== true) return;
    if (cell.behaviour.signal === undefined) return;
    const state = cell.behaviour.signal(cell.state, signal, contextOf(cell));
    refusePromise(state);
    cell.state = state;
  }

  #exitSignal(cell: Cell, from: Cell | null, reason: ExitReason, asParent: boolean): void {
    if (cell.behaviour.trapsExits === true && !asParent) {
      this.#signal(cell, { kind: 'exit', from, reason });
    } else if (reason.kind !== 'normal') {
      const lingering = cell.phase === 'stopping';
      if (!lingering || reason.kind !== 'shutdown') this.#beginExit(cell, reason, true);
    }
  }

  #crash(cell: Cell, error: unknown): void {
    if (cell.ended) return;
    this.#onEvent({ kind: 'crashed', actor: cell, error });
    this.#beginExit(cell, crashed(error), false);
  }

  /** Runs `stopping` unless it has run, and ends the actor unless it may linger and wants to. */
  #beginExit(cell: Cell, reason: ExitReason, mayLinger: boolean): void {
    let finalReason = reason;
    cell.exitAsked = null;
    if (cell.initialised && !cell.stoppingRan && cell.behaviour.stopping !== undefined) {
      cell.stoppingRan = true;
      cell.lingers = false;
      const outer = this.#current;
      this.#current = cell;
      try {
        cell.state = cell.behaviour.stopping(cell.state, reason, contextOf(cell));
        refusePromise(cell.state);
        if (mayLinger && cell.lingers && reason.kind === 'shutdown' && cell.exitAsked === null) {
          cell.phase = 'stopping';
          this.#current = outer;
          return;
        }
      } catch (error) {
        this.#onEvent({ kind: 'stoppingFailed', actor: cell, error });
        if (isOrderly(reason)) finalReason = crashed(error);
      }
      const asked = cell.exitAsked as ExitReason | null;
      if (asked !== null && isOrderly(finalReason)) finalReason = asked;
      this.#current = outer;
    }
    this.#finish(cell, finalReason);
  }

  /** Ends an actor: its children, last to first, then itself; then tells whoever must know. */
  #finish(cell: Cell, reason: ExitReason): void {
    cell.phase = 'ending' satisfies Phase;
    for (const child of [...(cell.children?.values() ?? [])].toReversed()) {
      if (!child.ended) this.#beginExit(child, shutdown, false);
    }
    const outer = this.#current;
    this.#current = cell;
    cell.phase = 'ended';
    cell.exitReason = reason;
    cell.parent?.children?.delete(cell.name);
    if (cell.address !== null) this.#addresses.delete(cell.address);
    for (const timer of cell.timers ?? []) timer.cancel();
    this.#failAsks(cell, reason);
    this.#tellOfEnd(cell, reason);
    this.#scheduler.release(cell);
    // A reference may be held for long after: let go of everything else.
    cell.behaviour = rootBehaviour;
    cell.state = undefined;
    cell.children = cell.links = cell.watchers = cell.watching = cell.timers = cell.asks = null;
    this.#current = outer;
  }

  #failAsks(cell: Cell, reason: ExitReason): void {
    for (const ask of cell.asks ?? []) ask.fail(new ActorGoneError(cell.path, 'the ask', reason));
  }

  #tellOfEnd(cell: Cell, reason: ExitReason): void {
    for (const linked of cell.links ?? []) this.#postLinkExit(linked, cell, reason);
    for (const [monitor, watcher] of cell.watchers ?? []) {
      const signal: Signal = { kind: 'down', monitor, actor: cell, reason };
      this.post(watcher, { kind: 'signal', signal }, false);
    }
    for (const [monitor, target] of cell.watching ?? []) target.watchers?.delete(monitor);
    const parent = cell.parent;
    if (parent !== null && parent !== this.root) {
      this.post(parent, { kind: 'signal', signal: { kind: 'childExited', child: cell, reason } }, false);
    }
    for (const listener of cell.endListeners ?? []) listener(reason);
    cell.endListeners = null;
  }

  #postLinkExit(cell: Cell, from: Cell, reason: ExitReason): void {
    this.post(cell, { kind: 'linkExit', from, reason }, cell.behaviour.trapsExits !== true);
  }

  /** See `Kernel.stop`. */
  stop(cell: Cell, graceMs: number): Promise<ExitReason> {
    if (cell.exitReason !== null) return Promise.resolve(cell.exitReason);
    return new Promise((resolve) => {
      const cancel = Number.isFinite(graceMs)
        ? this.clock.after(graceMs, () => this.post(cell, { kind: 'kill' }, true))
        : () => undefined;
      cell.endListeners ??= [];
      cell.endListeners.push((reason) => {
        cancel();
        resolve(reason);
      });
      this.exit(cell, null, shutdown, true);
    });
  }

  /** See `Kernel.shutdown`. */
  async shutdown(graceMs: number): Promise<void> {
    this.root.phase = 'ending';
    for (const top of [...(this.root.children?.values() ?? [])].toReversed()) await this.stop(top, graceMs);
    this.root.phase = 'ended';
    this.root.exitReason = normal;
    this.#scheduler.close();
  }
}

const rootBehaviour: AnyBehaviour = { init: () => undefined, receive: (state) => state };

function contextOf(cell: Cell): ActorContext<unknown, unknown> {
  assert(cell.context !== null, 'every actor but the root has a context');
  return cell.context;
}

/** A promise as state would be asynchronous work that nobody waits for, and its rejection would end the process. */
function refusePromise(state: unknown): void {
  if (!(state instanceof Promise)) return;
  state.catch(() => undefined);
  assert(false, 'hooks are synchronous: use context.pipe for asynchronous work');
}
