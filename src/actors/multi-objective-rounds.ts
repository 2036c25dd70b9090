import { assert } from '../core/assert.ts';
import type { ExecutionId, HostName, RackName } from '../core/ids.ts';
import { hostName } from '../core/ids.ts';
import type { ResourceVector } from '../core/resources.ts';
import { minus } from '../core/resources.ts';
import type { Wishes } from '../placement/declared-wishes.ts';
import { hostLabel, rackLabel, wishesOf } from '../placement/declared-wishes.ts';
import { anywhere } from '../placement/original-affinity.ts';
import type {
  DemandForecast,
  Movable,
  OrchestrationPlan,
  OrchestrationPolicy,
  OrchestrationProblem,
  PlannedMove,
  Site,
} from '../placement/orchestration/contract.ts';
import type { FeedbackPolicy, MoveEffect } from '../placement/orchestration/feedback.ts';
import { learn, permits } from '../placement/orchestration/feedback.ts';
import { recordOfMove, textOf } from '../placement/orchestration/plan-record.ts';
import { plan } from '../placement/orchestration/plan.ts';
import { noDurations, predictDurationMs } from '../placement/orchestration/schedule.ts';
import type { ComponentForecast } from '../protocols/messages.ts';
import { scaled, shareOf, soundForecasts } from './component-load.ts';
import { durationQuantile, measuredOf, pauseBefore, trafficBetween } from './directive-effects.ts';
import type { Directory } from './directory.ts';
import type { SeenComponent, SeenExecution, SeenHost } from './fleet-view.ts';
import { demandOf } from './fleet-view.ts';
import type { OrchestrationRounds, Ordering, Situation } from './orchestration-rounds.ts';
import type { Order } from './orders.ts';
import { multiObjectiveMemory, noMultiObjectiveMemory } from './rounds-memory.ts';

export interface MultiObjectiveRules {
  readonly policy: OrchestrationPolicy;
  readonly feedback: FeedbackPolicy;
  readonly horizonMs: number;
  readonly settleMs: number;
  readonly forecastMaxMs: number;
}

/** Of the limit: what is right at it does not fit. */
const fits = 0.99;

/** Moves of one component to one rack: one directive. */
interface Group {
  readonly seen: SeenComponent;
  readonly rack: RackName;
  readonly moves: readonly PlannedMove[];
}

/**
 * Rounds of the policy `multi-objective`: every execution is placed on a host, so that waiting, money, energy and churn
 * together become least under the constraints; the moves of one component to one rack are one directive.
 */
export class MultiObjectiveRounds implements OrchestrationRounds {
  readonly policy = 'multi-objective';
  readonly #rules: MultiObjectiveRules;
  readonly #directory: Directory;
  #memory = noMultiObjectiveMemory();

  constructor(rules: MultiObjectiveRules, directory: Directory) {
    this.#rules = rules;
    this.#directory = directory;
  }

  memory(): unknown {
    return this.#memory;
  }

  recall(memory: unknown): void {
    this.#memory = multiObjectiveMemory(memory);
  }

  weigh({ latency, cost, energy, churn }: Readonly<Record<string, number>>): string | null {
    const isWeight = (value: number | undefined): value is number =>
      Number.isFinite(value) && Number(value) >= 0;
    if (!isWeight(latency) || !isWeight(cost) || !isWeight(energy) || !isWeight(churn))
      return 'expected latency, cost, energy and churn, each a number from 0';
    this.#memory.weights = { latency, cost, energy, churn };
    return null;
  }

