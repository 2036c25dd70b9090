import { readFileSync } from 'node:fs';
import type { Cancel, Clock } from './core/ports.ts';

/** The longest delay that Node's timers take; a longer one would fire at once. */
const timerMsMax = 2_147_483_647;

/**
 * The machine's clocks. `bootMs` reads `/proc/uptime` where there is one (it counts suspended time; resolution
 * 10 ms); elsewhere it is the monotonic clock, and a suspend goes unseen.
 */
export class SystemClock implements Clock {
  readonly #bootFile: string | null;

  constructor(bootFile = '/proc/uptime') {
    this.#bootFile = Number.isFinite(uptimeMs(bootFile)) ? bootFile : null;
  }

  monotonicMs(): number {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  bootMs(): number {
    return this.#bootFile === null ? this.monotonicMs() : uptimeMs(this.#bootFile);
  }

  wallMs(): number {
    return Date.now();
  }

  after(delayMs: number, fire: () => void): Cancel {
    const dueMs = this.monotonicMs() + delayMs;
    let timer: NodeJS.Timeout;
    // Node rounds delays down to whole milliseconds and may fire up to one early: never fire before the due time.
    const arm = (restMs: number): void => {
      timer = setTimeout(
        () => {
          const leftMs = dueMs - this.monotonicMs();
          if (leftMs > 0) arm(leftMs);
          else fire();
        },
        Math.min(Math.ceil(restMs), timerMsMax),
      );
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  }
}

function uptimeMs(file: string): number {
  try {
    const text = readFileSync(file, 'latin1');
    return Number.parseFloat(text.slice(0, text.indexOf(' '))) * 1000;
  } catch {
    return Number.NaN;
  }
}
