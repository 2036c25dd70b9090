import { median } from 'simple-statistics';
import type { IncarnationId } from '../core/ids.ts';

const timesMax = 32;
const peersMax = 1_024;

/** How long answers of other hosts' actors took, their work included: the latest of each peer. */
export class AnswerTimes {
  /** The peer that answered longest ago first. */
  readonly #times = new Map<IncarnationId, readonly number[]>();

  note(peer: IncarnationId, tookMs: number): void {
    const times = [...(this.#times.get(peer) ?? []), Math.max(0, tookMs)].slice(-timesMax);
    this.#times.delete(peer);
    this.#times.set(peer, times);
    if (this.#times.size <= peersMax) return;
    for (const oldest of this.#times.keys()) {
      this.#times.delete(oldest);
      return;
    }
  }

  /** In ms; null when that peer has answered nothing. */
  p50Ms(peer: IncarnationId): number | null {
    const times = this.#times.get(peer);
    return times === undefined ? null : median([...times]);
  }
}
