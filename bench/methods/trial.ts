import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  epoch,
  executionId,
  generation,
  incarnationId,
  laneIndex,
  methodId,
  packageHash,
} from '../../src/core/ids.ts';
import type { Lane, LaneEvent } from '../../src/lanes/contract.ts';
import { laneDefaults } from '../../src/lanes/contract.ts';
import { noDeadlineMs } from '../../src/lanes/shared.ts';
import { startThreadedLane } from '../../src/lanes/threaded.ts';
import { decodeResult, encodeArgs } from '../../src/methods/runtime/index.ts';
import type { Driven, Job, Times } from './job.ts';

// The program of one fresh process: a lane as hosts start them, and a thread that runs the same functions natively.

const stackMaxMiB = 16; // As a lane's thread has it.

class MovableSide {
  readonly #job: Job;
  readonly #lane: Lane;
  #take: (event: LaneEvent) => void = () => undefined;
  #count = 0;

  constructor(job: Job) {
    this.#job = job;
    this.#lane = startThreadedLane(
      { incarnation: incarnationId('bench.1'), index: laneIndex(0), ...laneDefaults },
      {
        onEvent: (event) => this.#take(event),
        onExit: (error) => fail(`the lane ended: ${error.stack ?? error.message}`),
      },
    );
    this.#lane.extendLease(noDeadlineMs);
  }

  async install(): Promise<void> {
    const installed = this.#until('installed');
    this.#lane.post({
      kind: 'install',
      package: { hash: packageHash(this.#job.package), folder: this.#job.folder },
    });
    await installed;
  }

  /** One execution. */
  async drive(): Promise<Driven> {
    const { package: hash, method, n, count } = this.#job;
    this.#count += 1;
    const execution = executionId(`x-${this.#count}`);
    const tenure = { execution, epoch: epoch(1), generation: generation(1) };
    const settled = this.#until('settled');
    const ref = { package: packageHash(hash), method: methodId(method) };
    this.#lane.post({ kind: 'start', tenure, method: ref, args: encodeArgs([n, count]) });
    this.#lane.post({ kind: 'run', tenure });
    const { settlement } = await settled;
    if (settlement.kind === 'threw') fail(settlement.stack);
    this.#lane.post({ kind: 'discard', execution });
    return decodeResult(settlement.value) as Driven;
  }

  stop(): Promise<void> {
    return this.#lane.stop();
  }

  #until<K extends LaneEvent['kind']>(kind: K): Promise<Extract<LaneEvent, { readonly kind: K }>> {
    return new Promise((resolve) => {
      this.#take = (event) => {
        if (event.kind === 'installFailed' || event.kind === 'restoreFailed') fail(event.reason);
        if (event.kind === kind) resolve(event as Extract<LaneEvent, { readonly kind: K }>);
      };
    });
  }
}

class NativeSide {
  readonly #job: Job;
  readonly #worker: Worker;

  constructor(job: Job) {
    this.#job = job;
    this.#worker = new Worker(new URL(job.nativeThread), {
      workerData: job,
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
  const movable = new MovableSide(job);
  const native = new NativeSide(job);
  await movable.install();
  const times = { native: [] as number[], movable: [] as number[] };
  for (let round = 0; round < job.warmUpRounds + job.rounds; round += 1) {
    const sides = [
      { side: native, into: times.native },
      { side: movable, into: times.movable },
    ];
    // Whoever comes second finds the caches as the first has left them: they take turns.
    for (const { side, into } of round % 2 === 0 ? sides : sides.toReversed()) {
      const { checksum, elapsedMs } = await side.drive();
      if (checksum !== job.checksum) fail(`checksum ${checksum}, expected ${job.checksum}`);
      into.push(elapsedMs);
    }
  }
  await movable.stop();
  await native.stop();
  return times;
}

console.log(JSON.stringify(await measure(JSON.parse(process.argv[2] ?? '') as Job)));
