import type { ExecutionId } from '../../core/ids.ts';
import { executionId } from '../../core/ids.ts';
import { anywhere } from '../../placement/original-affinity.ts';
import { Coverage } from './coverage.ts';
import type { HostIndex, Phase } from './faults.ts';
import type { HostDrivers, SimulatedHost } from './host.ts';
import type { ChildState } from './offspring.ts';
import { PhaseTriggers } from './phase-triggers.ts';
import type { Move, Scenario } from './scenario.ts';
import type { Deals } from './script.ts';
import { argsOf, scriptMethod } from './script.ts';
import { hostIndexOf, hostNameOf, Striking } from './striking.ts';
import type { TraceLine } from './world.ts';
import type { Work, WorkDeals } from './works.ts';
import { World } from './world.ts';
import type { Violation } from './witness.ts';

/** What one run came to. */
export interface Outcome {
  readonly violations: readonly Violation[];
  /** Moves that were made. */
  readonly moves: number;
  readonly acts: number;
  readonly simulatedMs: number;
  readonly coverage: Coverage;
  /** Empty unless it was asked for. */
  readonly trace: readonly TraceLine[];
}

export interface RunOptions {
  readonly drivers: (world: World) => HostDrivers;
  readonly traced?: boolean;
}

/**
 * Shorter times than a host ships with, so that a short run holds whole lives of leases: a dead host's executions go on
 * elsewhere within about 3 s.
 */
export const quickSettings = {
  lease: { termMs: 1_500, marginMs: 500, renewMs: 300 },
  checkpoints: { everyMs: 150 },
  monitor: { sampleMs: 1_000, traceMs: 150 },
  // Hosts die here of everything but their executions.
  recovery: { deathsMax: 1_000 },
  affinity: { enabled: false },
  orchestrator: { enabled: false },
} as const;

const bootMs = 60;
/** After the last fault has ended everything has to go on, or to have ended, within this. */
export const livenessMs = 25_000;
/** By then the faults that last longest have ended. */
const faultsEndMs = 4_500;
/** What comes of a stale copy shows by then. */
const calmMs = 400;
/** Who goes on has acted this recently: ten steps of a lane. */
const recentMs = 100;
/** The same of one that waits for effects, timers and checkpoints. */
const recentDealMs = 350;
const restartMs = 150;

/** Runs one scenario from the first start to the end of its last doubt. */
export async function runScenario(
  scenario: Scenario,
  { drivers, traced = false }: RunOptions,
): Promise<Outcome> {
  const world = new World({ seed: scenario.seed, drivers, settings: quickSettings, traced });
  const run = new ScenarioRun(scenario, world);
  await run.play();
  return {
    violations: world.witness.violations,
    moves: world.moves,
    acts: world.witness.count,
    simulatedMs: world.clock.monotonicMs() - run.beganAtMs,
    coverage: run.coverage,
    trace: world.trace,
  };
}

function executionOf(work: number): ExecutionId {
  return executionId(`x-${work + 1}`);
}

function dealsOf(deals: WorkDeals | null): Deals | null {
  return deals === null ? null : { ...deals, parent: null, sendTo: deals.sendTo.map(executionOf) };
}

interface Child extends ChildState {
  readonly parent: ExecutionId;
  /** To what it counts. */
  readonly until: number;
}

class ScenarioRun {
  readonly coverage = new Coverage();
  readonly beganAtMs: number;
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #striking: Striking;
  readonly #triggers: PhaseTriggers;
  /** By the place of their work. */
  readonly #executions = new Map<number, ExecutionId>();
  /** Those whose start was confirmed. */
  readonly #begun = new Set<ExecutionId>();
  #isOver = false;

