import type { IncarnationId } from '../../core/ids.ts';
import type { LatencyStatistics } from '../messages/latency.ts';
import type { AnsweredProbe, SentProbe } from './contract.ts';
import type { ProbingSettings } from './settings.ts';
import { ProbeWindow } from './window.ts';

/** One host's probes to its peers. Times are of this host's monotonic clock. */
export class Prober {
  readonly #settings: ProbingSettings;
  /** In the order of their last probes, the one that was probed longest ago first. */
  readonly #windows = new Map<IncarnationId, ProbeWindow>();

  constructor(settings: ProbingSettings) {
    this.#settings = settings;
  }

  sent(to: IncarnationId, { number, sentAtMs }: SentProbe): void {
    const window = this.#windows.get(to) ?? new ProbeWindow(this.#settings);
    this.#windows.delete(to);
    this.#windows.set(to, window);
    window.sent(number, sentAtMs);
    if (this.#windows.size <= this.#settings.peersMax) return;
    for (const oldest of this.#windows.keys()) {
      this.#windows.delete(oldest);
      return;
    }
  }

  /** @returns the round trip; null when that peer has no such probe waiting */
  answered({ from, number, arrivedAtMs }: AnsweredProbe): number | null {
    return this.#windows.get(from)?.answered(number, arrivedAtMs) ?? null;
  }

  /** Settles what is overdue, and forgets whom `keeps` does not want. */
  settle(nowMs: number, keeps: (peer: IncarnationId) => boolean): void {
    for (const [peer, window] of this.#windows) {
      window.settle(nowMs);
      if (window.sentAtMs === null || !keeps(peer)) this.#windows.delete(peer);
    }
  }

  /** For a host that stood still itself: answers may have come in time, and nobody looked. */
  disregard(): void {
    for (const window of this.#windows.values()) window.disregard();
  }

  /** @returns null when no probe to the peer was answered within the window */
  statistics(peer: IncarnationId, nowMs: number): LatencyStatistics | null {
    return this.#windows.get(peer)?.statistics(nowMs) ?? null;
  }

  lostInARow(peer: IncarnationId): number {
    return this.#windows.get(peer)?.lostInARow ?? 0;
  }

  /** Those with a window, the one that was probed last first. */
  peers(): readonly IncarnationId[] {
    return [...this.#windows.keys()].toReversed();
  }
}
