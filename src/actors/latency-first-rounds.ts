import type { RackName } from '../core/ids.ts';
import { noResources, plus } from '../core/resources.ts';
import type { ExpectedOutcome } from '../placement/decision-record.ts';
import type { FeedbackPolicy, MoveEffect } from '../placement/orchestration/feedback.ts';
import { learn, permits, recalibrated } from '../placement/orchestration/feedback.ts';
import { recordOf, textOf } from '../placement/orchestration/latency-first-record.ts';
import type { LatencyFirstMove } from '../placement/orchestration/latency-first-record.ts';
import type {
  LatencyFirstDecision,
  LatencyFirstPolicy,
  LatencyFirstProblem,
  RankedComponent,
} from '../placement/orchestration/latency-first.ts';
import { decideLatencyFirst } from '../placement/orchestration/latency-first.ts';
import { choosePart } from '../placement/orchestration/parts.ts';
import {
  breachAtMs,
  learnDuration,
  predictDurationMs,
  schedule,
} from '../placement/orchestration/schedule.ts';
import type { ComponentForecast } from '../protocols/messages.ts';
import { excessCores, fullest, peakOf, scaled, shareOf, soundForecasts, underWay } from './component-load.ts';
import { durationQuantile, measuredOf, pauseBefore, trafficBetween } from './directive-effects.ts';
import type { SeenComponent, SeenExecution } from './fleet-view.ts';
import { demandOf } from './fleet-view.ts';
import { afterPart, afterWholes } from './standing-racks.ts';
import type { OrchestrationRounds, Ordering, Situation } from './orchestration-rounds.ts';
import type { Order } from './orders.ts';
import type { LatencyFirstEnded } from './rounds-memory.ts';
import { latencyFirstMemory, noLatencyFirstMemory } from './rounds-memory.ts';

export interface LatencyFirstRules {
  readonly policy: LatencyFirstPolicy;
  readonly feedback: FeedbackPolicy;
  readonly coolDownMs: number;
  /** A move ends at least so long before the breach that is forecast. */
  readonly marginMs: number;
  /** How long the affinity actors keep what was moved inside its new rack. */
  readonly horizonMs: number;
  /** Between two rounds: what need not begin before the next one is left to it, which knows more. */
  readonly everyMs: number;
  /** After its last part, so long until a directive's benefit is measured: the reports must show it. */
  readonly settleMs: number;
  /** A forecast that is older counts no more: what is used now is expected to go on. */
  readonly forecastMaxMs: number;
}

/** In one round; more wait for the next one, which sees what these did. */
const ordersMax = 64;

/** A component as the rule sees it, with what it is made of. */
interface Candidate {
  readonly seen: SeenComponent;
  /** Those in its rack that may be moved. */
  readonly parts: readonly SeenExecution[];
  readonly ranked: RankedComponent;
  readonly forecast: ComponentForecast | null;
}

/**
 * Rounds of the policy `latency-first`. Each move ends before the breach that is forecast; its benefit is measured when
 * the reports show it, corrects what is expected of the next ones, and bars what did not help.
 */
export class LatencyFirstRounds implements OrchestrationRounds {
  readonly policy = 'latency-first';
  readonly #rules: LatencyFirstRules;
  #memory = noLatencyFirstMemory();

  constructor(rules: LatencyFirstRules) {
    this.#rules = rules;
  }

  memory(): unknown {
    return this.#memory;
  }

  recall(memory: unknown): void {
    this.#memory = latencyFirstMemory(memory);
  }

  problem(): unknown {
    return null;
  }

  weigh(): string {
    return 'its policy is latency-first, which weighs nothing (orchestrator.policy)';
  }

