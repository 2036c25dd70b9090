import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LocalCluster } from '../src/cli/local-cluster.ts';
import type { Cluster } from '../src/cluster.ts';
import { anywhere, connect } from '../src/cluster.ts';
import { hostName } from '../src/core/ids.ts';
import type { Package } from '../src/methods/packages/index.ts';
import { locateStore } from '../src/store/state-folder.ts';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';

/** Of 64 KiB each: what an execution of some hundred objects takes. */
const executions = 8;
const numbers = 16 * 1_024;
const passes = 8_000;
const rounds = 6;
const stepsEach = 200;

interface Running {
  readonly cluster: Cluster;
  readonly pack: Package;
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
    await work(on);
    await work(off);
    for (let round = 0; round < rounds; round += 1) {
      // In both orders, so that a machine that slows down favours nobody.
      const first = round % 2 === 0 ? on : off;
      const firstMs = await work(first);
      const secondMs = await work(first === on ? off : on);
      const [onMs, offMs] = first === on ? [firstMs, secondMs] : [secondMs, firstMs];
      console.error(
        `round ${round + 1}: ${onMs.toFixed(0)} ms with checkpoints, ${offMs.toFixed(0)} ms without`,
      );
      ratios.push((100 * offMs) / onMs);
    }
    const durable = await step(on, true);
    const plain = await step(on, false);
    return { figures: figuresOf(ratios, durable, plain) };
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
  return { cluster, pack, stop };
}

/** @returns milliseconds until all executions have ended */
async function work({ cluster, pack }: Running): Promise<number> {
  const options = { on: hostName('r1-h1'), affinity: anywhere };
  const beganMs = performance.now();
  const all = Array.from({ length: executions }, async () => {
    const execution = await cluster.start(pack, 'churn', [passes, numbers], options);
    await cluster.outcome(execution);
  });
  await Promise.all(all);
  return performance.now() - beganMs;
}

async function step({ cluster, pack }: Running, durable: boolean): Promise<readonly number[]> {
  const options = { on: hostName('r1-h1'), affinity: anywhere, durable };
  const execution = await cluster.start(pack, 'steps', [stepsEach], options);
  return (await cluster.outcome(execution)) as readonly number[];
}

function figuresOf(
  ratios: readonly number[],
  durable: readonly number[],
  plain: readonly number[],
): readonly Figure[] {
  const kept = quantile(ratios, 0.5);
  const yardstick = { target: null, met: null };
  return [
    {
      name: 'throughput kept with checkpoints on, at least',
      value: kept,
      unit: '%',
      target: 95,
      met: kept >= 95,
    },
    { name: 'durable step on LMDB, p50', value: quantile(durable, 0.5), unit: 'ms', ...yardstick },
    { name: 'durable step on LMDB, p99', value: quantile(durable, 0.99), unit: 'ms', ...yardstick },
    { name: 'step that is not durable, p50', value: quantile(plain, 0.5), unit: 'ms', ...yardstick },
  ];
}
