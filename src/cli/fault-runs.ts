import { Worker } from 'node:worker_threads';
import { builtEntry } from '../entries.ts';
import type { SumsRecord } from '../simulator/cluster/sums.ts';
import { TotalSums } from '../simulator/cluster/sums.ts';

/** Both ends included. */
export type SeedChunk = readonly [number, number];

/** What a thread is started with. */
export interface FaultRunsStart {
  /** Not 0: no further seed is begun. */
  readonly stop: Int32Array;
  readonly stopAtFirst: boolean;
}

export interface FaultRunsOptions {
  readonly seeds: SeedChunk;
  /** Threads that run seeds at the same time. */
  readonly jobs: number;
  /** Begins no further seed once one has failed. */
  readonly stopAtFirst: boolean;
  /** Told after each chunk. */
  readonly onProgress: (sums: TotalSums) => void;
}

/** Seeds that a thread is given at once: less than a second of work. */
const chunkSeeds = 10;

/** Runs a range of seeds on several threads. What it comes to is the same on one and on many. */
export class FaultRuns {
  readonly sums = new TotalSums();
  readonly #options: FaultRunsOptions;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  #next: number;

  constructor(options: FaultRunsOptions) {
    this.#options = options;
    [this.#next] = options.seeds;
  }

  /** Ends once the seeds that run now have ended. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0;
  }

  /** Resolves when all seeds have run, or none is to be begun any more. */
  async run(): Promise<void> {
    const [first, last] = this.#options.seeds;
    const threads = Math.min(this.#options.jobs, Math.ceil((last - first + 1) / chunkSeeds));
    await Promise.all(Array.from({ length: threads }, () => this.#work()));
  }

  #work(): Promise<void> {
    const start: FaultRunsStart = { stop: this.#stop, stopAtFirst: this.#options.stopAtFirst };
    const worker = new Worker(builtEntry('cli/fault-runs-worker'), {
      name: 'fault-runs',
      workerData: start,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 96 },
    });
    return new Promise((resolve, reject) => {
      const feed = (): void => {
        const chunk = this.#take();
        if (chunk !== null) worker.postMessage(chunk);
        else void worker.terminate();
      };
      worker.on('message', (record: SumsRecord) => {
        this.sums.add(record);
        if (record.failures.length > 0 && this.#options.stopAtFirst) this.stop();
        this.#options.onProgress(this.sums);
        feed();
      });
      worker.on('error', (error) => {
        this.stop();
        reject(error);
      });
      worker.on('exit', () => resolve());
      feed();
    });
  }

  #take(): SeedChunk | null {
    const last = this.#options.seeds[1];
    if (this.isStopped || this.#next > last) return null;
    const from = this.#next;
    this.#next = Math.min(last, from + chunkSeeds - 1) + 1;
    return [from, this.#next - 1];
  }
}
