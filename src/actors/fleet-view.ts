import type { ExecutionId, HostName, RackName } from '../core/ids.ts';
import type { ResourceName, ResourceVector } from '../core/resources.ts';
import { noResources, resourceNames } from '../core/resources.ts';
import type { CurrentUtilization, ExecutionUsage, HostUsage, RackUsage } from '../protocols/messages.ts';
import type { Directory } from './directory.ts';

/** A host's newest report. */
export interface SeenHost {
  readonly usage: HostUsage;
  /** When it came, in monotonic milliseconds. */
  readonly atMs: number;
}

/** One execution and where its host's newest report shows it. */
export interface SeenExecution {
  readonly usage: ExecutionUsage;
  readonly host: HostName;
  readonly rack: RackName;
  /** Whose report it stands in: it may have left since. */
  readonly reportedIn: RackName;
}

/** An execution with all that it started, as the newest reports show them. */
export interface SeenComponent {
  readonly component: ExecutionId;
  /** Where most of its demand is. */
  readonly rack: RackName;
  readonly executions: readonly SeenExecution[];
  /** What it wants: of the CPU its demand, which is more than it gets where others want it too. */
  readonly demand: ResourceVector;
}

/** Who owns an execution now, as the registry shows it; null when nobody knows. Fresher than any report. */
export type WhereIs = (execution: ExecutionId) => { readonly host: HostName; readonly rack: RackName } | null;

/**
 * What the racks' actors have told: hosts, executions and components, none older than `staleMs`. It believes each
 * host's newest report, of an execution that two hosts report the one that came last, and of where an execution is the
 * registry.
 */
export class FleetView {
  readonly #hosts = new Map<HostName, SeenHost>();
  readonly #staleMs: number;
  readonly #whereIs: WhereIs;

  constructor(staleMs: number, whereIs: WhereIs) {
    this.#staleMs = staleMs;
    this.#whereIs = whereIs;
  }

  take({ hosts }: RackUsage, atMs: number): void {
    for (const usage of hosts) {
      const { name, incarnation } = usage.identity;
      const known = this.#hosts.get(name)?.usage;
      const isOld = known?.identity.incarnation === incarnation && known.report >= usage.report;
      if (!isOld && isSound(usage)) this.#hosts.set(name, { usage, atMs });
    }
  }

