import type { ExecutionId, HostName, RackName } from '../core/ids.ts';
import type { ResourceName, ResourceVector } from '../core/resources.ts';
import { minus, noResources, plus } from '../core/resources.ts';
import type { CurrentUtilization, ExecutionUsage, HostUsage, RackUsage } from '../protocols/messages.ts';
import type { Directory } from './directory.ts';
import { isSoundUsage } from './usage-soundness.ts';

/** A host's newest report. */
export interface SeenHost {
  readonly usage: HostUsage;
  /** When it came, in monotonic milliseconds. */
  readonly atMs: number;
  /** What its work wants together, as far as it is its own: of the CPU, what is wanted counts, not what is served. */
  readonly wanted: ResourceVector;
  /** Nobody has heard from it before: what left it meanwhile, and what came, no report has listed. */
  readonly isNew: boolean;
  /** Of the cores in its report, those of executions that have left since the report before. */
  readonly departedCores: number;
}

/** One execution and where its host's newest report shows it. */
export interface SeenExecution {
  readonly usage: ExecutionUsage;
  readonly host: HostName;
  readonly rack: RackName;
  /** Since its last change of host; null when it never moved, or its host cannot tell. Whatever the hosts' wall clocks show. */
  readonly movedAgoMs: number | null;
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

/** Sums over the hosts of one rack. */
export interface SeenRack {
  readonly capacity: ResourceVector;
  readonly used: ResourceVector;
  /** One of its hosts is new: its figures do not yet tell what runs there. */
  readonly isNew: boolean;
}

type Report = Pick<SeenHost, 'usage' | 'atMs' | 'isNew'>;

/**
 * What the racks' actors have told: hosts, executions and components, none older than `staleMs`. It believes each host's
 * newest report, and of where an execution is the registry: of two hosts that report one, its owner, else the one that
 * spoke last. What has left one host is remembered until the other has reported it, so that it is neither missing nor
 * counted twice. An execution that the registry does not know has ended, or never was.
 */
export class FleetView {
  readonly #reports = new Map<HostName, Report>();
  /** By execution, the newest of each host that lists it. */
  readonly #listed = new Map<ExecutionId, Map<HostName, Listed>>();
  readonly #staleMs: number;
  readonly #whereIs: WhereIs;
  /** A round asks many times for the same moment. */
  #glance: Glance | null = null;

  constructor(staleMs: number, whereIs: WhereIs) {
    this.#staleMs = staleMs;
    this.#whereIs = whereIs;
  }

  take({ hosts }: RackUsage, atMs: number): void {
    if (!Array.isArray(hosts)) return;
    this.#glance = null;
    for (const usage of hosts as readonly unknown[]) {
      if (!isSoundUsage(usage)) continue;
      const { name, incarnation } = usage.identity;
      const known = this.#reports.get(name)?.usage;
      const isOld = known?.identity.incarnation === incarnation && known.report >= usage.report;
      const isNew = known?.identity.incarnation !== incarnation;
      if (!isOld) this.#keep({ usage, atMs, isNew });
    }
  }

  #keep(report: Report): void {
    const { identity, executions } = report.usage;
    this.#reports.set(identity.name, report);
    for (const usage of executions) {
      const known = this.#listed.get(usage.execution) ?? new Map<HostName, Listed>();
      this.#listed.set(usage.execution, known.set(identity.name, { usage, report }));
    }
  }

  /** By name. */
  hosts(nowMs: number): readonly SeenHost[] {
    return this.#at(nowMs).hosts();
  }

  executions(nowMs: number): ReadonlyMap<ExecutionId, SeenExecution> {
    return this.#at(nowMs).executions();
  }

  /** By id. */
  components(nowMs: number): readonly SeenComponent[] {
    return this.#at(nowMs).components();
  }

