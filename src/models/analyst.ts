import { Worker } from 'node:worker_threads';
import type { Analyst, Learning, SeriesAsk, Teaching } from '../actors/ports.ts';
import { assert } from '../core/assert.ts';
import { GodwitError } from '../core/errors.ts';
import { builtEntry } from '../entries.ts';
import type { Forecast } from '../forecasting/contract.ts';
import type { AnalystAnswer, AnalystRequest, AnalystStart, DeskAnswer, DeskAsk } from './analyst-messages.ts';

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
  readonly resolve: (answer: AnalystAnswer) => void;
  readonly reject: (error: Error) => void;
}

type Unnumbered<Request> = Request extends { readonly id: number } ? Omit<Request, 'id'> : never;

const heapMaxMiB = 1_024;
/** More series than the thread keeps: for one that is no longer named here, it is sent everything. */
const sentMax = 8_192;

/**
 * Forecasts on a thread that starts with the first call. It is sent only what it does not know yet; when it dies, what is
 * under way fails, and the next call starts another, which is sent everything, and knows what the one before had
 * learned or was taught.
 */
export function openAnalyst(): Analyst {
  return new ThreadAnalyst();
}

class ThreadAnalyst implements Analyst {
  #worker: Worker | null = null;
  readonly #waiters = new Map<number, Waiter>();
  /**
   * How far the thread was told each series, by horizon, levels and key; the one sent last stands last. It may have
   * forgotten it, or be another thread: then it says so, and is sent everything.
   */
  readonly #sent = new Map<string, Sent>();
  #weights: Uint8Array | null = null;
  #nextId = 1;
  #closed = false;

  async forecast(
    asks: readonly SeriesAsk[],
    horizon: number,
    levels: readonly number[],
  ): Promise<readonly (Forecast | null)[]> {
    const desk = JSON.stringify([horizon, levels]);
    const ask = async (fresh: readonly DeskAsk[]): Promise<readonly DeskAnswer[]> => {
      const answer = await this.#ask({ kind: 'forecast', horizon, levels, asks: fresh });
      assert(answer.kind === 'forecast', 'a request is answered in kind');
      return answer.answers;
    };
    const answers = await ask(asks.map((one) => this.#unknown(one, desk)));
    const forgotten = asks.filter((_, index) => answers[index]?.kind === 'unknown');
    const again = forgotten.length === 0 ? [] : await ask(forgotten.map(whole));
    let next = 0;
    return answers.map((answer) => forecastIn(answer.kind === 'unknown' ? again[next++] : answer));
  }

  async learn(): Promise<Learning> {
    const answer = await this.#ask({ kind: 'learn' });
    assert(answer.kind === 'learn', 'a request is answered in kind');
    if (answer.learning.kind === 'learned') this.#weights = answer.learning.weights;
    return answer.learning;
  }

  async teach(weights: Uint8Array): Promise<Teaching> {
    const answer = await this.#ask({ kind: 'teach', weights });
    assert(answer.kind === 'teach', 'a request is answered in kind');
    if (answer.teaching.kind === 'taught') this.#weights = weights;
    return answer.teaching;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#lose('the analyst was closed');
    await worker?.terminate();
  }

  #ask(request: Unnumbered<AnalystRequest>): Promise<AnalystAnswer> {
    if (this.#closed) return Promise.reject(new AnalystLostError('The analyst was closed.'));
    const worker = (this.#worker ??= this.#start());
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      worker.postMessage({ ...request, id });
    });
  }

  #start(): Worker {
    const start: AnalystStart = { weights: this.#weights };
    const worker = new Worker(builtEntry('models/analyst-worker'), {
      name: 'analyst',
      workerData: start,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMaxMiB },
    });
    worker.on('message', (answer: AnalystAnswer) => {
      const waiter = this.#waiters.get(answer.id);
      this.#waiters.delete(answer.id);
      waiter?.resolve(answer);
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
    this.#sent.delete(name);
    if (!isEmpty) this.#note(name, { nextMs: startMs + values.length * stepMs, stepMs });
    if (!continues) return { key, continues: false, series, range };
    const fresh = { startMs: startMs + from * stepMs, stepMs, values: values.slice(from) };
    return { key, continues: true, series: fresh, range };
  }

  #note(name: string, sent: Sent): void {
    const [oldest] = this.#sent.keys();
    if (this.#sent.size >= sentMax && oldest !== undefined) this.#sent.delete(oldest);
    this.#sent.set(name, sent);
  }

  #lose(reason: string, worker: Worker | null = this.#worker): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    for (const waiter of this.#waiters.values()) {
      waiter.reject(
        new AnalystLostError(`Nothing came of it: ${reason}. The next call starts another thread.`),
      );
    }
    this.#waiters.clear();
  }
}

function whole({ key, series, range }: SeriesAsk): DeskAsk {
  return { key, continues: false, series, range };
}

function forecastIn(answer: DeskAnswer | undefined): Forecast | null {
  assert(answer !== undefined && answer.kind !== 'unknown', 'whoever is sent everything knows the series');
  return answer.kind === 'forecast' ? answer.forecast : null;
}
