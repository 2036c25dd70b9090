import { DearAdmission } from '../forecasting/admission.ts';
import type { Forecaster, ForecasterOptions, Model, Series } from '../forecasting/contract.ts';
import { createForecaster, defaultOptions } from '../forecasting/forecaster.ts';
import type { Lesson } from '../forecasting/learned/contract.ts';
import { dailyPeriod } from '../forecasting/period.ts';
import { fillGaps } from '../forecasting/preparation.ts';
import type { Allowance } from './analyst-allowance.ts';
import type { DeskAnswer, DeskAsk } from './analyst-messages.ts';

export interface DeskOptions {
  /** All cheap models, for as many series as `fullMax`. */
  readonly full: readonly Model[];
  /** Those of them that take little memory, for all others. */
  readonly light: readonly Model[];
  /** Join the full ones where a trial shows that they earn it. */
  readonly dear: readonly Model[];
  /** The time that dear models may take. */
  readonly allowance: Allowance;
  readonly bounds: DeskBounds;
}

export interface DeskBounds {
  /** Series that are kept between calls; what comes above them is forecast by light models, and not kept. */
  readonly entriesMax: number;
  /** Series with the full pool at the same time: those that vary, and were asked for first. */
  readonly fullMax: number;
}

/**
 * At 2,000 values a full pool takes 1.5 MiB a series, a light one an eighth of one: 512 of the one and 3,584 of the other
 * are 1.2 GiB. Four series each of the 1,000 components that are forecast by default fit in.
 */
export const deskBoundsDefault: DeskBounds = { entriesMax: 4_096, fullMax: 512 };

interface Entry {
  forecaster: Forecaster;
  /** Every value so far, the newest `historyMax`. */
  values: number[];
  readonly startMs: number;
  readonly stepMs: number;
  readonly range: DeskAsk['range'];
  dropped: number;
  /** How many there were when the forecaster was made. */
  madeAt: number;
  /** Values since then. */
  sinceMade: number;
  isFull: boolean;
  /** Whether dear models had their chance. */
  considered: boolean;
  dear: readonly Model[];
  /** The call that asked for it last. */
  askedIn: number;
}

/** What all asks of one call have in common. */
interface Call {
  readonly horizon: number;
  readonly levels: readonly number[];
}

const historyMax = 2_016;
const refitEvery = 60;
/** A young series is analysed anew when it has grown by this factor: its first models knew next to nothing. */
const growth = 1.5;
/** What nobody asked for in so many calls is forgotten. */
const idleCallsMax = 60;
/** A trial of dear models on fewer values would be chance. */
const considerMin = 400;
const lessonMin = 200;

/** Keeps a forecaster for each series, so that a new value costs little. */
export class AnalystDesk {
  readonly #entries = new Map<string, Entry>();
  readonly #options: DeskOptions;
  readonly #admission = new DearAdmission();
  /** Dear models by name, as they are in a pool: without a fit while the allowance is spent. */
  readonly #afforded: ReadonlyMap<string, Model>;
  #calls = 0;
  #full = 0;

