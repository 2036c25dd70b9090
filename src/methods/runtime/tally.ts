import type { ExecutionId } from '../../core/ids.ts';
import type { PeerTally } from '../../core/inspection.ts';
import { tracedPeersMax } from '../../core/inspection.ts';

/** Peers that are counted between two traces; what comes from more of them is missed until the next trace. */
const talliedPeersMax = 1_024;

interface Counts {
  messagesOut: number;
  messagesIn: number;
  bytesOut: number;
  bytesIn: number;
}

/** Counts one execution's messages by peer, from trace to trace. */
export class Tally {
  /** Arrivals at this execution, since it came here. */
  messagesIn = 0;
  #peers = new Map<ExecutionId, Counts>();

  get isEmpty(): boolean {
    return this.#peers.size === 0;
  }

  sent(to: ExecutionId, bytes: number): void {
    const counts = this.#of(to);
    if (counts === null) return;
    counts.messagesOut += 1;
    counts.bytesOut += bytes;
  }

  received(from: ExecutionId, bytes: number): void {
    const counts = this.#of(from);
    if (counts === null) return;
    counts.messagesIn += 1;
    counts.bytesIn += bytes;
  }

  /** @returns the heaviest by bytes; counting starts again from zero */
  take(): readonly PeerTally[] {
    if (this.#peers.size === 0) return nobody;
    const peers = [...this.#peers].map(([peer, counts]) => ({ peer, ...counts }));
    this.#peers = new Map();
    if (peers.length <= tracedPeersMax) return peers;
    return peers
      .toSorted((a, b) => b.bytesOut + b.bytesIn - (a.bytesOut + a.bytesIn))
      .slice(0, tracedPeersMax);
  }

  #of(peer: ExecutionId): Counts | null {
    const known = this.#peers.get(peer);
    if (known !== undefined) return known;
    if (this.#peers.size >= talliedPeersMax) return null;
    const counts = { messagesOut: 0, messagesIn: 0, bytesOut: 0, bytesIn: 0 };
    this.#peers.set(peer, counts);
    return counts;
  }
}

const nobody: readonly PeerTally[] = [];
