import type { RackName, Term } from '../../core/ids.ts';
import type { LatencyStatistics, RackLatencies } from '../messages/latency.ts';
import { fillMatrix, type LatencyMatrix } from './matrix.ts';

interface Kept {
  readonly latencies: RackLatencies;
  readonly atMs: number;
}

/** The rows that racks sent to whoever keeps the matrix. Times are of one monotonic clock. */
export class MatrixRows {
  readonly #rows = new Map<RackName, Kept>();

  /** Keeps a row, unless a later one of its rack is known, or a later holder of the rack's seat has spoken. */
  take(latencies: RackLatencies, nowMs: number): void {
    const known = this.#rows.get(latencies.rack)?.latencies;
    if (known !== undefined && !isLater(latencies, known)) return;
    this.#rows.set(latencies.rack, { latencies, atMs: nowMs });
  }

  /** @param isLive whether a rack still has hosts; the rows of others are forgotten */
  read(nowMs: number, isLive: (rack: RackName) => boolean): LatencyMatrix {
    for (const rack of this.#rows.keys()) if (!isLive(rack)) this.#rows.delete(rack);
    return fillMatrix(
      [...this.#rows.values()].map(({ latencies, atMs }) =>
        aged(latencies, Math.max(0, nowMs - atMs), isLive),
      ),
    );
  }
}

function isLater(
  one: { readonly term: Term; readonly report: number },
  other: { readonly term: Term; readonly report: number },
): boolean {
  return one.term > other.term || (one.term === other.term && one.report > other.report);
}

function aged(latencies: RackLatencies, byMs: number, isLive: (rack: RackName) => boolean): RackLatencies {
  const row: Record<RackName, LatencyStatistics> = {};
  for (const [name, statistics] of Object.entries(latencies.row)) {
    const rack = name as RackName;
    if (isLive(rack)) row[rack] = { ...statistics, ageMs: statistics.ageMs + byMs };
  }
  return { ...latencies, row };
}
