import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { messageOf } from '../../core/errors.ts';
import { builtEntry } from '../../entries.ts';
import type { StoreOptions } from '../options.ts';
import { exitWordsBytes, watchExit } from './exit-guard.ts';
import { claimSlots } from './messages.ts';
import type { StoreThreadData, ThreadRequest } from './messages.ts';

/**
 * The threads of this process, by database file. All sessions with a file share one: LMDB has one environment per file and
 * process, and threads that share one while another process holds the lock get in each other's way (lost tables, deadlock).
 */
const threads = new Map<string, StoreThread>();

/** One session's line to the store's thread. */
export interface StoreLine {
  readonly port: MessagePort;
  /** One word per slot, from slot 1. */
  readonly claims: Int32Array;
  /** Fulfilled, with the reason, when the thread has ended by itself. */
  readonly lost: Promise<string>;
  /** Ends the thread if this was its last line; fulfilled when it has ended, or is needed by others. Call it once. */
  leave(): Promise<void>;
  /** To be told when the thread says that it ends by itself: nobody joins it any more. */
  broken(): void;
}

/** A thread that has a database file open, for as long as any session needs it. */
class StoreThread {
  readonly exited: Promise<string>;
  leaving = false;
  readonly #worker: Worker;
  #lines = 0;

  constructor(file: string, options: StoreOptions) {
    const exitWords = new SharedArrayBuffer(exitWordsBytes);
    const data: StoreThreadData = { file, registryBytesMax: options.registryBytesMax, exitWords };
    const unwatch = watchExit(exitWords);
    this.#worker = new Worker(builtEntry('store/lmdb/worker'), {
      name: 'godwit-store',
      workerData: data,
      // Nothing that the host was started with is meant for this thread: no loader of methods, no inspector.
      execArgv: [],
    });
    let reason = 'has lost its thread';
    this.#worker.once('error', (error) => {
      reason = `has lost its thread: ${messageOf(error)}`;
    });
    this.exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        unwatch();
        if (threads.get(file) === this) threads.delete(file);
        resolve(reason);
      });
    });
  }

  line(): StoreLine {
    const { port1, port2 } = new MessageChannel();
    const claims = new SharedArrayBuffer(4 * (claimSlots + 1));
    this.#lines += 1;
    this.#post({ kind: 'attach', port: port2, claims }, [port2]);
    return {
      port: port1,
      claims: new Int32Array(claims),
      lost: this.exited,
      leave: () => this.#leave(),
      broken: () => {
        this.leaving = true;
      },
    };
  }

  async #leave(): Promise<void> {
    this.#lines -= 1;
    if (this.#lines > 0) return;
    this.leaving = true;
    // A thread that is blocked in the database cannot be ended: it must not keep the process alive, and ends when it wakes up.
    this.#worker.unref();
    this.#post({ kind: 'end' }, []);
    await this.exited;
  }

  #post(request: ThreadRequest, transfer: readonly MessagePort[]): void {
    this.#worker.postMessage(request, transfer);
  }
}

/**
 * Joins the process's thread for a database file, or starts it.
 *
 * @returns null when an earlier thread for this file did not end within the opening timeout: it is blocked
 */
export async function joinThread(file: string, options: StoreOptions): Promise<StoreLine | null> {
  for (;;) {
    const running = threads.get(file);
    if (running === undefined) {
      const started = new StoreThread(file, options);
      threads.set(file, started);
      return started.line();
    }
    if (!running.leaving) return running.line();
    if (!(await ended(running, options))) return null;
  }
}

function ended(thread: StoreThread, options: StoreOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = options.clock.after(options.openTimeoutMs, () => resolve(false));
    void thread.exited.then(() => {
      cancel();
      resolve(true);
    });
  });
}
