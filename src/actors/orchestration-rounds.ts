import type { ExecutionId, HostName, RackName } from '../core/ids.ts';
import type { OrchestrationRecord } from '../placement/decision-record.ts';
import type { LMSMeasurements, MigrationStrategy, WorkloadForecast } from '../protocols/messages.ts';
import type { FleetView, SeenComponent } from './fleet-view.ts';
import type { Order } from './orders.ts';

/** All that a round decides from. */
export interface Situation {
  readonly view: FleetView;
  readonly nowMs: number;
  /** Of this host's clock, for the record, and for forecasts, which are made on this host. */
  readonly nowWallMs: number;
  /** The seat's time: it never steps, and goes on from holder to holder. */
  readonly seatMs: number;
  readonly latencies: LMSMeasurements;
  readonly forecast: WorkloadForecast;
  /** Since it came. */
  readonly forecastAgeMs: number;
  /** Of which an order is under way, still binds, or has just failed. */
  readonly busy: ReadonlySet<ExecutionId>;
  /** Orders that the reports do not show yet. */
  readonly unseen: readonly Order[];
}

/** What a round orders. */
export interface Ordering {
  readonly component: SeenComponent;
  readonly parts: readonly ExecutionId[];
  /** Of each part. */
  readonly demand: Order['demand'];
  readonly targetRack: RackName;
  /** Empty where the rack's actor chooses. */
  readonly targetHosts: Readonly<Record<ExecutionId, HostName>>;
  readonly strategy: MigrationStrategy;
  readonly startInMs: number;
  readonly horizonMs: number;
  readonly text: string;
  readonly record: Omit<OrchestrationRecord, 'decider' | 'atWallMs' | 'subject'>;
}

/** Decides a round, and learns from what became of earlier ones. Its memory is JSON, for the next holder. */
export interface OrchestrationRounds {
  readonly policy: string;
  decide(situation: Situation): readonly Ordering[];
  /** An order is over; null where nobody told what became of it. */
  learn(order: Order, situation: Situation): void;
  /** What the planner is asked; null for a policy without one. */
  problem(situation: Situation): unknown;
  /** @returns null when it weighs so from now on, else why not */
  weigh(weights: Readonly<Record<string, number>>): string | null;
  memory(): unknown;
  /** @throws when it is no memory of this policy; nothing is recalled then */
  recall(memory: unknown): void;
}
