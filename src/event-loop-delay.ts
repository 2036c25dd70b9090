import type { IntervalHistogram } from 'node:perf_hooks';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EventLoopDelaySample } from './core/host-sample.ts';

/** Of the timer that measures: each run of it is work for the thread, too. */
const resolutionMsDefault = 20;
const nsPerMs = 1e6;

/**
 * Measures the event loop of the thread that creates it. A histogram forgets, at its reset, the delay that is going
 * on, and whoever samples often runs right at the end of one. So two take turns: each reading covers the time since
 * the last reading but one, and no delay falls between two.
 */
export class EventLoopDelay {
  readonly #resolutionMs: number;
  #reading: IntervalHistogram;
  #gathering: IntervalHistogram;

  constructor(resolutionMs: number = resolutionMsDefault) {
    this.#resolutionMs = resolutionMs;
    this.#reading = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#gathering = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#reading.enable();
    this.#gathering.enable();
  }

  read(): EventLoopDelaySample {
    const histogram = this.#reading;
    const sample =
      histogram.count === 0
        ? { p50Ms: 0, p99Ms: 0, maxMs: 0 }
        : {
            p50Ms: this.#lateMs(histogram.percentile(50)),
            p99Ms: this.#lateMs(histogram.percentile(99)),
            maxMs: this.#lateMs(histogram.max),
          };
    histogram.reset();
    this.#reading = this.#gathering;
    this.#gathering = histogram;
    return sample;
  }

  stop(): void {
    this.#reading.disable();
    this.#gathering.disable();
  }

  /** The histogram holds whole intervals between its timer's runs. */
  #lateMs(intervalNs: number): number {
    return Math.max(0, intervalNs / nsPerMs - this.#resolutionMs);
  }
}
