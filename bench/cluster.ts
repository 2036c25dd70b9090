import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LocalCluster } from '../src/testing/local/host-processes.ts';
import type { Cluster } from '../src/cluster.ts';
import { anywhere, connect } from '../src/cluster.ts';
import type { HostName } from '../src/core/ids.ts';
import { hostName } from '../src/core/ids.ts';
import type { Package } from '../src/methods/packages/index.ts';
import { SeededRandom } from '../src/simulator/random.ts';
import { locateStore } from '../src/store/state-folder.ts';
import type { CpuLimit } from './cluster/cpu-limit.ts';
import { limitCpu } from './cluster/cpu-limit.ts';
import type { Job } from './cluster/load.ts';
import { EvenPlacement } from './cluster/even-placement.ts';
import { skewedLoad } from './cluster/load.ts';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';

const hostCores = 0.4;
const names = ['r1-h1', 'r1-h2', 'r2-h1', 'r2-h2'] as const;
const shape = {
  hosts: names.length,
  durationMs: 90_000,
  utilization: 0.7,
  cpuMsMean: 2_500,
  skew: 0.7,
  shifts: 3,
  hostCores,
};
const calibrationUnits = 400;
const seed = 20;

/** Of one unit, measured once: all placements are given the same work. */
let calibratedMs: number | null = null;

/** `static`: where a call comes in, it stays. `even`: each goes to the host with the least work left, known exactly. */
type Placement = 'static' | 'godwit' | 'even';

interface Run {
  readonly completionMs: number;
  /** Response time over the time that it would take alone on one host. */
  readonly slowdowns: readonly number[];
  readonly moves: number;
}

/**
 * A skewed and shifting load on four real hosts, each in a cgroup of 0.4 cores: where the calls come in, with moves,
 * against staying there and against an omniscient even placement.
 */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const jobs = skewedLoad(shape, uniform());
  console.error(`${jobs.length} calls in ${shape.durationMs / 1_000} s, three times`);
  const runs = new Map<Placement, Run>();
  for (const placement of ['static', 'even', 'godwit'] as const) {
    const run = await runOf(placement, jobs);
    console.error(
      `${placement}: done in ${(run.completionMs / 1_000).toFixed(1)} s, ${run.moves} moves, slowdown p50 ` +
        `${quantile(run.slowdowns, 0.5).toFixed(2)}, p99 ${quantile(run.slowdowns, 0.99).toFixed(2)}`,
    );
    runs.set(placement, run);
  }
  return { figures: figuresOf(runs) };
}

function uniform(): () => number {
  const random = new SeededRandom(seed);
  return () => random.next();
}

async function runOf(placement: Placement, jobs: readonly Job[]): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-cluster-'));
  const location = locateStore(folder, {}, homedir());
  const moves = placement === 'godwit';
  const settings = [`affinity.enabled=${moves}`, `orchestrator.enabled=${moves}`];
  const local = new LocalCluster({
    racks: 2,
    hostsPerRack: 2,
    store: location.url,
    cpuShare: hostCores,
    settings,
    environment: {},
    onLine: (host, stream, line) => {
      if (stream === 'stderr') console.error(`${host}: ${line}`);
    },
  });
  const limits: CpuLimit[] = [];
  try {
    await local.start();
    for (const { name, process: child } of local.hosts) {
      const limit = limitCpu(`${placement}-${name}`, hostCores);
      limits.push(limit);
      limit.add(child.pid as number);
    }
    const cluster = await connect(location);
    try {
      return await play(cluster, placement, jobs);
    } finally {
      await cluster.close();
    }
  } finally {
    await local.stop();
    for (const limit of limits) limit.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function play(cluster: Cluster, placement: Placement, jobs: readonly Job[]): Promise<Run> {
  const fixture = new URL('bench/fixtures/crunch.ts', `${pathToFileURL(process.cwd()).href}/`);
  const pack = await cluster.deploy(fileURLToPath(fixture));
  calibratedMs ??= await calibrate(cluster, pack);
  const unitMs = calibratedMs;
  let moves = 0;
  const stopFollowing = cluster.follow(
    ({ detail }) => {
      if (detail.kind === 'moved') moves += 1;
    },
    { logs: false },
  );
  const even = new EvenPlacement(names.length, hostCores);
  const beganMs = performance.now();
  const slowdowns: number[] = [];
  const all = jobs.map(async (job, id): Promise<void> => {
    await at(beganMs + job.atMs);
    const host = placement === 'even' ? even.place(id, job.cpuMs, performance.now() - beganMs) : job.host;
    const execution = await cluster.start(pack, 'crunch', [Math.max(1, Math.round(job.cpuMs / unitMs))], {
      on: nameOf(host),
      affinity: anywhere,
    });
    await cluster.outcome(execution);
    even.ended(id, performance.now() - beganMs);
    const responseMs = performance.now() - beganMs - job.atMs;
    slowdowns.push(responseMs / (job.cpuMs / hostCores));
  });
  await Promise.all(all);
  stopFollowing();
  return { completionMs: performance.now() - beganMs, slowdowns, moves };
}

function nameOf(host: number): HostName {
  return hostName(names[host] as string);
}

/** CPU time of one unit, from a call that has a host to itself; the second one, when its code is warm. */
async function calibrate(cluster: Cluster, pack: Package): Promise<number> {
  let unitMs = 0;
  for (let count = 0; count < 2; count += 1) {
    const before = performance.now();
    const execution = await cluster.start(pack, 'crunch', [calibrationUnits], {
      on: nameOf(0),
      affinity: anywhere,
    });
    await cluster.outcome(execution);
    unitMs = ((performance.now() - before) * hostCores) / calibrationUnits;
  }
  return unitMs;
}

function at(dueMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
}

function figuresOf(runs: ReadonlyMap<Placement, Run>): readonly Figure[] {
  const of = (placement: Placement): Run => runs.get(placement) as Run;
  const ratio = (name: string, value: (run: Run) => number, target: number | null): readonly Figure[] => {
    const toEven = value(of('godwit')) / value(of('even'));
    const toStatic = value(of('godwit')) / value(of('static'));
    return [
      {
        name: `${name}, godwit / even`,
        value: toEven,
        unit: '×',
        target,
        met: target === null ? null : toEven <= target,
      },
      { name: `${name}, godwit / static`, value: toStatic, unit: '×', target: null, met: null },
    ];
  };
  return [
    ...ratio('completion', ({ completionMs }) => completionMs, 1.15),
    ...ratio('p99 slowdown', ({ slowdowns }) => quantile(slowdowns, 0.99), 1.15),
    ...ratio(
      'mean slowdown',
      ({ slowdowns }) => slowdowns.reduce((a, b) => a + b, 0) / slowdowns.length,
      null,
    ),
    { name: 'moves', value: of('godwit').moves, unit: 'moves', target: null, met: null },
  ];
}