  decide(situation: Situation): readonly Ordering[] {
    const problem = this.problem(situation);
    const planned = plan(problem);
    this.#measure(situation, planned.before.latency);
    const utilization = situation.view.utilization(situation.nowMs);
    const fullestOf = (rack: RackName): number =>
      Math.max(0, ...Object.values(utilization[rack] ?? {})) / 100;
    const components = new Map(
      situation.view.components(situation.nowMs).map((seen) => [seen.component, seen] as const),
    );
    return this.#groups(planned.moves, problem, components).flatMap((group) => {
      const loads = { source: fullestOf(group.seen.rack), target: fullestOf(group.rack) };
      const { component } = group.seen;
      const { feedback } = this.#memory;
      const allowed = permits(feedback, component, group.rack, loads, situation.seatMs, this.#rules.feedback);
      if (allowed.kind === 'refused') return [];
      this.#memory.pending[`${component} ${group.rack}`] = {
        component,
        rack: group.rack,
        expected: expectedOf(group.moves),
        waitBefore: planned.before.latency,
        situation: loads,
      };
      return [this.#ordering(group, problem, planned)];
    });
  }

  learn({ directive, outcome }: Order, { seatMs }: Situation): void {
    const key = `${directive.componentId} ${directive.targetRack}`;
    const pending = this.#memory.pending[key];
    delete this.#memory.pending[key];
    const moved = outcome?.moved ?? [];
    if (pending === undefined || moved.length === 0) return;
    const measured = measuredOf(moved);
    const measureAtMs = seatMs + this.#rules.settleMs;
    this.#memory.ended = [...this.#memory.ended, { ...pending, measured, measureAtMs }];
  }

  /** The cluster as the planner sees it: hosts are sites, executions are what moves. */
  problem(situation: Situation): OrchestrationProblem {
    const { view, nowMs, latencies } = situation;
    const executions = view.executions(nowMs);
    const components = new Map(view.components(nowMs).map((seen) => [seen.component, seen] as const));
    const forecasts = soundForecasts(situation, this.#rules.forecastMaxMs);
    const wishes = this.#wishes(executions);
    // More than the largest host may give, an execution gets nowhere: it counts as that much, or it would fit nowhere.
    const cpuMax =
      fits *
      this.#rules.policy.fillMax *
      Math.max(0, ...view.hosts(nowMs).map(({ usage }) => usage.capacity.cpu));
    const ordered = new Set(situation.unseen.flatMap(({ directive }) => directive.parts));
    return {
      sites: view.hosts(nowMs).map(siteOf),
      components: [...executions.values()]
        .map((seen) =>
          this.#movable(
            seen,
            components.get(seen.usage.component),
            forecasts.get(seen.usage.component),
            wishes.get(seen.usage.execution) ?? noWishes,
            !ordered.has(seen.usage.execution) && !situation.busy.has(seen.usage.component),
          ),
        )
        .map((one) => ({ ...one, demand: atMost(one.demand, cpuMax) })),
      traffic: trafficBetween([...executions.values()]),
      latencies: Object.entries(latencies).flatMap(([from, row]) =>
        Object.entries(row).map(([to, { p50Ms, p95Ms, ageMs }]) => ({
          from: from as RackName,
          to: to as RackName,
          p50Ms,
          p95Ms,
          ageMs,
        })),
      ),
      policy: { ...this.#rules.policy, weights: this.#memory.weights ?? this.#rules.policy.weights },
    };
  }

  #wishes(executions: ReadonlyMap<ExecutionId, SeenExecution>): ReadonlyMap<ExecutionId, Wishes> {
    return wishesOf(
      [...executions.values()].map(({ usage: { execution, method } }) => ({
        execution,
        method: method.method,
        affinity: this.#directory.register(execution)?.row.deployment.affinity ?? anywhere,
      })),
    );
  }

  #movable(
    { usage, host, movedAgoMs }: SeenExecution,
    component: SeenComponent | undefined,
    forecast: ComponentForecast | undefined,
    { labels, apart, near }: Wishes,
    movable: boolean,
  ): Movable {
    return {
      id: usage.execution,
      site: host,
      demand: demandForecast(demandOf(usage), component?.demand ?? demandOf(usage), forecast),
      stateBytes: usage.snapshotBytes,
      labels,
      apart,
      near,
      remainingMs: usage.remainingMs,
      movedAgoMs,
      movable,
    };
  }

  #groups(
    moves: readonly PlannedMove[],
    { sites }: OrchestrationProblem,
    components: ReadonlyMap<ExecutionId, SeenComponent>,
  ): readonly Group[] {
    const racks = new Map(sites.map(({ id, rack }) => [id, rack]));
    const componentOf = new Map(
      [...components.values()].flatMap((seen) =>
        seen.executions.map(({ usage }) => [usage.execution, seen] as const),
      ),
    );
    const groups = new Map<string, { seen: SeenComponent; rack: RackName; moves: PlannedMove[] }>();
    for (const move of moves) {
      const rack = racks.get(move.to);
      const seen = componentOf.get(move.component);
      if (rack === undefined || seen === undefined) continue;
      const key = `${seen.component} ${rack}`;
      const known = groups.get(key);
      if (known === undefined) groups.set(key, { seen, rack, moves: [move] });
      else known.moves.push(move);
    }
    return [...groups.values()];
  }

  #ordering(
    { seen, rack, moves }: Group,
    problem: OrchestrationProblem,
    planned: OrchestrationPlan,
  ): Ordering {
    const [first] = moves;
    assert(first !== undefined, 'A group has at least one move.');
    const parts = moves.map(({ component }) => component);
    const demands = seen.executions.flatMap(({ usage }) =>
      parts.includes(usage.execution) ? [[usage.execution, demandOf(usage)] as const] : [],
    );
    const targets = moves.map(({ component, to }): [ExecutionId, HostName] => [component, hostName(to)]);
    const more = moves.length > 1 ? `; ${moves.length - 1} more of its component go there too` : '';
    return {
      component: seen,
      parts,
      demand: Object.fromEntries(demands),
      targetRack: rack,
      targetHosts: Object.fromEntries(targets),
      strategy: 'stopAndCopy',
      startInMs: 0,
      horizonMs: this.#rules.horizonMs,
      text: `${textOf(first, planned)}${more}`,
      record: recordOfMove(problem, planned, first),
    };
  }

  /** What the ended directives brought, as the reports now show it: of the cluster's wait, whatever else happened. */
  #measure({ seatMs }: Situation, waitNow: number): void {
    const due = this.#memory.ended.filter(({ measureAtMs }) => measureAtMs <= seatMs);
    for (const { component, rack, expected, measured, waitBefore, situation } of due) {
      const effect = {
        component,
        rack,
        atMs: seatMs,
        expected,
        measured: { ...measured, benefit: waitBefore - waitNow },
        situation,
      };
      this.#memory.feedback = learn(this.#memory.feedback, effect, this.#rules.feedback);
    }
    this.#memory.ended = this.#memory.ended.filter((ended) => !due.includes(ended));
  }
}