  /** Of each rack that has hosts. */
  racks(nowMs: number): ReadonlyMap<RackName, SeenRack> {
    return this.#at(nowMs).racks();
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

  #at(nowMs: number): Glance {
    if (this.#glance?.nowMs === nowMs) return this.#glance;
    for (const [name, { atMs }] of this.#reports)
      if (nowMs - atMs > this.#staleMs) this.#reports.delete(name);
    for (const [execution, known] of this.#listed) {
      for (const [name, { report }] of known) if (nowMs - report.atMs > this.#staleMs) known.delete(name);
      if (known.size === 0) this.#listed.delete(execution);
    }
    this.#glance = new Glance(nowMs, this.#reports, this.#listed, this.#whereIs);
    return this.#glance;
  }
}

/** What the reports show at one moment, each part of it worked out once. */
class Glance {
  readonly nowMs: number;
  readonly hosts: () => readonly SeenHost[];
  readonly executions: () => ReadonlyMap<ExecutionId, SeenExecution>;
  readonly components: () => readonly SeenComponent[];
  readonly racks: () => ReadonlyMap<RackName, SeenRack>;

  constructor(nowMs: number, reports: Reports, listed: Listings, whereIs: WhereIs) {
    this.nowMs = nowMs;
    const shown = once(() => believe(reports, listed, whereIs));
    this.executions = once(() => seenIn(shown().believed, nowMs));
    this.hosts = once(() => hostsOf(reports, shown()));
    this.components = once(() => componentsOf(this.executions().values()));
    this.racks = once(() => racksOf(this.hosts(), shown().believed.values()));
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** An execution in a host's newest report that lists it. */
interface Listed {
  readonly usage: ExecutionUsage;
  readonly report: Report;
}

type Reports = ReadonlyMap<HostName, Report>;
type Listings = ReadonlyMap<ExecutionId, ReadonlyMap<HostName, Listed>>;

interface Believed extends Listed {
  readonly owner: { readonly host: HostName; readonly rack: RackName };
  /** Whether it is part of what its host's newest report sums up. */
  readonly isCurrent: boolean;
}

interface Shown {
  readonly believed: ReadonlyMap<ExecutionId, Believed>;
  /** Cores in a host's newest report of those that had left when it was made. */
  readonly departed: ReadonlyMap<HostName, number>;
}

function believe(reports: Reports, listings: Listings, whereIs: WhereIs): Shown {
  const believed = new Map<ExecutionId, Believed>();
  const departed = new Map<HostName, number>();
  for (const [execution, known] of listings) {
    const owner = whereIs(execution);
    for (const [name, { usage, report }] of known) {
      const newest = reports.get(name)?.usage.report;
      if (owner?.host !== name && newest === report.usage.report + 1)
        departed.set(name, (departed.get(name) ?? 0) + usage.used.cpu);
    }
    if (owner === null) continue;
    const own = known.get(owner.host);
    const latest = own ?? [...known.values()].reduce((a, b) => (b.report.atMs > a.report.atMs ? b : a));
    const isCurrent = reports.get(latest.report.usage.identity.name) === latest.report;
    // Its owner had listed it, and does no more: it has ended, or is one of the many small ones.
    if (own === undefined || isCurrent) believed.set(execution, { ...latest, owner, isCurrent });
  }
  return { believed, departed };
}

function seenIn(
  believed: ReadonlyMap<ExecutionId, Believed>,
  nowMs: number,
): ReadonlyMap<ExecutionId, SeenExecution> {
  const seen = new Map<ExecutionId, SeenExecution>();
  for (const [execution, { usage, report, owner }] of believed) {
    seen.set(execution, { usage, ...owner, movedAgoMs: movedAgo(usage, report, owner.host, nowMs) });
  }
  return seen;
}

/** Both times are of the reporting host's clock, which may have stepped between them: then the source alone knows. */
function movedAgo(
  { movedAtWallMs }: ExecutionUsage,
  { usage, atMs }: Report,
  owner: HostName,
  nowMs: number,
): number | null {
  // It has left since the report.
  if (usage.identity.name !== owner) return 0;
  const thenMs = usage.atWallMs - movedAtWallMs;
  return movedAtWallMs === 0 || thenMs < 0 ? null : thenMs + nowMs - atMs;
}

function hostsOf(reports: Reports, { believed, departed }: Shown): readonly SeenHost[] {
  const listed = new Map<Report, number>();
  for (const { usage, report, isCurrent } of believed.values())
    if (isCurrent) listed.set(report, (listed.get(report) ?? 0) + demandOf(usage).cpu);
  return [...reports.values()]
    .map((report) => {
      const { used, rest, identity } = report.usage;
      const departedCores = departed.get(identity.name) ?? 0;
      const unlisted = Math.max(0, rest.used.cpu - departedCores);
      const cpu = Math.max(0, used.cpu - departedCores, unlisted + (listed.get(report) ?? 0));
      return { ...report, wanted: { ...used, cpu }, departedCores };
    })
    .toSorted((a, b) => compare(a.usage.identity.name, b.usage.identity.name));
}

function componentsOf(executions: Iterable<SeenExecution>): readonly SeenComponent[] {
  const groups = new Map<ExecutionId, SeenExecution[]>();
  for (const seen of executions) {
    const group = groups.get(seen.usage.component);
    if (group === undefined) groups.set(seen.usage.component, [seen]);
    else group.push(seen);
  }
  return [...groups]
    .map(([component, members]) => ({
      component,
      rack: mainRack(members),
      executions: members,
      demand: members.map(({ usage }) => demandOf(usage)).reduce(plus, noResources),
    }))
    .toSorted((a, b) => compare(a.component, b.component));
}

function racksOf(hosts: readonly SeenHost[], believed: Iterable<Believed>): ReadonlyMap<RackName, SeenRack> {
  const racks = new Map<RackName, SeenRack>();
  for (const { usage, wanted, isNew } of hosts) {
    const { rack } = usage.identity;
    const known = racks.get(rack) ?? { capacity: noResources, used: noResources, isNew: false };
    racks.set(rack, {
      capacity: plus(known.capacity, usage.capacity),
      used: plus(known.used, wanted),
      isNew: known.isNew || isNew,
    });
  }
  const change = (rack: RackName, by: typeof plus, usage: ExecutionUsage): void => {
    const known = racks.get(rack);
    if (known !== undefined) racks.set(rack, { ...known, used: by(known.used, demandOf(usage)) });
  };
  for (const { usage, owner, report, isCurrent } of believed) {
    const { rack } = report.usage.identity;
    if (isCurrent && rack === owner.rack) continue;
    if (isCurrent) change(rack, minus, usage);
    change(owner.rack, plus, usage);
  }
  return racks;
}

/** As the directory shows it; what has ended is nowhere. */
export function ownerIn(directory: Directory): WhereIs {
  return (execution) => {
    const row = directory.register(execution)?.row;
    const isLive = row?.standing.phase === 'live';
    const host = isLive ? directory.incarnation(row.owner) : null;
    return host === null ? null : { host: host.name, rack: host.rack };
  };
}

/** What an execution wants: at least the cores that it got. */
export function demandOf({ used, demand }: ExecutionUsage): ResourceVector {
  return { ...used, cpu: Math.max(used.cpu, demand) };
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
