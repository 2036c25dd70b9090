import { SystemClock } from '../../src/clock.ts';
import { SystemRandom } from '../../src/random.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { openTables } from '../../src/store/tables.ts';
import { folder } from '../stores/candidates.ts';
import { SoloHost } from './solo-host.ts';

/** Of 64 KiB each: what an execution of some hundred objects takes. */
const executions = 8;
const numbers = 16 * 1_024;
/** Several seconds of work: each execution is checkpointed several times, and what it takes to start them counts for little. */
const passes = 30_000;
/** Checkpoints that are never due. */
const off = ['checkpoints.everyMs=3600000'];

/** One piece of work on one host with checkpoints on, and the same right before or after it on one without. */
export interface Pair {
  /** Of the CPU time that the work takes with checkpoints, what it takes without them, in percent. */
  readonly cpuKept: number;
  /** The same of its duration: what others on the machine do counts here. */
  readonly wallKept: number;
  /** Taken during the work with them. */
  readonly checkpoints: number;
}

interface Spent {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/**
 * Hosts with the shipped checkpoints and hosts that never take one, several of each, started by turns: no two processes are
 * equally fast, whatever they do. Each pair does the same work in turn, in both orders. A round without a pair warms it up.
 */
export async function checkpointCost(hosts: number, rounds: number): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let pair = 0; pair < hosts; pair += 1) {
    const both = [
      await SoloHost.start(await folder(), []),
      await SoloHost.start(await folder(), off),
    ] as const;
    const [withThem, without] = both;
    const taken = await Checkpoints.watch(withThem.store.url);
    try {
      for (const host of both) await work(host);
      for (let round = 0; round < rounds; round += 1) {
        const isFirst = (pair + round) % 2 === 0;
        taken.count = 0;
        const first = await work(isFirst ? withThem : without);
        const second = await work(isFirst ? without : withThem);
        const [full, spared] = isFirst ? [first, second] : [second, first];
        if (taken.count === 0) throw new Error('No checkpoint was taken: the work is over too soon.');
        pairs.push({
          cpuKept: (100 * spared.cpuMs) / full.cpuMs,
          wallKept: (100 * spared.wallMs) / full.wallMs,
          checkpoints: taken.count,
        });
        console.error(
          `pair ${pair + 1}, round ${round + 1}: ${text(full)} with ${taken.count} checkpoints, ${text(spared)} without`,
        );
      }
    } finally {
      await taken.close();
      for (const host of both) await host.stop();
    }
  }
  return pairs;
}

async function work(host: SoloHost): Promise<Spent> {
  const [beganMs, beganCpuMs] = [performance.now(), host.cpuMs()];
  await Promise.all(Array.from({ length: executions }, () => host.run('churn', [passes, numbers])));
  return { wallMs: performance.now() - beganMs, cpuMs: host.cpuMs() - beganCpuMs };
}

function text({ wallMs, cpuMs }: Spent): string {
  return `${wallMs.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms of CPU`;
}

/** Counts the checkpoints that registers come to name, as somebody else who watches the store. */
class Checkpoints {
  count = 0;
  readonly #store: Store;
  readonly #seen = new Set<string>();

  private constructor(store: Store) {
    this.#store = store;
    openTables(store.registry, (error) => console.error(error)).registers.watch(({ rows }) => {
      for (const { row } of rows) {
        if (row.recovery.kind !== 'snapshot' || this.#seen.has(row.recovery.vaultKey)) continue;
        this.#seen.add(row.recovery.vaultKey);
        this.count += 1;
      }
    });
  }

  static async watch(url: string): Promise<Checkpoints> {
    const options = storeOptions({ clock: new SystemClock(), random: new SystemRandom() });
    return new Checkpoints(await openStore(url, { ...options, callTimeoutMs: 30_000 }));
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
