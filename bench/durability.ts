import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LocalCluster } from '../src/testing/local/host-processes.ts';
import type { Cluster } from '../src/cluster.ts';
import { anywhere, connect } from '../src/cluster.ts';
import { SystemClock } from '../src/clock.ts';
import { hostName } from '../src/core/ids.ts';
import type { Package } from '../src/methods/packages/index.ts';
import { SystemRandom } from '../src/random.ts';
import type { Revision } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { storeOptions } from '../src/store/options.ts';
import type { StoreLocation } from '../src/store/state-folder.ts';
import { locateStore } from '../src/store/state-folder.ts';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';

/** Of 64 KiB each: what an execution of some hundred objects takes. */
const executions = 8;
const numbers = 16 * 1_024;
const passes = 8_000;
const rounds = 6;
const stepsEach = 200;
/** As of an execution that does little, and its row. */
const snapshotBytes = 2_048;
const rowBytes = 700;

interface Running {
  readonly cluster: Cluster;
  readonly pack: Package;
  readonly location: StoreLocation;
  /** Of the host, all threads together. */
  readonly cpuMs: () => number;
  stop(): Promise<void>;
}

/**
 * What checkpoints cost: two hosts of one lane each, one with the shipped defaults, one that never takes a checkpoint
 * after the first, do the same work in turn. And how long a durable step takes: an effect that does nothing, with the
 * checkpoint that precedes it, flushed to disk; beside it the same of an execution that is not durable.
 */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const on = await start([]);
  const off = await start(['checkpoints.everyMs=3600000']);
  try {
    const ratios: number[] = [];
    const cpuRatios: number[] = [];
    await work(on);
    await work(off);
    for (let round = 0; round < rounds; round += 1) {
      // In both orders, so that a machine that slows down favours nobody.
      const first = round % 2 === 0 ? on : off;
      const one = await work(first);
      const other = await work(first === on ? off : on);
      const [withThem, without] = first === on ? [one, other] : [other, one];
      console.error(`round ${round + 1}: ${text(withThem)} with checkpoints, ${text(without)} without`);
      ratios.push((100 * without.wallMs) / withThem.wallMs);
      cpuRatios.push((100 * without.cpuMs) / withThem.cpuMs);
    }
    const durable = await step(on, true);
    const plain = await step(on, false);
    const writes = await bareWrites(on.location);
    return { figures: figuresOf(ratios, cpuRatios, { durable, plain, writes }) };
  } finally {
    await on.stop();
    await off.stop();
  }
}

async function start(settings: readonly string[]): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-durability-'));
  const location = locateStore(folder, {}, homedir());
  const local = new LocalCluster({
    racks: 1,
    hostsPerRack: 1,
    store: location.url,
    cpuShare: 1,
    settings: ['lanes=1', 'affinity.enabled=false', 'orchestrator.enabled=false', ...settings],
    environment: {},
    onLine: (host, stream, line) => {
      if (stream === 'stderr') console.error(`${host}: ${line}`);
    },
  });
  await local.start();
  const cluster = await connect(location);
  const fixture = new URL('bench/fixtures/ledgers.ts', `${pathToFileURL(process.cwd()).href}/`);
  const pack = await cluster.deploy(fileURLToPath(fixture));
  const stop = async (): Promise<void> => {
    await cluster.close();
    await local.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const { pid } = local.host('r1-h1').process;
  return { cluster, pack, location, cpuMs: () => cpuMsOf(pid as number), stop };
}

/** User and system time of a process so far, in steps of 10 ms: fields 14 and 15 of proc_pid_stat(5). */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticksPerSecond = 100;
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

interface Spent {
  readonly wallMs: number;
  readonly cpuMs: number;
}

function text({ wallMs, cpuMs }: Spent): string {
  return `${wallMs.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms of CPU`;
}

/** What a durable step writes, without anything around it: a small value, then a compare-and-set, one after the other. */
async function bareWrites(location: StoreLocation): Promise<readonly number[]> {
  const ports = { clock: new SystemClock(), random: new SystemRandom() };
  const store = await openStore(location.url, storeOptions(ports));
  const tookMs: number[] = [];
  let revision: Revision | 'absent' = 'absent';
  for (let step = 0; step < stepsEach; step += 1) {
    const beforeMs = performance.now();
    await store.vault.put(`bench/${step}`, new Uint8Array(snapshotBytes).fill(step));
    const value = new Uint8Array(rowBytes).fill(step);
    const answer = await store.registry.cas('bench/row', revision, value);
    tookMs.push(performance.now() - beforeMs);
    if (answer.kind === 'done') revision = answer.revision;
  }
  await store.close();
  return tookMs;
}

/** @returns what it took until all executions had ended */
async function work({ cluster, pack, cpuMs }: Running): Promise<Spent> {
  const options = { on: hostName('r1-h1'), affinity: anywhere };
  const [beganMs, beganCpuMs] = [performance.now(), cpuMs()];
  const all = Array.from({ length: executions }, async () => {
    const execution = await cluster.start(pack, 'churn', [passes, numbers], options);
    await cluster.outcome(execution);
  });
  await Promise.all(all);
  return { wallMs: performance.now() - beganMs, cpuMs: cpuMs() - beganCpuMs };
}

async function step({ cluster, pack }: Running, durable: boolean): Promise<readonly number[]> {
  const options = { on: hostName('r1-h1'), affinity: anywhere, durable };
  const execution = await cluster.start(pack, 'steps', [stepsEach], options);
  return (await cluster.outcome(execution)) as readonly number[];
}

function figuresOf(
  ratios: readonly number[],
  cpuRatios: readonly number[],
  { durable, plain, writes }: { readonly [kind in 'durable' | 'plain' | 'writes']: readonly number[] },
): readonly Figure[] {
  const kept = quantile(ratios, 0.5);
  const cpu = quantile(cpuRatios, 0.5);
  const yardstick = { target: null, met: null };
  return [
    {
      name: 'throughput kept with checkpoints on, at least',
      value: kept,
      unit: '%',
      target: 95,
      met: kept >= 95,
    },
    { name: 'the same by CPU time, at least', value: cpu, unit: '%', target: 95, met: cpu >= 95 },
    { name: 'durable step on LMDB, p50', value: quantile(durable, 0.5), unit: 'ms', ...yardstick },
    { name: 'durable step on LMDB, p99', value: quantile(durable, 0.99), unit: 'ms', ...yardstick },
    { name: 'its two writes by themselves, p50', value: quantile(writes, 0.5), unit: 'ms', ...yardstick },
    { name: 'step that is not durable, p50', value: quantile(plain, 0.5), unit: 'ms', ...yardstick },
  ];
}
