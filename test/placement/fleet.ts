import { executionId, hostName, methodId, rackName } from '../../src/core/ids.ts';
import type { AffinityPolicy } from '../../src/placement/affinity.ts';
import type { HostReport, MigrationDecision, PlacedExecution } from './choosing.ts';
import { choose } from './choosing.ts';
import type { DeclaredAffinity } from '../../src/placement/original-affinity.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';

export interface FleetHost {
  readonly name: string;
  readonly cpuShare: number;
  readonly baseMemory: number;
}

export interface FleetExecution {
  readonly name: string;
  readonly demand: number;
  readonly memoryShare: number;
  readonly affinity: DeclaredAffinity;
  host: string;
  movedAtMs: number | null;
}

export interface FleetMove {
  readonly execution: string;
  readonly atMs: number;
  readonly decision: MigrationDecision;
}

interface InFlight {
  readonly execution: FleetExecution;
  readonly target: string;
  readonly arrivesMs: number;
}

/** Hosts under a constant load, whose reports are exact; a move takes a while, during which its target shows it as reserved. */
export class Fleet {
  readonly moves: FleetMove[] = [];
  readonly hosts: readonly FleetHost[];
  readonly executions: readonly FleetExecution[];
  readonly #policy: AffinityPolicy;
  readonly #moveMs: number;
  #inFlight: InFlight[] = [];
  #nowMs = 0;

  constructor(
    hosts: readonly FleetHost[],
    executions: readonly FleetExecution[],
    policy: AffinityPolicy,
    moveMs = 300,
  ) {
    this.hosts = hosts;
    this.executions = executions;
    this.#policy = policy;
    this.#moveMs = moveMs;
  }

  /** One second: each host decides once, in the order given by `turn`. */
  round(turn = 0): void {
    for (let index = 0; index < this.hosts.length; index += 1) {
      this.#nowMs += 1_000 / this.hosts.length;
      this.#land();
      this.#decide(this.hosts[(index + turn) % this.hosts.length] as FleetHost);
    }
  }

  count(host: string): number {
    return this.executions.filter((execution) => execution.host === host).length;
  }

  report(host: FleetHost): HostReport {
    const carried = this.executions.filter((execution) => execution.host === host.name);
    return {
      identity: { name: hostName(host.name), rack: rackName('r1') },
      labels: [],
      resource: {
        memoryUsage: Math.min(
          1,
          carried.reduce((sum, one) => sum + one.memoryShare, host.baseMemory),
        ),
      },
      cpuShare: host.cpuShare,
      demand: carried.reduce((sum, one) => sum + one.demand, 0),
      reserved: this.#inFlight.filter((move) => move.target === host.name).length,
      accepting: true,
    };
  }

  #land(): void {
    for (const move of this.#inFlight.filter(({ arrivesMs }) => arrivesMs <= this.#nowMs)) {
      move.execution.host = move.target;
      move.execution.movedAtMs = this.#nowMs;
    }
    this.#inFlight = this.#inFlight.filter(({ arrivesMs }) => arrivesMs > this.#nowMs);
  }

  #decide(host: FleetHost): void {
    const outstanding = this.#inFlight
      .filter((move) => move.execution.host === host.name)
      .map(({ execution, target }) => ({
        executionId: executionId(execution.name),
        targetHost: hostName(target),
        demand: execution.demand,
        memoryShare: execution.memoryShare,
      }));
    const placed = this.executions.filter((execution) => execution.host === host.name).map(placedOf);
    const reports = this.hosts.map((one) => this.report(one));
    const here = this.report(host);
    for (const decision of choose(here, placed, reports, outstanding, this.#nowMs, this.#policy)) {
      const name = decision.methodExecution.executionId;
      const execution = this.executions.find((one) => one.name === name) as FleetExecution;
      this.#inFlight.push({
        execution,
        target: decision.targetHost,
        arrivesMs: this.#nowMs + this.#moveMs,
      });
      this.moves.push({ execution: name, atMs: this.#nowMs, decision });
    }
  }
}

function placedOf(execution: FleetExecution): PlacedExecution {
  return {
    executionId: executionId(execution.name),
    methodId: methodId('work.ts#work'),
    host: hostName('h1'),
    currentHost: hostName(execution.host),
    affinity: execution.affinity,
    executionCost: 0.05,
    demand: execution.demand,
    memoryShare: execution.memoryShare,
    movedAtMs: execution.movedAtMs,
    movable: true,
  };
}

export function equalHosts(count: number, cpuShare: number): FleetHost[] {
  return Array.from({ length: count }, (_, index) => ({ name: `h${index + 1}`, cpuShare, baseMemory: 0.1 }));
}

export function executionsOn(host: string, count: number, demand: number, otherwise: number) {
  const affinity = { ...anywhere, hosts: [hostName(host)], otherwise };
  return Array.from({ length: count }, (_, index): FleetExecution => ({
    name: `x-${index + 1}`,
    demand,
    memoryShare: 0.01,
    affinity,
    host,
    movedAtMs: null,
  }));
}
