'use movable';

/** What one preemption looked like from inside, in milliseconds of `performance.now`. */
export interface Seen {
  /** The last look at the clock before it, and the first one after it. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** When the outermost activation had its result: the others were resumed in between. */
  readonly returnedMs: number;
}

/** No look at the clock takes so long, unless something comes in between. */
const gapMs = 0.008;

/** The innermost activation looks at the clock until it has been preempted. */
function descend(depth: number, quietMs: number): Seen {
  if (depth > 1) {
    const seen = descend(depth - 1, quietMs);
    return { beforeMs: seen.beforeMs, afterMs: seen.afterMs, returnedMs: 0 };
  }
  const startMs = performance.now();
  let beforeMs = startMs;
  for (;;) {
    const nowMs = performance.now();
    if (nowMs - beforeMs > gapMs && beforeMs - startMs > quietMs) {
      return { beforeMs, afterMs: nowMs, returnedMs: 0 };
    }
    beforeMs = nowMs;
  }
}

/**
 * @param depth activations on the stack when it is preempted, this one included
 * @param quietMs how long nobody preempts it, after it was preempted: what comes in between earlier is something else
 */
export function main(rounds: number, depth: number, quietMs: number): readonly Seen[] {
  const all: Seen[] = [];
  for (let round = 0; round < rounds; round++) {
    const { beforeMs, afterMs } = descend(depth - 1, quietMs);
    all.push({ beforeMs, afterMs, returnedMs: performance.now() });
  }
  return all;
}
