import type { Cluster } from '../../cluster.ts';
import { anywhere, connect } from '../../cluster.ts';
import type { ExecutionId } from '../../core/ids.ts';
import { hostName } from '../../core/ids.ts';
import { encodeValue } from '../../methods/snapshot/index.ts';
import type { Package } from '../../methods/packages/index.ts';
import type {
  AffinityDeclaration,
  ClusterEvent,
  ExecutionSummary,
  HostDescription,
} from '../../protocols/messages.ts';
import type { StoreLocation } from '../../store/state-folder.ts';
import { LocalCluster } from '../../testing/local/host-processes.ts';
import type { PlannedExecution } from './plan.ts';

/** Where everything starts. */
export const firstHost = 'r1-h1';
/** Dies of SIGKILL when half of the work is done. */
const killedHost = 'r1-h2';
/** Is drained a moment after that. */
const drainedHost = 'r2-h1';

/**
 * Every execution belongs to the first host a little more than anywhere else. Load can outweigh a difference d while
 * 0.6 × d < 0.3 × (availability gained) − hysteresis; with 0.01 that holds until the load is nearly even.
 */
const affinity: AffinityDeclaration = {
  ...anywhere,
  hosts: [hostName(firstHost)],
  otherwise: 0.99,
};

export interface JobOptions {
  readonly plan: readonly PlannedExecution[];
  readonly location: StoreLocation;
  /** `host:port` */
  readonly witness: string | null;
  /** Whether executions may move, and whether a host is killed and another drained. */
  readonly moving: boolean;
  /** Total CPU time that a plain run took: by it progress is estimated. */
  readonly plainCpuMs: number;
  readonly onLook: (look: Look) => void;
  readonly onEvent: (event: ClusterEvent) => void;
  readonly onStep: (text: string) => void;
  readonly interrupted: Promise<unknown>;
}

/** What the live view shows. */
export interface Look {
  readonly elapsedMs: number;
  readonly hosts: readonly HostDescription[];
  readonly executions: readonly ExecutionSummary[];
  /** Share of the work that is done, in [0, 1], estimated. */
  readonly progress: number;
  readonly settled: ReadonlySet<ExecutionId>;
  readonly started: readonly ExecutionId[];
}

export type JobResult =
  | { readonly kind: 'returned'; readonly value: Uint8Array }
  | { readonly kind: 'threw'; readonly message: string };

export interface JobOutcome {
  readonly elapsedMs: number;
  /** In the order of the plan. */
  readonly executions: readonly ExecutionId[];
  readonly results: readonly JobResult[];
  readonly events: readonly ClusterEvent[];
}

const lookEveryMs = 500;
/** Both hosts must carry something by then, or the kill and the drain would show nothing. */
const halfwayShare = 0.4;
/** For the bar only: movable, time-sliced and checkpointed, these methods take about so much more CPU time than plain. */
const cpuFactor = 1.7;

/** Runs the plan on a local cluster of 2 racks × 2 hosts of one lane each. Null when it was interrupted. */
export async function runJob(options: JobOptions): Promise<JobOutcome | null> {
  const local = new LocalCluster({
    racks: 2,
    hostsPerRack: 2,
    store: options.location.url,
    cpuShare: 0,
    settings: [
      'lanes=1',
      ...(options.moving ? [] : ['affinity.enabled=false', 'orchestrator.enabled=false']),
    ],
    environment: {},
    onLine: (host, stream, line) => {
      if (stream === 'stderr') options.onStep(`${host}: ${line}`);
    },
  });
  const stop = options.interrupted.then(() => null);
  try {
    await Promise.race([local.start(), stop]);
    const cluster = await connect(options.location);
    try {
      return await Promise.race([drive(cluster, local, options), stop]);
    } finally {
      await cluster.close();
    }
  } finally {
    await local.stop();
  }
}

