import { folder } from '../stores/candidates.ts';
import { SoloHost } from './solo-host.ts';

/** Of 64 KiB each: what an execution of some hundred objects takes. */
const executions = 8;
const numbers = 16 * 1_024;
const passes = 4_000;
/** Checkpoints that are never due. */
const off = ['checkpoints.everyMs=3600000'];

/** One piece of work on one host with checkpoints on, and the same right before or after it on one without. */
export interface Pair {
  /** Of the CPU time that the work takes with checkpoints, what it takes without them, in percent. */
  readonly cpuKept: number;
  /** The same of its duration: what others on the machine do counts here. */
  readonly wallKept: number;
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
    try {
      for (const host of both) await work(host);
      for (let round = 0; round < rounds; round += 1) {
        const isFirst = (pair + round) % 2 === 0;
        const first = await work(isFirst ? withThem : without);
        const second = await work(isFirst ? without : withThem);
        const [taken, spared] = isFirst ? [first, second] : [second, first];
        pairs.push({
          cpuKept: (100 * spared.cpuMs) / taken.cpuMs,
          wallKept: (100 * spared.wallMs) / taken.wallMs,
        });
        console.error(
          `pair ${pair + 1}, round ${round + 1}: ${text(taken)} with checkpoints, ${text(spared)} without`,
        );
      }
    } finally {
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
