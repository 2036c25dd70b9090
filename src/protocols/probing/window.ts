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
    const answered: number[] = [];
    let [settled, newestAtMs] = [0, 0];
    for (const { outcome, sentAtMs } of this.#probes) {
      if (outcome !== 'waiting') settled += 1;
      if (typeof outcome !== 'number') continue;
      answered.push(outcome);
      newestAtMs = sentAtMs;
    }
    if (answered.length === 0) return null;
    // Typed arrays sort by number, without a call for each pair: this runs for each peer and each answer.
    const sorted = [...Float64Array.from(answered).sort()];
    return {
      p50Ms: quantileSorted(sorted, 0.5),
      p95Ms: quantileSorted(sorted, 0.95),
      jitterMs: jitterOf(answered),
      lossRatio: 1 - answered.length / settled,
      samples: settled,
      ageMs: Math.max(0, nowMs - newestAtMs),
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
  let sumMs = 0;
  for (let index = 1; index < roundTrips.length; index += 1) {
    sumMs += Math.abs((roundTrips[index] ?? 0) - (roundTrips[index - 1] ?? 0));
  }
  return sumMs / (roundTrips.length - 1);
}