const noWishes: Wishes = { labels: [], apart: [], near: [] };

function siteOf({ usage, departedCores, isNew }: SeenHost): Site {
  const { identity, capacity, used, executions, labels, accepting, expense } = usage;
  const listed = executions.reduce<ResourceVector>((left, one) => minus(left, one.used), used);
  return {
    id: identity.name,
    rack: identity.rack,
    capacity,
    base: { ...listed, cpu: Math.max(0, listed.cpu - departedCores) },
    pricePerHour: expense.pricePerHour,
    power: { kind: 'linear', idleW: expense.idleW, peakW: expense.peakW },
    sleeps: false,
    labels: [...labels, rackLabel(identity.rack), hostLabel(identity.name)],
    accepting: accepting && !isNew,
    draining: false,
  };
}

function atMost({ levels, steps }: DemandForecast, cpuMax: number): DemandForecast {
  return {
    levels,
    steps: steps.map((step) => step.map((demand) => ({ ...demand, cpu: Math.min(demand.cpu, cpuMax) }))),
  };
}

/** An execution's part of what its component is forecast to want; without a forecast, what it wants now goes on. */
function demandForecast(
  own: ResourceVector,
  all: ResourceVector,
  forecast: ComponentForecast | undefined,
): DemandForecast {
  if (forecast === undefined) return { levels: [0.5], steps: [[own]] };
  const { quantiles } = forecast;
  const share = shareOf(own, all);
  const steps = quantiles[0]?.steps.length ?? 0;
  return {
    levels: quantiles.map(({ level }) => level),
    steps: Array.from({ length: steps }, (_, step) =>
      quantiles.map((quantile) => scaled(quantile.steps[step] ?? own, share)),
    ),
  };
}

function expectedOf(moves: readonly PlannedMove[]): MoveEffect {
  const sum = (of: (move: PlannedMove) => number): number =>
    moves.reduce((total, move) => total + of(move), 0);
  const bytes = sum((move) => move.bytes);
  return {
    benefit: -sum((move) => move.change.latency),
    pauseMs: pauseBefore(moves.length, bytes),
    bytes,
    durationMs: sum((move) => predictDurationMs(noDurations, move.bytes, durationQuantile)),
  };
}
