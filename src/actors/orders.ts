import type { ExecutionId, RackName } from '../core/ids.ts';
import type { ResourceVector } from '../core/resources.ts';
import type { BoundExecution, DirectiveOutcome, MigrationDirective } from '../protocols/messages.ts';

/** One directive, from its decision to its outcome. JSON: the next holder of the seat takes it over. Times are the seat's. */
export interface Order {
  readonly directive: MigrationDirective;
  /** Of each of its parts, when it was ordered. */
  readonly demand: Readonly<Record<ExecutionId, ResourceVector>>;
  readonly phase: 'ordered' | 'done' | 'failed';
  /** Of the decision. */
  readonly atMs: number;
  /** Null while it is under way. */
  readonly endedAtMs: number | null;
  readonly outcome: DirectiveOutcome | null;
  /** Parts that are where they were ordered to when it ended, whatever was told of them. */
  readonly arrived: readonly ExecutionId[];
}

/** Whether the registry shows an execution in a rack. */
export type IsIn = (execution: ExecutionId, rack: RackName) => boolean;

/** Of orders that are over, so many are remembered. */
const overMax = 500;
/** After its start, an order without an outcome has failed. */
const outcomeMaxMs = 120_000;
/** So long a component of which an order has failed is left alone: what refused it a moment ago still does. */
const failedRestMs = 30_000;

/** What the orchestrator has ordered, and for how long it binds. */
export class Orders {
  readonly #orders = new Map<string, Order>();

  constructor(orders: readonly Order[]) {
    for (const order of orders) this.#orders.set(order.directive.directive, order);
  }

  all(): readonly Order[] {
    return [...this.#orders.values()];
  }

  get(directive: string): Order | null {
    return this.#orders.get(directive) ?? null;
  }

  add(directive: MigrationDirective, demand: Order['demand'], atMs: number): void {
    this.#orders.set(directive.directive, {
      directive,
      demand,
      phase: 'ordered',
      atMs,
      endedAtMs: null,
      outcome: null,
      arrived: [],
    });
    const over = this.all().filter(({ phase }) => phase !== 'ordered');
    for (const { directive: old } of over.slice(0, Math.max(0, over.length - overMax)))
      this.#orders.delete(old.directive);
  }

  /** @returns the order when this is the first word of its outcome, else null */
  end(outcome: DirectiveOutcome, nowMs: number, isIn: IsIn): Order | null {
    const order = this.#orders.get(outcome.directive);
    if (order === undefined || order.phase !== 'ordered') return null;
    const { parts, targetRack } = order.directive;
    const moved = new Set(outcome.moved.map(({ execution }) => execution));
    // An engine that never heard the answer to a move takes it for refused.
    const arrived = parts.filter((part) => moved.has(part) || isIn(part, targetRack));
    const phase = arrived.length > 0 ? 'done' : 'failed';
    const ended: Order = { ...order, phase, outcome, endedAtMs: nowMs, arrived };
    this.#orders.set(outcome.directive, ended);
    return ended;
  }

  /** Ends those of which nobody told anything. @returns them */
  expire(nowMs: number, isIn: IsIn): readonly Order[] {
    const late = this.all().filter(
      ({ phase, atMs, directive }) =>
        phase === 'ordered' && nowMs - atMs > directive.startInMs + outcomeMaxMs,
    );
    return late.flatMap(({ directive }) => {
      const reason = 'nobody told what became of it';
      const failed = directive.parts.map((execution) => ({ execution, reason }));
      const { directive: id, componentId } = directive;
      return this.end({ directive: id, componentId, moved: [], failed }, nowMs, isIn) ?? [];
    });
  }

  /** Components of which an order is under way, still binds, or has just failed. */
  busy(nowMs: number): ReadonlySet<ExecutionId> {
    const busy = this.all().filter((order) => {
      if (order.phase === 'done') return bindsForMs(order, nowMs) > 0;
      return order.endedAtMs === null || nowMs - order.endedAtMs < failedRestMs;
    });
    return new Set(busy.map(({ directive }) => directive.componentId));
  }

  /** Under way, or ended so lately that the hosts' reports may not show it yet. */
  unseen(nowMs: number, settleMs: number): readonly Order[] {
    return this.all().filter(
      ({ phase, endedAtMs }) => phase !== 'failed' && (endedAtMs === null || nowMs - endedAtMs < settleMs),
    );
  }

  /** What the rack's actor passes on to its hosts. */
  bindings(rack: RackName, nowMs: number): readonly BoundExecution[] {
    return this.all().flatMap((order) => {
      const forMs = bindsForMs(order, nowMs);
      if (order.directive.targetRack !== rack || order.phase !== 'done' || forMs <= 0) return [];
      return order.arrived.map((execution) => ({ execution, rack, forMs }));
    });
  }
}

function bindsForMs({ directive, atMs }: Order, nowMs: number): number {
  return atMs + directive.horizonMs - nowMs;
}
