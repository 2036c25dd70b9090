import { openSync, readSync } from 'node:fs';
import type { Cancel, Clock } from './core/ports.ts';

/** The longest delay that Node's timers take; a longer one would fire at once. */
const timerMsMax = 2_147_483_647;

/**
 * The machine's clocks. `bootMs` reads `/proc/uptime` where there is one (it counts suspended time; resolution
 * 10 ms); elsewhere it is the monotonic clock, and a suspend goes unseen.
 */
export class SystemClock implements Clock {
  readonly #bootFile: number | null;

  constructor(bootFile = '/proc/uptime') {
    const opened = openFile(bootFile);
    this.#bootFile = opened !== null && Number.isFinite(uptimeMs(opened)) ? opened : null;
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

/** Kept open for the life of the process: links and lanes read it often, and opening it would cost ten times as much. */
function openFile(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null; // There is none outside Linux.
  }
}

const text = new Uint8Array(64);

function uptimeMs(file: number): number {
  const length = readSync(file, text, 0, text.length, 0);
  return Number.parseFloat(String.fromCharCode(...text.subarray(0, length))) * 1000;
}
