import type { Tenure } from '../../core/execution.ts';
import type { AlignmentPacket } from './packet.ts';
import type { Peer } from './peer.ts';

/** Where we stand with a peer. */
export function alignmentOf(self: Tenure, peer: Peer): AlignmentPacket {
  const { rewinds, acknowledged, taken, generation, aligned } = peer;
  return {
    kind: 'alignment',
    from: self,
    to: peer.peer,
    rewinds,
    acknowledged,
    taken,
    knows: generation,
    asks: !aligned,
  };
}

/** Lets whatever is left of an ended peer drop its outbox. */
export function lastAlignment(self: Tenure, { from }: AlignmentPacket): AlignmentPacket {
  return {
    kind: 'alignment',
    from: self,
    to: from.execution,
    rewinds: [],
    acknowledged: 0,
    taken: Number.MAX_SAFE_INTEGER,
    knows: from.generation,
    asks: false,
  };
}
