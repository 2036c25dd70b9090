import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { builtEntry } from '../entries.ts';
import type { FitAnswer, FitRequest, ForeignThreadStart } from './fit-messages.ts';

const startMsMax = 30_000;
const heapMaxMiB = 256;

/** Posted by the thread once it can take requests. */
export interface ThreadReady {
  readonly kind: 'ready';
}

/**
 * One thread for libraries that may trap, hang or run out of memory. `fit` blocks: the contract of models is
 * synchronous, and a thread can be ended from outside, which a call on one's own cannot.
 */
export class ForeignThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #posted = new Int32Array(new SharedArrayBuffer(4));
  #seen = 0;
  #state: 'starting' | 'ready' | 'ended' = 'starting';

  constructor() {
    const channel = new MessageChannel();
    this.#port = channel.port1;
    const start: ForeignThreadStart = {
      port: channel.port2,
      posted: this.#posted.buffer as SharedArrayBuffer,
    };
    this.#worker = new Worker(builtEntry('models/foreign-worker'), {
      name: 'foreign-models',
      workerData: start,
      transferList: [channel.port2],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMaxMiB },
    });
    this.#worker.on('error', () => (this.#state = 'ended'));
    this.#worker.once('exit', () => (this.#state = 'ended'));
    this.#worker.unref();
  }

  /** Whether it takes another request; never again once it does not. */
  get isUsable(): boolean {
    return this.#state !== 'ended';
  }

  /** @returns `broken` when the library failed, or nothing came within `msMax`: then this thread has ended */
  fit(request: FitRequest, msMax: number): FitAnswer {
    if (this.#state === 'starting' && this.#receive(startMsMax) === null) {
      return this.#fail(`its thread did not start within ${startMsMax} ms`);
    }
    this.#state = 'ready';
    this.#port.postMessage(request);
    const answer = this.#receive(msMax) as FitAnswer | null;
    if (answer === null)
      return this.#fail(`it took longer than ${msMax} ms, or its thread ran out of memory`);
    if (answer.kind === 'broken') void this.end();
    return answer;
  }

  async end(): Promise<void> {
    this.#state = 'ended';
    this.#port.close();
    await this.#worker.terminate();
  }

  #fail(reason: string): FitAnswer {
    void this.end();
    return { kind: 'broken', reason };
  }

  #receive(msMax: number): unknown {
    if (Atomics.load(this.#posted, 0) === this.#seen) Atomics.wait(this.#posted, 0, this.#seen, msMax);
    const received = receiveMessageOnPort(this.#port);
    if (received === undefined) return null;
    this.#seen += 1;
    return received.message;
  }
}
