import { executionId, hostName, methodId, rackName } from '../../src/core/ids.ts';
import type {
  AffinityInputs,
  EstimatedExecution,
  HostReport,
  RackBound,
} from '../../src/placement/affinity-inputs.ts';
import type { AffinityRound } from '../../src/placement/affinity-round.ts';
import { decideRound } from '../../src/placement/affinity-round.ts';
import type { Asker } from '../../src/placement/admission.ts';
import { admit } from '../../src/placement/admission.ts';
import type { HostStrain } from '../../src/placement/availability.ts';
import { unstrained } from '../../src/placement/availability.ts';
import type { ChurnState } from '../../src/placement/churn-budget.ts';
import { moveCostPrior } from '../../src/placement/move-cost.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import type { PlacementPolicy } from '../../src/placement/placement-policy.ts';

export interface WorldHost {
  readonly name: string;
  readonly rack: string;
  readonly cpuShare: number;
  readonly baseMemory: number;
  readonly strain: HostStrain;
}

export interface WorldMove {
  readonly execution: string;
  readonly asker: Asker;
  readonly beganAtMs: number;
  readonly landedAtMs: number;
  readonly from: string;
  readonly to: string;
}

/** A report of a host with one core and nothing on it. */
export function report(name: string, more: Partial<HostReport> = {}): HostReport {
  return {
    identity: { name: hostName(name), rack: rackName('r1') },
    labels: [],
    resource: { memoryUsage: 0.2 },
    cpuShare: 1,
    demand: 0,
    reserved: 0,
    accepting: true,
    ...more,
  };
}

/** A busy execution that has used a minute and needs another. */
export function execution(name: string, more: Partial<EstimatedExecution> = {}): EstimatedExecution {
  return {
    executionId: executionId(name),
    methodId: methodId('work.ts#work'),
    host: hostName('here'),
    currentHost: hostName('here'),
    affinity: anywhere,
    executionCost: 0.05,
    demand: 1,
    memoryShare: 0.01,
    movedAtMs: null,
    movable: true,
    snapshotBytes: 100_000,
    remaining: { lowMs: 20_000, medianMs: 60_000, highMs: 180_000, source: 'progress' },
    uncheckpointedMs: 0,
    ...more,
  };
}

/** A host with four busy executions on one core, and what else is given. */
export function inputs(more: Partial<AffinityInputs> = {}): AffinityInputs {
  return {
    nowMs: 1_000_000,
    here: report('here', { demand: 4 }),
    executions: ['a', 'b', 'c', 'd'].map((name) => execution(name)),
    candidates: [],
    outstanding: [],
    bounds: [],
    alarmed: [],
    churn: {},
    moveCosts: moveCostPrior,
    power: [],
    ...more,
  };
}

export const decider = { address: 'host/here/affinity', wallMs: 1_790_000_000_000 };

export function movesOf(round: AffinityRound): string[] {
  return round.decisions.map(
    ({ methodExecution, targetHost }) => `${methodExecution.executionId} to ${targetHost}`,
  );
}

interface InFlight {
  readonly execution: EstimatedExecution;
  readonly asker: Asker;
  readonly target: string;
  readonly beganAtMs: number;
}

/** Hosts under a constant load, whose reports are exact; every move, whoever asks, passes `admit` and takes a while. */
export class World {
  readonly moves: WorldMove[] = [];
  executions: readonly EstimatedExecution[];
  bounds: readonly RackBound[] = [];
  nowMs = 0;
  #churn: ChurnState = {};
  #inFlight: InFlight[] = [];
  readonly #hosts: readonly WorldHost[];
  readonly #policy: PlacementPolicy;
  readonly #moveMs: number;

  constructor(
    hosts: readonly WorldHost[],
    executions: readonly EstimatedExecution[],
    policy: PlacementPolicy,
    moveMs = 300,
  ) {
    this.#hosts = hosts;
    this.executions = executions;
    this.#policy = policy;
    this.#moveMs = moveMs;
  }

  /** One second: each host's affinity actor decides once, beginning with the one named by `turn`. */
  round(turn: number): void {
    for (let index = 0; index < this.#hosts.length; index += 1) {
      this.nowMs += 1_000 / this.#hosts.length;
      this.#land();
      this.#decide(this.#hosts[(index + turn) % this.#hosts.length] as WorldHost);
    }
  }

  /** @returns whether the move began */
  ask(asker: Asker, id: string, target: string): boolean {
    const moving = this.executions.find((one) => one.executionId === id);
    if (moving === undefined || this.#isInFlight(id) || moving.currentHost === target) return false;
    const move = {
      executionId: moving.executionId,
      from: this.#report(this.#host(moving.currentHost)).identity,
      to: this.#report(this.#host(target)).identity,
    };
    const ageMs = moving.movedAtMs === null ? null : this.nowMs - moving.movedAtMs;
    const admission = admit(asker, move, [ageMs], this.#churn, this.nowMs, this.#policy);
    if (admission.kind === 'refused') return false;
    this.#churn = admission.churn;
    this.#inFlight.push({ execution: moving, asker, target, beganAtMs: this.nowMs });
    return true;
  }

  #decide(host: WorldHost): void {
    const leaving = this.#inFlight.filter((move) => move.execution.currentHost === host.name);
    const round = decideRound(
      inputs({
        nowMs: this.nowMs,
        here: this.#report(host),
        executions: this.executions.filter((one) => one.currentHost === host.name),
        candidates: this.#hosts.map((one) => this.#report(one)),
        outstanding: leaving.map(({ execution: { executionId: id, demand, memoryShare }, target }) => ({
          executionId: id,
          targetHost: hostName(target),
          demand,
          memoryShare,
        })),
        bounds: this.bounds,
        churn: this.#churn,
      }),
      this.#policy,
      decider,
    );
    for (const { methodExecution, targetHost } of round.decisions)
      this.ask('affinity', methodExecution.executionId, targetHost);
  }

  #land(): void {
    const landed = this.#inFlight.filter(({ beganAtMs }) => beganAtMs + this.#moveMs <= this.nowMs);
    for (const {
      execution: { executionId: id, currentHost },
      target,
      asker,
      beganAtMs,
    } of landed) {
      this.executions = this.executions.map((one) =>
        one.executionId === id ? { ...one, currentHost: hostName(target), movedAtMs: this.nowMs } : one,
      );
      this.moves.push({
        execution: id,
        asker,
        beganAtMs,
        landedAtMs: this.nowMs,
        from: currentHost,
        to: target,
      });
    }
    this.#inFlight = this.#inFlight.filter((move) => !landed.includes(move));
  }

  #isInFlight(id: string): boolean {
    return this.#inFlight.some((move) => move.execution.executionId === id);
  }

  #host(name: string): WorldHost {
    return this.#hosts.find((one) => one.name === name) as WorldHost;
  }

  #report(host: WorldHost): HostReport {
    const carried = this.executions.filter((one) => one.currentHost === host.name);
    return {
      ...report(host.name, {
        identity: { name: hostName(host.name), rack: rackName(host.rack) },
        resource: {
          memoryUsage: Math.min(
            1,
            carried.reduce((sum, one) => sum + one.memoryShare, host.baseMemory),
          ),
        },
        cpuShare: host.cpuShare,
        demand: carried.reduce((sum, one) => sum + one.demand, 0),
        reserved: this.#inFlight.filter((move) => move.target === host.name).length,
      }),
      strain: host.strain,
    };
  }
}

export function calmHost(name: string, more: Partial<WorldHost> = {}): WorldHost {
  return { name, rack: 'r1', cpuShare: 1, baseMemory: 0.1, strain: unstrained, ...more };
}