  constructor(scenario: Scenario, world: World) {
    this.#scenario = scenario;
    this.#world = world;
    this.beganAtMs = world.clock.monotonicMs();
    this.#striking = new Striking(world, scenario.hosts);
    this.#striking.onStruck = ({ kind, hosts }) => {
      for (const [host, phases] of this.#triggers.now()) {
        if (!host.alive || (hosts !== null && !hosts.includes(host.config.name))) continue;
        for (const phase of phases) this.coverage.met(phase, kind);
      }
    };
    this.#triggers = new PhaseTriggers({
      strike: (fault, by) => this.#striking.strike(fault, by),
      later: (inMs, task) =>
        void world.clock.after(inMs, () => {
          if (!this.#isOver) task();
        }),
      onEntered: (phase, host) => this.#entered(phase, host),
    });
    world.onExit = (host) => void world.clock.after(restartMs, () => this.#striking.restart(host));
    world.afterTurn = (host) => this.#triggers.look(host);
  }

  async play(): Promise<void> {
    const { hosts, works, moves, faults, activeMs } = this.#scenario;
    const world = this.#world;
    for (let index = 0; index < hosts; index += 1) world.boot(hostNameOf(index)).start();
    await world.advance(bootMs);
    for (const [at, work] of works.entries()) {
      if (work.atMs === 0) this.#begin(work, at);
      else world.clock.after(work.atMs, () => this.#begin(work, at));
    }
    for (const move of moves) world.clock.after(move.atMs, () => this.#move(move.work, move.to));
    for (const fault of faults) {
      const { trigger } = fault;
      if (trigger.kind === 'time') world.clock.after(trigger.atMs, () => this.#striking.strike(fault, null));
      else this.#triggers.await(fault, trigger);
    }
    await world.advance(activeMs);
    this.#isOver = true;
    this.#triggers.clear();
    // Who is cut off for longer than a lease finds others in its place when it comes back.
    await world.until(() => this.#striking.active.size === 0, faultsEndMs);
    this.#striking.endAll();
    await world.advance(calmMs);
    world.deals.mark();
    const isWell = (): boolean =>
      [...this.#executions].every(([at, execution]) => this.#goesOn(execution, at)) &&
      this.#children().every((child) => this.#lackOf(child) === null);
    if (await world.until(isWell, livenessMs)) await world.advance(calmMs);
    // One of which nobody knew whether it had begun may just have done so.
    await world.until(isWell, livenessMs);
    this.#judgeEnds();
  }

  #begin({ on, until, bytes, durable, deals }: Work, at: number): void {
    const host = this.#world.host(hostNameOf(on));
    if (host === null) return;
    const named = executionOf(at);
    const script = { until, busy: true, bytes, peers: [], deals: dealsOf(deals) };
    const options = { durable, named };
    const { execution, started } = this.#world.begin(host, scriptMethod, argsOf(script), anywhere, options);
    this.#executions.set(at, execution);
    // Whoever was not told so may find that it never began.
    started.then(
      ({ kind }) => {
        if (kind === 'started') this.#begun.add(execution);
      },
      () => undefined,
    );
  }

  #move(work: number, to: Move['to']): void {
    const execution = this.#executions.get(work);
    const via = this.#world.living[work % Math.max(1, this.#world.living.length)];
    if (execution === undefined || via === undefined) return;
    // What became of it stands in the events, and in where it acts.
    this.#world.move(via, execution, hostNameOf(this.#target(execution, to))).catch(() => undefined);
  }

  #target(execution: ExecutionId, to: Move['to']): HostIndex {
    if (typeof to === 'number') return to;
    const owner = this.#world.store.registers.rows.get(execution)?.row.owner;
    const host = this.#world.hosts.findLast(({ identity }) => identity.incarnation === owner);
    const from = host === undefined ? 0 : hostIndexOf(host.config.name);
    const { hosts } = this.#scenario;
    // A scenario that was made smaller may have fewer hosts.
    return (from + 1 + ((to.hostsOn - 1) % (hosts - 1))) % hosts;
  }

  #entered(phase: Phase, host: SimulatedHost): void {
    this.coverage.entered(phase);
    for (const { kind, hosts } of this.#striking.active) {
      if (hosts === null || hosts.includes(host.config.name)) this.coverage.met(phase, kind);
    }
  }

  #resultOf(execution: ExecutionId): string | null {
    const { registers } = this.#world.store;
    const standing = registers.rows.get(execution)?.row.standing;
    if (standing?.phase !== 'settled') return null;
    return new TextDecoder().decode(this.#world.store.values.get(standing.result.vaultKey));
  }

  #goesOn(execution: ExecutionId, at: number): boolean {
    const until = this.#scenario.works[at]?.until ?? null;
    const last = this.#lastOf(execution, at);
    if (last === null && !this.#begun.has(execution)) return true;
    if (until !== null && last?.count === until && this.#resultOf(execution) === null) return false;
    if (until !== null && last?.count === until) return this.#world.deals.owed(execution) === null;
    const dealing = this.#scenario.works[at]?.deals !== null;
    const isRecent =
      last !== null && this.#world.clock.monotonicMs() - last.atMs <= (dealing ? recentDealMs : recentMs);
    return isRecent && this.#world.deals.owed(execution) === null;
  }

  /** Those that their parents, as they now are, have started; not those of lives that were taken back. */
  #children(): readonly Child[] {
    return [...this.#executions.entries()].flatMap(([at, parent]) => {
      const until = this.#scenario.works[at]?.deals?.children?.until;
      const children = this.#world.deals.account(parent)?.children ?? [];
      return until === undefined ? [] : children.map((state) => ({ ...state, parent, until }));
    });
  }

  /** What of a child has not come to pass yet that has to: each comes to its end, and its parent is told. */
  #lackOf({ child, parent, until, told }: Child): string | null {
    const result = this.#resultOf(child);
    if (result === null) {
      const last = this.#world.deals.account(child);
      return last === null
        ? 'it was started and never acted'
        : `it has not ended, and stands at ${last.count}`;
    }
    if (result !== String(until)) return `it returned ${result}, expected ${until}`;
    const isTold = told !== null || this.#resultOf(parent) !== null;
    return isTold ? null : `its end was not told to ${parent}`;
  }

  /** The last of it that was seen. */
  #lastOf(execution: ExecutionId, at: number): { readonly count: number; readonly atMs: number } | null {
    const { deals, witness } = this.#world;
    return this.#scenario.works[at]?.deals === null ? witness.last(execution) : deals.account(execution);
  }

  #judgeEnds(): void {
    const { witness, clock, deals } = this.#world;
    for (const [at, execution] of this.#executions) {
      const until = this.#scenario.works[at]?.until ?? null;
      const last = this.#lastOf(execution, at);
      const atMs = clock.monotonicMs();
      const result = this.#resultOf(execution);
      if (result !== null && result !== String(until)) {
        const text = `it returned ${result}, expected ${until ?? 'that it goes on'}`;
        witness.found({ atMs, execution, promise: 'rightResult', text });
      } else if (!this.#goesOn(execution, at)) {
        const acted =
          last === null ? 'it never acted' : `its last act is ${last.count} at ${last.atMs.toFixed(1)}`;
        const owed = deals.owed(execution);
        const text = `${owed ?? acted}, ${livenessMs} ms after all faults had ended`;
        witness.found({ atMs, execution, promise: owed === null ? 'neverNone' : 'messages', text });
      }
    }
    for (const child of this.#children()) {
      const lack = this.#lackOf(child);
      if (lack === null) continue;
      const text = `${lack}, ${livenessMs} ms after all faults had ended`;
      witness.found({ atMs: clock.monotonicMs(), execution: child.child, promise: 'children', text });
    }
  }
}
