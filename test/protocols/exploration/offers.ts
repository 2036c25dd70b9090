import type { Cluster } from './cluster.ts';
import { left } from './world.ts';
import type { Bounded } from './world.ts';

export type Change = (cluster: Cluster) => void;
/** Proposes one step of the world. */
export type Offer = (label: string, fair: boolean, change: Change) => void;

/** Proposes something that goes wrong, or happens by choice, while its bound allows it. */
export function offerFailure(now: Cluster, name: Bounded, label: string, offer: Offer, change: Change): void {
  if (now.get(left(name)) === 0) return;
  offer(label, false, (cluster) => {
    cluster.spend(name);
    change(cluster);
  });
}
