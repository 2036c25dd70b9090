import type { ExecutionId, RackName } from '../core/ids.ts';
import type { ResourceVector } from '../core/resources.ts';
import type { BoundExecution, DirectiveOutcome, MigrationDirective } from '../protocols/messages.ts';

/** One directive, from its decision to its outcome. JSON: the next holder of the seat takes it over. */
export interface Order {
  readonly directive: MigrationDirective;
  /** Of each of its parts, when it was ordered. */
  readonly demand: Readonly<Record<ExecutionId, ResourceVector>>;
  readonly phase: 'ordered' | 'done' | 'failed';
  /** Wall time of the decision. */
  readonly atWallMs: number;
  /** Wall time; null while it is under way. */
  readonly endedAtWallMs: number | null;
  readonly outcome: DirectiveOutcome | null;
}

/** Of orders that are over, so many are remembered. */
const overMax = 500;
/** After its start, an order without an outcome has failed. */
const outcomeMaxMs = 120_000;

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

  add(directive: MigrationDirective, demand: Order['demand'], atWallMs: number): void {
    this.#orders.set(directive.directive, {
      directive,
      demand,
      phase: 'ordered',
      atWallMs,
      endedAtWallMs: null,
      outcome: null,
    });
    const over = this.all().filter(({ phase }) => phase !== 'ordered');
    for (const { directive: old } of over.slice(0, Math.max(0, over.length - overMax)))
      this.#orders.delete(old.directive);
  }

  /** @returns the order when this is the first word of its outcome, else null */
  end(outcome: DirectiveOutcome, nowWallMs: number): Order | null {
    const order = this.#orders.get(outcome.directive);
    if (order === undefined || order.phase !== 'ordered') return null;
    const phase = outcome.moved.length > 0 ? 'done' : 'failed';
    const ended: Order = { ...order, phase, outcome, endedAtWallMs: nowWallMs };
    this.#orders.set(outcome.directive, ended);
    return ended;
  }

  /** Ends those of which nobody told anything. @returns them */
  expire(nowWallMs: number): readonly Order[] {
    const late = this.all().filter(
      ({ phase, atWallMs, directive }) =>
        phase === 'ordered' && nowWallMs - atWallMs > directive.startInMs + outcomeMaxMs,
    );
    return late.flatMap(({ directive }) => {
      const reason = 'nobody told what became of it';
      const failed = directive.parts.map((execution) => ({ execution, reason }));
      const { directive: id, componentId } = directive;
      return this.end({ directive: id, componentId, moved: [], failed }, nowWallMs) ?? [];
    });
  }

  /** Components of which an order is under way, or still binds. */
  busy(nowWallMs: number): ReadonlySet<ExecutionId> {
    const busy = this.all().filter(
      (order) => order.phase === 'ordered' || (order.phase === 'done' && bindsForMs(order, nowWallMs) > 0),
    );
    return new Set(busy.map(({ directive }) => directive.componentId));
  }

  /** Under way, or ended so lately that the hosts' reports may not show it yet. */
  unseen(nowWallMs: number, settleMs: number): readonly Order[] {
    return this.all().filter(
      ({ phase, endedAtWallMs }) =>
        phase !== 'failed' && (endedAtWallMs === null || nowWallMs - endedAtWallMs < settleMs),
    );
  }

  /** What the rack's actor passes on to its hosts. */
  bindings(rack: RackName, nowWallMs: number): readonly BoundExecution[] {
    return this.all().flatMap((order) => {
      const forMs = bindsForMs(order, nowWallMs);
      if (order.directive.targetRack !== rack || order.phase !== 'done' || forMs <= 0) return [];
      return (order.outcome?.moved ?? []).map(({ execution }) => ({ execution, rack, forMs }));
    });
  }
}

function bindsForMs({ directive, atWallMs }: Order, nowWallMs: number): number {
  return atWallMs + directive.horizonMs - nowWallMs;
}
