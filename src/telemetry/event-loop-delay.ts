import type { IntervalHistogram } from 'node:perf_hooks';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How much later than due a thread ran its timers. */
export interface EventLoopDelaySample {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const resolutionMs = 20;
const nsPerMs = 1e6;

/**
 * Measures the event loop of the thread that creates it. A histogram forgets, at its reset, the delay that is going
 * on, and whoever samples often runs right at the end of one. So two take turns: each reading covers the time since
 * the last reading but one, and no delay falls between two.
 */
export class EventLoopDelay {
  #reading: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #gathering: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs });

  constructor() {
    this.#reading.enable();
    this.#gathering.enable();
  }

  read(): EventLoopDelaySample {
    const histogram = this.#reading;
    const sample =
      histogram.count === 0
        ? { p50Ms: 0, p99Ms: 0, maxMs: 0 }
        : {
            p50Ms: lateMs(histogram.percentile(50)),
            p99Ms: lateMs(histogram.percentile(99)),
            maxMs: lateMs(histogram.max),
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
}

/** The histogram holds whole intervals between its timer's runs. */
function lateMs(intervalNs: number): number {
  return Math.max(0, intervalNs / nsPerMs - resolutionMs);
}
