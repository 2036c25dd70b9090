import { readFileSync } from 'node:fs';

const nsPerMs = 1e6;

/**
 * CPU time that the calling thread was given so far.
 *
 * @returns milliseconds; null where the kernel keeps no account of it (outside Linux, and in some sandboxes)
 */
export function threadCpuMs(): number | null {
  try {
    // Time on a core, time in a run queue, and how often it was put on one.
    return parseSchedule(readFileSync('/proc/thread-self/schedstat', 'latin1'));
  } catch {
    return null;
  }
}

/** @returns null for an account that was never kept: no thread that reads it has run for no time at all */
export function parseSchedule(text: string): number | null {
  const ranNs = Number(/^(\d+) /.exec(text)?.[1] ?? 0);
  return ranNs > 0 ? ranNs / nsPerMs : null;
}
