import { median } from 'simple-statistics';
import type { HostName, RackName, Term } from '../../core/ids.ts';
import type {
  HostLatencies,
  LatencyStatistics,
  NetworkCoordinate,
  RackLatencies,
} from '../messages/latency.ts';
import { isSoundCoordinate } from './coordinates.ts';
import { isSoundStatistics, poolStatistics } from './pooling.ts';
import { probingDefaults } from './settings.ts';

interface Report {
  readonly latencies: HostLatencies;
  readonly atMs: number;
}

/** One rack's row of the matrix, made of what its hosts' agents measured. Times are of one monotonic clock. */
export class RackRow {
  readonly #rack: RackName;
  readonly #term: Term;
  readonly #reports = new Map<HostName, Report>();
  #rows = 0;

  constructor(rack: RackName, term: Term) {
    this.#rack = rack;
    this.#term = term;
  }

  /** Keeps a host's report, if it is of this rack and newer than what is known. */
  take(latencies: HostLatencies, nowMs: number): void {
    const { identity, report } = latencies;
    const known = this.#reports.get(identity.name)?.latencies;
    const outdated = known?.identity.incarnation === identity.incarnation && known.report >= report;
    if (identity.rack === this.#rack && !outdated)
      this.#reports.set(identity.name, { latencies, atMs: nowMs });
  }

  /** @param isLive whether a report's host still is; the others are forgotten */
  read(nowMs: number, isLive: (latencies: HostLatencies) => boolean): RackLatencies {
    for (const [name, { latencies }] of this.#reports) if (!isLive(latencies)) this.#reports.delete(name);
    const byRack = new Map<RackName, LatencyStatistics[]>();
    for (const { latencies, atMs } of this.#reports.values()) {
      for (const { rack, statistics } of latencies.peers) {
        if (!isSoundStatistics(statistics)) continue;
        // A host that has fallen silent without losing its lease: its figures end as a window's do.
        const aged = { ...statistics, ageMs: statistics.ageMs + Math.max(0, nowMs - atMs) };
        if (aged.ageMs > probingDefaults.windowMs) continue;
        const parts = byRack.get(rack);
        if (parts === undefined) byRack.set(rack, [aged]);
        else parts.push(aged);
      }
    }
    const row: Record<RackName, LatencyStatistics> = {};
    for (const [rack, parts] of byRack) {
      const pooled = poolStatistics(parts);
      if (pooled !== null) row[rack] = pooled;
    }
    this.#rows += 1;
    const coordinate = middle([...this.#reports.values()].map(({ latencies }) => latencies.coordinate));
    return { rack: this.#rack, term: this.#term, report: this.#rows, row, coordinate };
  }
}

/** The median of each axis: one host that is far off, or lies, does not move it. */
function middle(coordinates: readonly NetworkCoordinate[]): NetworkCoordinate | null {
  // One that has measured nothing stands where everybody starts.
  const sound = coordinates.filter((one) => isSoundCoordinate(one) && one.error < 1);
  const [first] = sound;
  if (first === undefined) return null;
  return {
    vectorMs: first.vectorMs.map((_, axis) => median(sound.map(({ vectorMs }) => vectorMs[axis] ?? 0))),
    heightMs: median(sound.map(({ heightMs }) => heightMs)),
    error: median(sound.map(({ error }) => error)),
  };
}