  decide(situation: Situation): readonly Ordering[] {
    this.#measure(situation);
    const forecasts = soundForecasts(situation, this.#rules.forecastMaxMs);
    const candidates = new Map(
      situation.view.components(situation.nowMs).map((seen) => {
        const forecast = forecasts.get(seen.component) ?? null;
        const candidate = this.#candidate(seen, forecast, situation);
        return [seen.component, candidate] as const;
      }),
    );
    const problem = this.#problem([...candidates.values()], situation);
    const { decisions } = decideLatencyFirst(problem);
    const moves: LatencyFirstMove[] = [];
    const orderings: Ordering[] = [];
    // What the rule counted of whole components, and what goes of parts.
    let standing = afterWholes(problem, decisions);
    for (const decision of decisions) {
      if (orderings.length >= ordersMax) break;
      const candidate = candidates.get(decision.component);
      if (candidate === undefined) continue;
      const whole = decision.kind === 'move';
      const move = whole ? decision : this.#nearestWithRoom(decision, standing);
      if (move === null) continue;
      const parts = whole ? candidate.parts : this.#partOf(candidate, move, standing);
      if (parts.length === 0) continue;
      if (!whole) standing = afterPart(standing, move, parts);
      const ordering = this.#order(candidate, parts, move, moves, problem, situation);
      if (ordering !== null) orderings.push(ordering);
      moves.push(move);
    }
    return orderings;
  }

  learn(order: Order, { seatMs }: Situation): void {
    const { directive, outcome } = order;
    const pending = this.#memory.pending[directive.componentId];
    delete this.#memory.pending[directive.componentId];
    const moved = outcome?.moved ?? [];
    if (pending === undefined || moved.length === 0) return;
    for (const { bytes, durationMs } of moved) {
      this.#memory.durations = learnDuration(this.#memory.durations, { bytes, durationMs });
    }
    const ended: LatencyFirstEnded = {
      ...pending,
      ...measuredOf(moved),
      measureAtMs: seatMs + this.#rules.settleMs,
    };
    this.#memory.ended = [...this.#memory.ended, ended];
  }

  /** What the ended directives brought, as the reports now show it. */
  #measure({ view, nowMs, seatMs }: Situation): void {
    const { policy, feedback } = this.#rules;
    const racks = view.racks(nowMs);
    const excess = (rack: RackName): number => {
      const load = racks.get(rack);
      return load === undefined ? 0 : excessCores(load.used.cpu, load.capacity.cpu, policy.utilizationMax);
    };
    const due = this.#memory.ended.filter(({ measureAtMs }) => measureAtMs <= seatMs);
    for (const ended of due) {
      const { component, from, to, situation, expected, pauseMs, bytes, durationMs } = ended;
      const benefit = 1_000 * (ended.excessCores - excess(from) - excess(to));
      const measured = { benefit, pauseMs, bytes, durationMs };
      const effect = { component, rack: to, atMs: seatMs, expected, measured, situation };
      this.#memory.feedback = learn(this.#memory.feedback, effect, feedback);
    }
    this.#memory.ended = this.#memory.ended.filter((ended) => !due.includes(ended));
  }

