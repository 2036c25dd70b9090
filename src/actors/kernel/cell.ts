import type { ActorAddress } from '../../core/ids.ts';
import type { Cancel } from '../../core/ports.ts';
import { assert } from '../../core/assert.ts';
import type { PendingAsk } from './ask.ts';
import type {
  ActorContext,
  ActorRef,
  ActorStatus,
  AnyBehaviour,
  AnyRef,
  MonitorId,
  Signal,
} from './contract.ts';
import type { ExitReason } from './exit-reason.ts';

/** Messages that may wait in one mailbox unless the actor was spawned with another bound. */
export const mailboxMaxDefault = 10_000;

/** What waits for an actor's turn. Only `message` counts against the mailbox bound. */
export type Entry =
  | { readonly kind: 'message'; readonly message: unknown; readonly ask: PendingAsk | null }
  | { readonly kind: 'timer'; readonly timer: Timer; readonly message: unknown }
  /** Made in the actor's own turn, so that a throw is its own crash. */
  | { readonly kind: 'outcome'; readonly make: () => unknown }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'linkExit'; readonly from: Cell; readonly reason: ExitReason }
  | {
      readonly kind: 'exit';
      readonly from: Cell | null;
      readonly reason: ExitReason;
      readonly asParent: boolean;
    }
  | { readonly kind: 'kill' };

export class Timer {
  cancelled = false;
  cancel: Cancel = () => undefined;
}

/** What a reference needs of its kernel. */
export interface TellingKernel {
  tell(cell: Cell, message: unknown, ask: PendingAsk | null): 'queued' | 'full' | 'gone';
}

/** `ending` while children and hooks are being ended, within one turn. */
export type Phase = ActorStatus | 'ending';

/**
 * One actor: the engine's record of it, and its reference. Owns its children, timers and pending asks; they end with
 * it. The sets that most actors never use are made when first needed, to keep an actor small.
 */
export class Cell implements ActorRef<unknown, unknown> {
  readonly kernel: TellingKernel;
  readonly parent: Cell | null;
  readonly name: string;
  readonly incarnation: number;
  readonly address: ActorAddress | null;
  readonly mailboxMax: number;
  behaviour: AnyBehaviour;
  state: unknown = undefined;
  phase: Phase = 'starting';
  exitReason: ExitReason | null = null;
  /** Messages waiting: what the bound is about. */
  waiting = 0;
  /** Whether reaching the bound was told since the mailbox was last empty. */
  fullTold = false;
  initialised = false;
  stoppingRan = false;
  lingers = false;
  /** Set by `context.exit`, carried out when the running hook returns. */
  exitAsked: ExitReason | null = null;
  /** The ask behind the message being handled. */
  asked: PendingAsk | null = null;
  context: ActorContext<unknown, unknown> | null = null;
  children: Map<string, Cell> | null = null;
  links: Set<Cell> | null = null;
  /** Who watches this actor. */
  watchers: Map<MonitorId, Cell> | null = null;
  /** Whom this actor watches; an id that is missing here was demonitored. */
  watching: Map<MonitorId, Cell> | null = null;
  timers: Set<Timer> | null = null;
  /** Asks to this actor that are not answered yet. */
  asks: Set<PendingAsk> | null = null;
  endListeners: ((reason: ExitReason) => void)[] | null = null;
  /** Belongs to the scheduler. */
  seat: unknown = null;

  constructor(
    kernel: TellingKernel,
    parent: Cell | null,
    name: string,
    behaviour: AnyBehaviour,
    incarnation: number,
    address: ActorAddress | null,
    mailboxMax: number,
  ) {
    this.kernel = kernel;
    this.parent = parent;
    this.name = name;
    this.behaviour = behaviour;
    this.incarnation = incarnation;
    this.address = address;
    this.mailboxMax = mailboxMax;
  }

  get path(): string {
    if (this.parent === null) return '/';
    return this.parent.parent === null ? `/${this.name}` : `${this.parent.path}/${this.name}`;
  }

  get status(): ActorStatus {
    return this.phase === 'ending' ? 'stopping' : this.phase;
  }

  get ended(): boolean {
    return this.phase === 'ended' || this.phase === 'ending';
  }

  tell(message: unknown): boolean {
    return this.kernel.tell(this, message, null) === 'queued';
  }
}

export function cellOf(actor: AnyRef): Cell {
  assert(actor instanceof Cell, 'a reference comes from a kernel');
  return actor;
}
