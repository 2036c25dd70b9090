import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Driven, Job, Times } from './job.ts';
import { MovableLane } from './movable-lane.ts';

// The program of one fresh process: a lane as hosts start them, and a thread that runs the same functions natively.

const stackMaxMiB = 16; // As a lane's thread has it.

class ThreadSide {
  readonly #job: Job;
  readonly #worker: Worker;

  constructor(job: Job, module: string) {
    this.#job = job;
    this.#worker = new Worker(new URL(job.nativeThread), {
      workerData: module,
      execArgv: [],
      resourceLimits: { stackSizeMb: stackMaxMiB },
    });
  }

  async drive(): Promise<Driven> {
    const answer = once(this.#worker, 'message');
    this.#worker.postMessage(this.#job);
    const [driven] = (await answer) as [Driven];
    return driven;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}

async function measure(job: Job): Promise<Times> {
  const lane = new MovableLane(fail);
  const native = new ThreadSide(job, job.native);
  const peers = job.peers.map(({ module }) => new ThreadSide(job, module));
  await lane.install(job);
  const movable = {
    drive: async () => (await lane.run(job.method, [job.n, job.count], job.isCaptured)) as Driven,
  };
  const times = { native: [] as number[], movable: [] as number[], peers: peers.map((): number[] => []) };
  for (let round = 0; round < job.warmUpRounds + job.rounds; round += 1) {
    const sides = [
      { side: native, into: times.native },
      { side: movable, into: times.movable },
      ...peers.map((side, index) => ({ side, into: times.peers[index] as number[] })),
    ];
    // Whoever comes second finds the caches as the first has left them: they take turns.
    for (const { side, into } of round % 2 === 0 ? sides : sides.toReversed()) {
      const { checksum, elapsedMs } = await side.drive();
      if (checksum !== job.checksum) fail(`checksum ${checksum}, expected ${job.checksum}`);
      into.push(elapsedMs);
    }
  }
  await lane.stop();
  await native.stop();
  for (const peer of peers) await peer.stop();
  return times;
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '') as Job)));