  #candidate(
    seen: SeenComponent,
    forecast: ComponentForecast | null,
    { view, nowMs, busy }: Situation,
  ): Candidate {
    const inRack = seen.executions.filter(({ rack }) => rack === seen.rack);
    const rested = inRack.filter(
      ({ movedAgoMs }) => movedAgoMs === null || movedAgoMs >= this.#rules.coolDownMs,
    );
    const used = inRack.map(({ usage }) => demandOf(usage)).reduce(plus, noResources);
    return {
      seen,
      parts: rested,
      forecast,
      ranked: {
        component: seen.component,
        rack: seen.rack,
        used,
        predicted: forecast === null ? used : scaled(peakOf(forecast), shareOf(used, seen.demand)),
        latencyImpact: forecast?.latencyImpact ?? 0,
        movable:
          view.racks(nowMs).get(seen.rack)?.isNew === false &&
          !busy.has(seen.component) &&
          rested.length > 0 &&
          rested.length === inRack.length,
      },
    };
  }

  #problem(candidates: readonly Candidate[], situation: Situation): LatencyFirstProblem {
    const { view, nowMs, latencies } = situation;
    const accepting = new Set(
      view.hosts(nowMs).flatMap(({ usage }) => (usage.accepting ? [usage.identity.rack] : [])),
    );
    return {
      racks: [...view.racks(nowMs)].map(([rack, { capacity, used, isNew }]) => ({
        rack,
        capacity,
        used: underWay(rack, used, situation),
        accepting: accepting.has(rack) && !isNew,
      })),
      components: candidates.map(({ ranked }) => ranked),
      latencies,
      policy: this.#rules.policy,
    };
  }

  /** No rack takes the whole: the nearest one that takes some of it. */
  #nearestWithRoom(
    decision: Extract<LatencyFirstDecision, { kind: 'nowhere' }>,
    { racks, policy }: LatencyFirstProblem,
  ): LatencyFirstMove | null {
    const { resource } = decision.breach;
    const near = decision.racks.find(({ rack, verdict }) => {
      if (verdict !== 'tooFull') return false;
      const load = racks.find((one) => one.rack === rack);
      return load !== undefined && load.used[resource] < policy.utilizationMax * load.capacity[resource];
    });
    if (near === undefined || near.latencyMs === null) return null;
    const chosen = { ...near, verdict: 'chosen' as const };
    return {
      kind: 'move',
      component: decision.component,
      from: decision.from,
      to: near.rack,
      latencyMs: near.latencyMs,
      breach: decision.breach,
      racks: [chosen, ...decision.racks.filter((one) => one !== near)],
    };
  }

  /** The side of a minimum cut that relieves the one rack and fits into the other. */
  #partOf(
    { seen, parts, ranked }: Candidate,
    { from, to, breach }: LatencyFirstMove,
    { racks, policy }: LatencyFirstProblem,
  ): readonly SeenExecution[] {
    const { resource } = breach;
    const source = racks.find(({ rack }) => rack === from);
    const target = racks.find(({ rack }) => rack === to);
    if (source === undefined || target === undefined || parts.length < 2) return [];
    const growth = ranked.used[resource] > 0 ? ranked.predicted[resource] / ranked.used[resource] : 1;
    const answer = choosePart({
      members: parts.map(({ usage }) => ({
        execution: usage.execution,
        demand: demandOf(usage)[resource] * growth,
        anchor: usage.execution === seen.component ? 'stays' : 'free',
      })),
      traffic: trafficBetween(parts).map(({ a, b, messagesPerSecond }) => ({
        a,
        b,
        weight: messagesPerSecond,
      })),
      demandMin: Math.max(0, (breach.with - policy.utilizationMax) * source.capacity[resource]),
      demandMax: policy.utilizationMax * target.capacity[resource] - target.used[resource],
    });
    const going = new Set(answer.kind === 'part' ? answer.parts : []);
    return parts.filter(({ usage }) => going.has(usage.execution));
  }

  #order(
    candidate: Candidate,
    parts: readonly SeenExecution[],
    move: LatencyFirstMove,
    earlier: readonly LatencyFirstMove[],
    problem: LatencyFirstProblem,
    situation: Situation,
  ): Ordering | null {
    const { nowWallMs, seatMs } = situation;
    const loads = { source: fullest(problem, move.from), target: fullest(problem, move.to) };
    const { feedback, durations } = this.#memory;
    const { component } = move;
    if (permits(feedback, component, move.to, loads, seatMs, this.#rules.feedback).kind === 'refused')
      return null;
    const startInMs = this.#startInMs(candidate, parts, move, problem, nowWallMs);
    if (startInMs >= this.#rules.everyMs) return null;
    const bytes = parts.reduce((sum, { usage }) => sum + usage.snapshotBytes, 0);
    const excess = this.#excess(candidate, move, problem);
    const computed: MoveEffect = {
      benefit: 1_000 * (excess.without - excess.with),
      pauseMs: pauseBefore(parts.length, bytes),
      bytes,
      durationMs: predictDurationMs(durations, bytes, durationQuantile),
    };
    this.#memory.pending[component] = {
      component,
      from: move.from,
      to: move.to,
      situation: loads,
      expected: computed,
      excessCores: excess.without,
    };
    return {
      component: candidate.seen,
      parts: parts.map(({ usage }) => usage.execution),
      demand: Object.fromEntries(parts.map(({ usage }) => [usage.execution, demandOf(usage)])),
      targetRack: move.to,
      targetHosts: {},
      strategy: 'stopAndCopy',
      startInMs,
      horizonMs: this.#rules.horizonMs,
      text: textOf(move, problem.policy),
      record: recordOf(problem, move, earlier, this.#expected(computed)),
    };
  }

  #expected(computed: MoveEffect): ExpectedOutcome {
    const { benefit, pauseMs, bytes } = recalibrated(this.#memory.feedback, computed);
    return { benefitMs: (benefit * this.#rules.horizonMs) / 1_000, pauseMs, bytes };
  }

  /** So that the last part ends before the breach that the forecast sees. */
  #startInMs(
    { forecast, ranked }: Candidate,
    parts: readonly SeenExecution[],
    { from, breach }: LatencyFirstMove,
    { racks, policy }: LatencyFirstProblem,
    nowWallMs: number,
  ): number {
    const home = racks.find(({ rack }) => rack === from);
    const median = forecast?.quantiles.find(({ level }) => level === 0.5)?.steps;
    if (home === undefined || forecast === null || median === undefined) return 0;
    const { resource } = breach;
    const capacity = home.capacity[resource];
    if (home.used[resource] > policy.utilizationMax * capacity) return 0;
    const scale =
      peakOf(forecast)[resource] > 0 ? ranked.predicted[resource] / peakOf(forecast)[resource] : 1;
    const utilization = median.map((step) => breach.without + (scale * step[resource]) / capacity);
    const { fromWallMs: fromMs, stepMs } = forecast;
    const breachMs = breachAtMs({ fromMs, stepMs, utilization }, policy.utilizationMax);
    if (breachMs === null) return 0;
    const durations = parts.map(({ usage }) =>
      predictDurationMs(this.#memory.durations, usage.snapshotBytes, durationQuantile),
    );
    const [first] = schedule(nowWallMs, breachMs, durations, this.#rules.marginMs);
    return first === undefined ? 0 : first.startAtMs - nowWallMs;
  }

  /** Cores beyond the limit in both racks: with the component where it is, as forecast, and after the move. */
  #excess(
    { ranked }: Candidate,
    { from, to }: LatencyFirstMove,
    { racks, policy }: LatencyFirstProblem,
  ): { readonly without: number; readonly with: number } {
    const source = racks.find(({ rack }) => rack === from);
    const target = racks.find(({ rack }) => rack === to);
    if (source === undefined || target === undefined) return { without: 0, with: 0 };
    const beyond = (load: typeof source, cpu: number): number =>
      excessCores(cpu, load.capacity.cpu, policy.utilizationMax);
    const left = source.used.cpu - ranked.used.cpu;
    return {
      without: beyond(source, left + ranked.predicted.cpu) + beyond(target, target.used.cpu),
      with: beyond(source, left) + beyond(target, target.used.cpu + ranked.predicted.cpu),
    };
  }
}
