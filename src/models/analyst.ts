import { Worker } from 'node:worker_threads';
import type { Analyst, SeriesAsk } from '../actors/ports.ts';
import { GodwitError } from '../core/errors.ts';
import { builtEntry } from '../entries.ts';
import type { Forecast } from '../forecasting/contract.ts';
import type { DeskAsk } from './analyst-desk.ts';
import type { AnalystRequest } from './analyst-worker.ts';

/** The thread that forecasts ended before it answered. */
export class AnalystLostError extends GodwitError {
  override readonly name = 'AnalystLostError';
  readonly code = 'ANALYST_LOST';
  readonly retryable = true;
}

interface Sent {
  readonly nextMs: number;
  readonly stepMs: number;
}

interface Waiter {
  readonly resolve: (forecasts: readonly (Forecast | null)[]) => void;
  readonly reject: (error: Error) => void;
}

const heapMaxMiB = 1_024;

/**
 * Forecasts on a thread that starts with the first call. It is sent only what it does not know yet; when it dies, what is
 * under way fails, and the next call starts another, which is sent everything.
 */
export function openAnalyst(): Analyst {
  return new ThreadAnalyst();
}

class ThreadAnalyst implements Analyst {
  #worker: Worker | null = null;
  readonly #waiters = new Map<number, Waiter>();
  /** How far the thread knows each series, by horizon, levels and key. */
  readonly #sent = new Map<string, Sent>();
  #nextId = 1;
  #closed = false;

  async forecast(
    asks: readonly SeriesAsk[],
    horizon: number,
    levels: readonly number[],
  ): Promise<readonly (Forecast | null)[]> {
    if (this.#closed) throw new AnalystLostError('The analyst was closed.');
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId;
    this.#nextId += 1;
    const desk = JSON.stringify([horizon, levels]);
    const request: AnalystRequest = {
      id,
      horizon,
      levels,
      asks: asks.map((ask) => this.#unknown(ask, desk)),
    };
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#lose('the analyst was closed');
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(builtEntry('models/analyst-worker'), {
      name: 'analyst',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMaxMiB },
    });
    worker.on('message', ({ id, forecasts }: { id: number; forecasts: readonly (Forecast | null)[] }) => {
      const waiter = this.#waiters.get(id);
      this.#waiters.delete(id);
      waiter?.resolve(forecasts);
    });
    worker.on('error', (error) => this.#lose(error.message, worker));
    worker.once('exit', (code) => this.#lose(`its thread ended with code ${code}`, worker));
    worker.unref();
    return worker;
  }

  #unknown({ key, series, range }: SeriesAsk, desk: string): DeskAsk {
    const { startMs, stepMs, values } = series;
    const name = `${desk} ${key}`;
    const known = this.#sent.get(name);
    const from = known === undefined ? -1 : Math.round((known.nextMs - startMs) / stepMs);
    const continues = known !== undefined && known.stepMs === stepMs && from >= 0 && from <= values.length;
    const isEmpty = values.every((value) => !Number.isFinite(value));
    if (isEmpty) this.#sent.delete(name);
    else this.#sent.set(name, { nextMs: startMs + values.length * stepMs, stepMs });
    if (!continues) return { key, continues: false, series, range };
    const fresh = { startMs: startMs + from * stepMs, stepMs, values: values.slice(from) };
    return { key, continues: true, series: fresh, range };
  }

  #lose(reason: string, worker: Worker | null = this.#worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    this.#sent.clear();
    for (const waiter of this.#waiters.values()) {
      waiter.reject(
        new AnalystLostError(`Nothing was forecast: ${reason}. The next call starts another thread.`),
      );
    }
    this.#waiters.clear();
  }
}
