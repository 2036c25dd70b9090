import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LocalCluster } from '../src/testing/local/host-processes.ts';
import { anywhere, connect } from '../src/cluster.ts';
import { hostName } from '../src/core/ids.ts';
import { locateStore } from '../src/store/state-folder.ts';
import { allocationError } from './monitoring/allocations.ts';
import type { Figure } from './figure.ts';

const sizes = [0, 100, 1_000];
/** The first forecast, which starts a thread and is slower than all others, is over by then. */
const settleMs = 75_000;
/** Two forecasts and twelve usage reports of the shipped defaults. */
const measureMs = 120_000;
/** Once within the bench, so never. */
const neverMs = 1e9;
/** The kernel counts in these; Linux has used 100 of them a second for decades, whatever it counts inside. */
const tickMs = 10;
const costMax = 1;

/** Neither moves nor checkpoints: what is left besides the executions' own work is heartbeats and monitoring. */
const quiet = [
  'affinity.enabled=false',
  'orchestrator.enabled=false',
  'checkpoints.everyMs=600000',
  'lanes=1',
];
const unmonitored = ['sampleMs', 'traceMs', 'usageMs'].map((key) => `monitor.${key}=${neverMs}`);

/** One host with so many executions, each of which wakes once a second. */
interface Subject {
  readonly pid: number;
  readonly end: () => Promise<void>;
}

/**
 * What monitoring costs: CPU time of a host process with the shipped intervals, less that of one that never samples,
 * traces or reports, both at the same time with the same executions; and how far estimated allocations are off.
 */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const figures: Figure[] = [];
  let emptyBytes = 0;
  for (const size of sizes) {
    console.error(`${size} executions`);
    const [on, off] = await Promise.all([begin(size, []), begin(size, unmonitored)]);
    try {
      await wait(settleMs);
      const shares = await sharesOf([on.pid, off.pid]);
      const [withIt, without] = shares;
      const resident = residentBytes(on.pid);
      if (size === 0) emptyBytes = resident;
      figures.push(
        figure(`monitoring, ${size} executions`, (withIt ?? 0) - (without ?? 0), '% of a core', costMax),
        figure(`host that monitors, ${size} executions`, withIt ?? 0, '% of a core', null),
        figure(`host that does not, ${size} executions`, without ?? 0, '% of a core', null),
        figure(`memory of the host that monitors, ${size} executions`, resident / 2 ** 20, 'MiB', null),
        figure(
          `memory of the host that does not, ${size} executions`,
          residentBytes(off.pid) / 2 ** 20,
          'MiB',
          null,
        ),
      );
      if (size > 0) {
        const each = (resident - emptyBytes) / size / 1_024;
        figures.push(figure(`memory of each of ${size} executions`, each, 'KiB', null));
      }
    } finally {
      await Promise.all([on.end(), off.end()]);
    }
  }
  return { figures: [...figures, ...(await allocationError())] };
}

function figure(name: string, value: number, unit: string, target: number | null): Figure {
  return { name, value, unit, target, met: target === null ? null : value <= target };
}

async function begin(size: number, settings: readonly string[]): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-monitoring-'));
  const location = locateStore(folder, {}, homedir());
  const local = new LocalCluster({
    racks: 1,
    hostsPerRack: 1,
    store: location.url,
    cpuShare: 1,
    settings: [...quiet, ...settings],
    environment: {},
    onLine: (host, stream, line) => {
      if (stream === 'stderr') console.error(`${host}: ${line}`);
    },
  });
  await local.start();
  const cluster = await connect(location);
  const pack = await cluster.deploy(fileURLToPath(new URL('monitoring/clients.ts', import.meta.url)));
  const on = hostName('r1-h1');
  for (let count = 0; count < size; count += 1) {
    await cluster.start(pack, 'client', [3_600], { on, affinity: anywhere });
  }
  return {
    pid: local.host('r1-h1').process.pid ?? 0,
    end: async () => {
      await cluster.close();
      local.kill();
      await Promise.all(local.hosts.map(({ exited }) => exited));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** CPU time that each process took, in per cent of a core. */
async function sharesOf(pids: readonly number[]): Promise<readonly number[]> {
  const before = pids.map(cpuMs);
  const startMs = performance.now();
  await wait(measureMs);
  const tookMs = performance.now() - startMs;
  return pids.map((pid, index) => (100 * (cpuMs(pid) - (before[index] ?? 0))) / tookMs);
}

function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(found?.[1] ?? 0) * 1_024;
}

/** User and system time of all threads, from the fields after the parenthesised name. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
