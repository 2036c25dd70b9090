import { CarrierProcess } from './carrier-process.ts';
import type { Job } from './process/messages.ts';

/** After so many stays a process is ended, so that nothing of the program can live on in it. */
const residenciesMax = 100;

/** Pools of processes among which a program moves in turn, so that each move crosses into another process. */
export class Rotation {
  readonly #job: Job;
  /** The program of Node.js of each pool. */
  readonly #nodes: readonly string[];
  readonly #standing: (CarrierProcess | null)[];
  readonly #retired: CarrierProcess[] = [];
  readonly pids: number[] = [];
  #turn = -1;

  constructor(nodes: readonly string[], job: Job) {
    this.#job = job;
    const [first = process.execPath] = nodes;
    this.#nodes = nodes.length > 1 ? nodes : [first, first];
    this.#standing = this.#nodes.map(() => null);
    // Both ends of the first move; whoever takes another's place is started when its turn comes.
    this.#launch(0);
    this.#launch(1);
  }

  /** The process that is next in turn. */
  next(): CarrierProcess {
    this.#turn = (this.#turn + 1) % this.#nodes.length;
    return this.#standing[this.#turn] ?? this.#launch(this.#turn);
  }

  /** A program has left a process: whatever is left of it there is destroyed, now and then the process with it. */
  async left(from: CarrierProcess, mustEnd: boolean): Promise<void> {
    if (from.residencies < residenciesMax && !mustEnd) return;
    const pool = this.#standing.indexOf(from);
    if (pool !== -1) this.#standing[pool] = null;
    // An effect that it still runs would be lost.
    if (from.effectsPending > 0) this.#retired.push(from);
    else await from.kill();
  }

  /** Effects that still run for a program that has moved on. */
  get effectsPending(): number {
    return this.#all.reduce((sum, one) => sum + one.effectsPending, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((one) => one.kill()));
  }

  get #all(): readonly CarrierProcess[] {
    return [...this.#standing, ...this.#retired].filter((one) => one !== null);
  }

  #launch(pool: number): CarrierProcess {
    const launched = new CarrierProcess(this.#nodes[pool] ?? process.execPath, this.#job);
    this.#standing[pool] = launched;
    this.pids.push(launched.pid);
    return launched;
  }
}