async function drive(cluster: Cluster, local: LocalCluster, options: JobOptions): Promise<JobOutcome> {
  const events: ClusterEvent[] = [];
  const heard = new Set<string>();
  cluster.follow(
    (event) => {
      const id = `${event.incarnation}/${event.sequence}`;
      if (heard.has(id)) return;
      heard.add(id);
      events.push(event);
      options.onEvent(event);
    },
    { logs: false },
  );
  const packages = new Map<string, Package>();
  for (const { file } of options.plan)
    if (!packages.has(file)) packages.set(file, await cluster.deploy(file));
  const startedAtMs = performance.now();
  const executions = await startAll(cluster, packages, options);
  const settled = new Set<ExecutionId>();
  const results = Promise.all(
    executions.map(async (execution): Promise<JobResult> => {
      const result = await resultOf(cluster, execution);
      settled.add(execution);
      return result;
    }),
  );
  const done = { yet: false };
  const finish = results.finally(() => {
    done.yet = true;
  });
  const look = watch(cluster, local, options, { startedAtMs, executions, settled, done });
  const all = await finish;
  const elapsedMs = performance.now() - startedAtMs;
  await look;
  return { elapsedMs, executions, results: all, events };
}

async function startAll(
  cluster: Cluster,
  packages: ReadonlyMap<string, Package>,
  { plan, witness }: JobOptions,
): Promise<readonly ExecutionId[]> {
  const executions: ExecutionId[] = [];
  for (const { file, method, options } of plan) {
    const pack = packages.get(file);
    if (pack === undefined) continue;
    const withWitness = method === 'search' ? options : { ...options, witness };
    executions.push(await cluster.start(pack, method, [withWitness], { on: hostName(firstHost), affinity }));
  }
  return executions;
}

async function resultOf(cluster: Cluster, execution: ExecutionId): Promise<JobResult> {
  try {
    return { kind: 'returned', value: encodeValue(await cluster.outcome(execution)) };
  } catch (error) {
    return { kind: 'threw', message: error instanceof Error ? error.message : String(error) };
  }
}

interface Course {
  readonly startedAtMs: number;
  readonly executions: readonly ExecutionId[];
  readonly settled: ReadonlySet<ExecutionId>;
  readonly done: { readonly yet: boolean };
}

/** Looks at the cluster until all is done; halfway it kills one host and drains another. */
async function watch(
  cluster: Cluster,
  local: LocalCluster,
  options: JobOptions,
  course: Course,
): Promise<void> {
  let halfway = !options.moving;
  const cpuMs = new Map<ExecutionId, number>();
  let drained: Promise<unknown> = Promise.resolve();
  while (!course.done.yet) {
    const [hosts, executions] = await Promise.all([cluster.hosts(), cluster.executions()]);
    for (const summary of executions) {
      cpuMs.set(summary.execution, Math.max(summary.cpuMs, cpuMs.get(summary.execution) ?? 0));
    }
    const spentMs = [...cpuMs.values()].reduce((sum, ms) => sum + ms, 0);
    const spentShare = spentMs / options.plainCpuMs;
    const progress = Math.max(
      course.settled.size / course.executions.length,
      Math.min(0.99, spentShare / cpuFactor),
    );
    const { executions: started, settled } = course;
    options.onLook({
      elapsedMs: performance.now() - course.startedAtMs,
      hosts,
      executions,
      progress,
      settled,
      started,
    });
    const carriers = new Set(executions.filter(({ phase }) => phase === 'running').map(({ host }) => host));
    const bothCarry = carriers.has(hostName(killedHost)) && carriers.has(hostName(drainedHost));
    if (!halfway && spentShare >= halfwayShare && bothCarry) {
      halfway = true;
      options.onStep(`Half-way: ${killedHost} is killed (SIGKILL), and ${drainedHost} is drained.`);
      local.host(killedHost).process.kill('SIGKILL');
      drained = cluster
        .drain(hostName(drainedHost), 30_000)
        .catch((error: unknown) => options.onStep(`Drain: ${String(error)}`));
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  await drained;
}
