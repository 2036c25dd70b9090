import { quantileSorted } from 'simple-statistics';
import type { LatencyStatistics } from '../messages/latency.ts';
import type { ProbingSettings } from './settings.ts';

interface Probe {
  readonly number: number;
  readonly sentAtMs: number;
  outcome: 'waiting' | 'lost' | number;
}

/** The latest probes to one peer, oldest first: what they measured, and which were lost. */
export class ProbeWindow {
  readonly #settings: ProbingSettings;
  #probes: Probe[] = [];

  constructor(settings: ProbingSettings) {
    this.#settings = settings;
  }

  /** When the last probe was sent; null before the first. */
  get sentAtMs(): number | null {
    return this.#probes.at(-1)?.sentAtMs ?? null;
  }

  /** Probes since the last answer that got none, those on their way not counted. */
  get lostInARow(): number {
    let count = 0;
    for (const { outcome } of this.#probes.toReversed()) {
      if (outcome === 'lost') count += 1;
      else if (outcome !== 'waiting') break;
    }
    return count;
  }

  /** @param number higher than all before */
  sent(number: number, sentAtMs: number): void {
    this.#probes.push({ number, sentAtMs, outcome: 'waiting' });
    if (this.#probes.length > this.#settings.windowProbes) this.#probes.shift();
  }

  /** @returns the round trip; null when no such probe waits: it is late, repeated, or nobody's */
  answered(number: number, arrivedAtMs: number): number | null {
    const probe = this.#probes.find((one) => one.number === number);
    if (probe === undefined || probe.outcome !== 'waiting') return null;
    const roundTripMs = Math.max(0, arrivedAtMs - probe.sentAtMs);
    if (roundTripMs > this.#settings.answerMaxMs) return null;
    probe.outcome = roundTripMs;
    return roundTripMs;
  }

  /** Gives up waiting for what is overdue, and drops what is old. */
  settle(nowMs: number): void {
    const { answerMaxMs, windowMs } = this.#settings;
    for (const probe of this.#probes) {
      if (probe.outcome === 'waiting' && nowMs - probe.sentAtMs > answerMaxMs) probe.outcome = 'lost';
    }
    this.#probes = this.#probes.filter(({ sentAtMs }) => nowMs - sentAtMs <= windowMs);
  }

  /** Whatever becomes of the probes on their way, it counts for nothing. */
  disregard(): void {
    this.#probes = this.#probes.filter(({ outcome }) => outcome !== 'waiting');
  }

  /** @returns null when no probe of the window was answered */
  statistics(nowMs: number): LatencyStatistics | null {
    const settled = this.#probes.filter(({ outcome }) => outcome !== 'waiting');
    const answered = this.#probes.filter((probe): probe is Probe & { outcome: number } =>
      Number.isFinite(probe.outcome),
    );
    const newest = answered.at(-1);
    if (newest === undefined) return null;
    const roundTrips = answered.map(({ outcome }) => outcome);
    const sorted = roundTrips.toSorted((a, b) => a - b);
    return {
      p50Ms: quantileSorted(sorted, 0.5),
      p95Ms: quantileSorted(sorted, 0.95),
      jitterMs: jitterOf(roundTrips),
      lossRatio: 1 - answered.length / settled.length,
      samples: settled.length,
      ageMs: Math.max(0, nowMs - newest.sentAtMs),
      source: 'measured',
    };
  }
}

/**
 * Mean difference between neighbours. RFC 3550 (6.4.1, A.8) smooths the same differences by 1/16; over a window whose
 * values are all at hand, their mean has the same expectation and less noise.
 */
function jitterOf(roundTrips: readonly number[]): number {
  if (roundTrips.length < 2) return 0;
  const differences = roundTrips.slice(1).map((ms, index) => Math.abs(ms - (roundTrips[index] ?? ms)));
  return differences.reduce((sum, ms) => sum + ms, 0) / differences.length;
}