  hosts(nowMs: number): readonly SeenHost[] {
    for (const [name, { atMs }] of this.#hosts) if (nowMs - atMs > this.#staleMs) this.#hosts.delete(name);
    return [...this.#hosts.values()].toSorted((a, b) =>
      compare(a.usage.identity.name, b.usage.identity.name),
    );
  }

  executions(nowMs: number): ReadonlyMap<ExecutionId, SeenExecution> {
    const seen = new Map<ExecutionId, SeenExecution>();
    for (const { usage: host } of this.hosts(nowMs).toSorted((a, b) => a.atMs - b.atMs)) {
      const { name, rack } = host.identity;
      for (const usage of host.executions) {
        const now = this.#whereIs(usage.execution) ?? { host: name, rack };
        seen.set(usage.execution, { usage, ...now, reportedIn: rack });
      }
    }
    return seen;
  }

  /** By id. */
  components(nowMs: number): readonly SeenComponent[] {
    const groups = new Map<ExecutionId, SeenExecution[]>();
    for (const seen of this.executions(nowMs).values()) {
      const group = groups.get(seen.usage.component);
      if (group === undefined) groups.set(seen.usage.component, [seen]);
      else group.push(seen);
    }
    return [...groups]
      .map(([component, executions]) => ({
        component,
        rack: mainRack(executions),
        executions,
        demand: executions.map(({ usage }) => demandOf(usage)).reduce(plus, noResources),
      }))
      .toSorted((a, b) => compare(a.component, b.component));
  }

  /** Use over capacity of each rack that has hosts, in per cent; 0 of a resource that none of its hosts has. */
  utilization(nowMs: number): CurrentUtilization {
    const racks: Record<RackName, Record<ResourceName, number>> = {};
    for (const [rack, { capacity, used }] of this.racks(nowMs)) {
      const share = (name: ResourceName): number =>
        capacity[name] > 0 ? (100 * used[name]) / capacity[name] : 0;
      racks[rack] = {
        cpu: share('cpu'),
        memory: share('memory'),
        io: share('io'),
        network: share('network'),
      };
    }
    return racks;
  }

  /** Sums over the hosts of each rack; of the CPU, what is wanted counts, not what is served. */
  racks(
    nowMs: number,
  ): ReadonlyMap<RackName, { readonly capacity: ResourceVector; readonly used: ResourceVector }> {
    const racks = new Map<RackName, { capacity: ResourceVector; used: ResourceVector }>();
    for (const { usage } of this.hosts(nowMs)) {
      const { rack } = usage.identity;
      const known = racks.get(rack) ?? { capacity: noResources, used: noResources };
      racks.set(rack, {
        capacity: plus(known.capacity, usage.capacity),
        used: plus(known.used, wantedOn(usage)),
      });
    }
    for (const { usage, rack, reportedIn } of this.executions(nowMs).values()) {
      const from = racks.get(reportedIn);
      const to = racks.get(rack);
      if (rack === reportedIn || from === undefined || to === undefined) continue;
      racks.set(reportedIn, { ...from, used: minus(from.used, demandOf(usage)) });
      racks.set(rack, { ...to, used: plus(to.used, demandOf(usage)) });
    }
    return racks;
  }
}

/** As the directory shows it. */
export function ownerIn(directory: Directory): WhereIs {
  return (execution) => {
    const row = directory.register(execution)?.row;
    const host = row === undefined ? null : directory.incarnation(row.owner);
    return host === null ? null : { host: host.name, rack: host.rack };
  };
}

/** What an execution wants: at least the cores that it got. */
export function demandOf({ used, demand }: ExecutionUsage): ResourceVector {
  return { ...used, cpu: Math.max(used.cpu, demand) };
}

/** What a host's work wants together. */
export function wantedOn({ used, executions, rest }: HostUsage): ResourceVector {
  const listed = executions.reduce((sum, usage) => sum + demandOf(usage).cpu, rest.used.cpu);
  return { ...used, cpu: Math.max(used.cpu, listed) };
}

export function plus(a: ResourceVector, b: ResourceVector): ResourceVector {
  return {
    cpu: a.cpu + b.cpu,
    memory: a.memory + b.memory,
    io: a.io + b.io,
    network: a.network + b.network,
  };
}

/** What is left, never less than nothing. */
export function minus(a: ResourceVector, b: ResourceVector): ResourceVector {
  return {
    cpu: Math.max(0, a.cpu - b.cpu),
    memory: Math.max(0, a.memory - b.memory),
    io: Math.max(0, a.io - b.io),
    network: Math.max(0, a.network - b.network),
  };
}

/** A report with a figure that cannot be is worth less than none: its host counts as silent. */
function isSound({ capacity, used, executions, rest }: HostUsage): boolean {
  const vectors = [capacity, used, rest.used, ...executions.map((one) => one.used)];
  const numbers = executions.flatMap((one) => [one.demand, one.snapshotBytes, one.executionCost]);
  return (
    capacity.cpu > 0 &&
    vectors.every((vector) => resourceNames.every((name) => isAmount(vector[name]))) &&
    numbers.every(isAmount)
  );
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function mainRack(executions: readonly SeenExecution[]): RackName {
  const shares = new Map<RackName, number>();
  for (const { rack, usage } of executions) {
    // An idle component has a rack too: where most of its executions are.
    shares.set(rack, (shares.get(rack) ?? 0) + demandOf(usage).cpu + 1e-6);
  }
  const [first] = [...shares].toSorted(([a, x], [b, y]) => y - x || compare(a, b));
  return (first as readonly [RackName, number])[0];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
