import { getHeapStatistics } from 'node:v8';
import type { Survey } from './messages.ts';
import { noteOfferedPoints, offeredPoints } from './offered-points.ts';

/** How much of a run may go into looking. */
const shareMax = 0.2;
const allowanceMs = 50;

/** Finds where a run's stack is deepest and its heap is largest: looks at each point while that is cheap, then at some. */
export class Surveyor {
  /** Points that may go by unseen until the next look. */
  gap = 0;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #spentMs = 0;
  #looks = 0;
  #depth = 0;
  #deepestAt = 0;
  #heapBytes = 0;
  #largestAt = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    noteOfferedPoints();
  }

  look(point: number): void {
    const beforeMs = this.#nowMs();
    const depth = stackDepth();
    if (depth > this.#depth) {
      this.#depth = depth;
      this.#deepestAt = point;
    }
    // The heap is slow to ask, and slow to change.
    if (this.#looks % 16 === 0) {
      const heapBytes = getHeapStatistics().used_heap_size;
      if (heapBytes > this.#heapBytes) {
        this.#heapBytes = heapBytes;
        this.#largestAt = point;
      }
    }
    this.#looks += 1;
    const nowMs = this.#nowMs();
    this.#spentMs += nowMs - beforeMs;
    const isDear = this.#spentMs > allowanceMs + shareMax * (nowMs - this.#startMs);
    this.gap = isDear ? Math.min(1_000_000, this.gap * 2 + 1) : this.gap >> 1;
  }

  result(points: number): Survey {
    return {
      points,
      deepestAt: this.#deepestAt,
      depth: this.#depth,
      largestAt: this.#largestAt,
      heapBytes: this.#heapBytes,
      offered: offeredPoints(),
    };
  }
}

/** Activations on the native stack. */
function stackDepth(): number {
  const limit = Error.stackTraceLimit;
  const prepare: unknown = Reflect.get(Error, 'prepareStackTrace');
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_error, sites) => sites.length;
    Error.captureStackTrace(holder);
    return Number(holder.stack);
  } finally {
    Error.stackTraceLimit = limit;
    Reflect.set(Error, 'prepareStackTrace', prepare);
  }
}
