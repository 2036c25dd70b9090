import { uptime } from 'node:os';
import type { Cancel, Clock } from '../core/ports.ts';

/** Milliseconds of the process's monotonic clock: one clock for all of its threads, unlike `performance.now`. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The real clock, the same in every thread of a process. `bootMs` is exact to about 10 ms, as the system gives it. */
export const threadClock: Clock = {
  monotonicMs,
  bootMs: () => uptime() * 1000,
  wallMs: () => Date.now(),
  after(delayMs: number, fire: () => void): Cancel {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