  constructor(options: DeskOptions) {
    const { dear, allowance } = options;
    this.#options = options;
    this.#afforded = new Map(
      dear.map((model) => {
        const fit: Model['fit'] = (history, earlier) =>
          allowance.isOpen ? allowance.spend(() => model.fit(history, earlier ?? null)) : null;
        return [model.name, { name: model.name, price: model.price, fit }];
      }),
    );
  }

  /** Series kept, those of them with the full pool, and those with dear models. */
  get counts(): { readonly kept: number; readonly full: number; readonly dear: number } {
    const dear = [...this.#entries.values()].filter((entry) => entry.dear.length > 0).length;
    return { kept: this.#entries.size, full: this.#full, dear };
  }

  /** @returns one answer an ask, in their order */
  forecast(asks: readonly DeskAsk[], horizon: number, levels: readonly number[]): readonly DeskAnswer[] {
    this.#calls += 1;
    const call = { horizon, levels };
    const prefix = JSON.stringify([horizon, levels]);
    const answers = asks.map((ask) => this.#answer(`${prefix} ${ask.key}`, ask, call));
    for (const [name, { askedIn }] of this.#entries) {
      if (askedIn >= this.#calls - idleCallsMax) break;
      this.#forget(name);
    }
    return answers;
  }

  /**
   * Series that may be learned from: those that vary, and are long enough.
   *
   * @param lessonsMax at most so many, spread over all
   */
  lessons(lessonsMax: number): readonly Lesson[] {
    const fit = [...this.#entries.values()].filter(
      ({ values }) => values.length >= lessonMin && varies(values),
    );
    const chosen = fit.filter((_, index) => (index * lessonsMax) % fit.length < lessonsMax);
    return chosen.map((entry) => ({ history: seriesOf(entry), arrivals: null }));
  }

  #answer(name: string, ask: DeskAsk, call: Call): DeskAnswer {
    const known = this.#entries.get(name) ?? null;
    if (ask.continues && known === null) return { kind: 'unknown' };
    const isNew = !ask.continues || known === null;
    if (isNew) this.#forget(name);
    const isKept = !isNew || this.#makeRoom();
    const entry = isNew ? this.#open(ask, call, isKept) : this.#continue(known, ask, call);
    if (entry === null) return { kind: 'empty' };
    entry.askedIn = this.#calls;
    if (isKept) {
      // Those asked for last stand last.
      this.#entries.delete(name);
      this.#entries.set(name, entry);
      this.#consider(entry, call);
    }
    return { kind: 'forecast', forecast: entry.forecaster.forecast(call.horizon) };
  }

  /** Above the bound, whoever was not asked for in this call makes room. */
  #makeRoom(): boolean {
    if (this.#entries.size < this.#options.bounds.entriesMax) return true;
    const [oldest] = this.#entries;
    if (oldest === undefined || oldest[1].askedIn === this.#calls) return false;
    this.#forget(oldest[0]);
    return true;
  }

  #forget(name: string): void {
    if (this.#entries.get(name)?.isFull === true) this.#full -= 1;
    this.#entries.delete(name);
  }

  #open({ series, range }: DeskAsk, call: Call, isKept: boolean): Entry | null {
    const first = series.values.findIndex((value) => Number.isFinite(value));
    if (first < 0) return null;
    const values = [...series.values.subarray(first)];
    const { stepMs } = series;
    const draft = {
      values,
      startMs: series.startMs + first * stepMs,
      stepMs,
      range,
      dropped: 0,
      madeAt: values.length,
      sinceMade: 0,
      isFull: false,
      considered: false,
      dear: [],
      askedIn: this.#calls,
    };
    const isFull = isKept && this.#hasRoomFor(values);
    if (isFull) this.#full += 1;
    return { ...draft, isFull, forecaster: this.#make({ ...draft, isFull }, call) };
  }

  #continue(entry: Entry, { series }: DeskAsk, call: Call): Entry {
    for (const value of series.values) {
      entry.values.push(value);
      entry.forecaster.observe(value);
    }
    entry.sinceMade += series.values.length;
    const surplus = entry.values.length - historyMax;
    if (surplus > 0) {
      entry.values.splice(0, surplus);
      entry.dropped += surplus;
    }
    const hasGrown = entry.dropped === 0 && entry.values.length >= growth * entry.madeAt;
    const rises = !entry.isFull && entry.sinceMade >= refitEvery && this.#hasRoomFor(entry.values);
    if (hasGrown || rises) this.#remake(entry, call);
    return entry;
  }

  #remake(entry: Entry, call: Call): void {
    if (!entry.isFull && this.#hasRoomFor(entry.values)) {
      entry.isFull = true;
      this.#full += 1;
    }
    entry.forecaster = this.#make(entry, call);
    entry.madeAt = entry.values.length;
    entry.sinceMade = 0;
  }

  /** A series that stands still needs no model that takes memory. */
  #hasRoomFor(values: readonly number[]): boolean {
    return this.#full < this.#options.bounds.fullMax && varies(values);
  }

  /** A series is tried once, when it is long enough and there is time. */
  #consider(entry: Entry, call: Call): void {
    const { dear, allowance } = this.#options;
    if (!entry.isFull || entry.considered || dear.length === 0 || entry.values.length < considerMin) return;
    if (!allowance.isOpen) return;
    entry.considered = true;
    const series = seriesOf(entry);
    fillGaps(series.values, dailyPeriod(entry.stepMs));
    allowance.spend(() => {
      const pool = this.#admission.poolFor(series, dear, this.#optionsFor(entry, call));
      entry.dear = pool.flatMap(({ name }) => this.#afforded.get(name) ?? []);
      if (entry.dear.length > 0) this.#remake(entry, call);
    });
  }

  #make(entry: Omit<Entry, 'forecaster'>, call: Call): Forecaster {
    return createForecaster(seriesOf(entry), this.#optionsFor(entry, call));
  }

  #optionsFor(
    { isFull, dear, range }: Pick<Entry, 'isFull' | 'dear' | 'range'>,
    call: Call,
  ): ForecasterOptions {
    const { full, light } = this.#options;
    const pool = isFull ? [...full, ...dear] : light;
    return { ...defaultOptions, ...call, pool, range, historyMax, refitEvery };
  }
}

function seriesOf({
  startMs,
  stepMs,
  dropped,
  values,
}: Pick<Entry, 'startMs' | 'stepMs' | 'dropped' | 'values'>): Series {
  return { startMs: startMs + dropped * stepMs, stepMs, values: Float64Array.from(values) };
}

function varies(values: readonly number[]): boolean {
  let last = Number.NaN;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (Number.isFinite(last) && value !== last) return true;
    last = value;
  }
  return false;
}
