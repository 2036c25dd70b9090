import type { Job } from './process/messages.ts';
import { type RunLimits, runUnmoved } from './runs.ts';

/** Both programs in turn, each time in a fresh process; the medians of what they took. */
export async function timeBoth(
  native: Job,
  compiled: Job,
  limits: RunLimits,
  rounds = 7,
): Promise<{ readonly nativeMs: number; readonly compiledMs: number }> {
  const nativeMs: number[] = [];
  const compiledMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    nativeMs.push((await runUnmoved(process.execPath, native, limits)).tookMs);
    compiledMs.push((await runUnmoved(process.execPath, { ...compiled, sabotage: null }, limits)).tookMs);
  }
  return { nativeMs: median(nativeMs), compiledMs: median(compiledMs) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
