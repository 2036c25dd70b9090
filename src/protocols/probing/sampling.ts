import type { HostIdentity } from '../../core/execution.ts';
import type { RackName } from '../../core/ids.ts';
import type { ProbingSettings } from './settings.ts';

/** The live hosts, grouped: computed once for as long as they stay the same. */
export interface ClusterMap {
  readonly hosts: readonly HostIdentity[];
  readonly racks: readonly RackName[];
  readonly byRack: ReadonlyMap<RackName, readonly HostIdentity[]>;
}

/** Everybody groups in the same order, so that the plans of all hosts fit together. */
export function mapCluster(hosts: readonly HostIdentity[]): ClusterMap {
  const sorted = hosts.toSorted((a, b) => compare(a.incarnation, b.incarnation));
  const byRack = new Map<RackName, HostIdentity[]>();
  for (const host of sorted) {
    const members = byRack.get(host.rack);
    if (members === undefined) byRack.set(host.rack, [host]);
    else members.push(host);
  }
  return { hosts: sorted, racks: [...byRack.keys()].toSorted(compare), byRack };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whom a host probes in one round. While there are few hosts, everybody probes everybody. Beyond, each probes the next
 * few of its rack, in a circle; and the other racks are dealt out among the rack's hosts, `representatives` of them to
 * each rack, so that a host sends at most `ownRackPeersMax` + `otherRackPeersMax` probes whatever the cluster's size.
 * The choice moves on every `dwellRounds`, so that all pairs have their turn, and nobody is in charge for long.
 *
 * @param round counts up; hosts need not agree on it
 */
export function planRound(
  map: ClusterMap,
  self: HostIdentity,
  round: number,
  settings: ProbingSettings,
): readonly HostIdentity[] {
  if (map.hosts.length <= settings.allPairsHostsMax) {
    return map.hosts.filter(({ incarnation }) => incarnation !== self.incarnation);
  }
  const turn = Math.floor(round / settings.dwellRounds);
  return [...ownRack(map, self, turn, settings), ...otherRacks(map, self, turn, settings)];
}

function ownRack(
  map: ClusterMap,
  self: HostIdentity,
  turn: number,
  { ownRackPeersMax }: ProbingSettings,
): readonly HostIdentity[] {
  const members = map.byRack.get(self.rack) ?? [];
  const others = members.length - 1;
  const at = members.findIndex(({ incarnation }) => incarnation === self.incarnation);
  if (at < 0 || others < 1) return [];
  const count = Math.min(ownRackPeersMax, others);
  // Steps of 1 to others: a circle without oneself, in which everybody has as many predecessors as successors.
  return Array.from({ length: count }, (_, index) => {
    const step = 1 + ((turn * count + index) % others);
    return members[(at + step) % members.length];
  }).filter((host) => host !== undefined);
}

function otherRacks(
  map: ClusterMap,
  self: HostIdentity,
  turn: number,
  { otherRackPeersMax, representatives }: ProbingSettings,
): readonly HostIdentity[] {
  const members = map.byRack.get(self.rack) ?? [];
  const at = members.findIndex(({ incarnation }) => incarnation === self.incarnation);
  const ownRank = map.racks.indexOf(self.rack);
  const others = map.racks.length - 1;
  if (at < 0 || others < 1) return [];
  const copies = Math.min(representatives, members.length);
  const charges: { readonly rack: number; readonly copy: number }[] = [];
  for (let copy = 0; copy < copies; copy += 1) {
    // The offsets of the racks that copy `copy` deals to the member at `at`: those that leave this remainder.
    const remainder = (((at - copy - turn) % members.length) + members.length) % members.length;
    for (let offset = remainder; offset < others; offset += members.length) {
      charges.push({ rack: (ownRank + 1 + offset) % map.racks.length, copy });
    }
  }
  const count = Math.min(otherRackPeersMax, charges.length);
  return Array.from({ length: count }, (_, index) => {
    const charge = charges[(turn * count + index) % charges.length];
    const rack = charge === undefined ? undefined : map.racks[charge.rack];
    const targets = (rack === undefined ? undefined : map.byRack.get(rack)) ?? [];
    return targets[(ownRank + (charge?.copy ?? 0) + turn) % Math.max(1, targets.length)];
  }).filter((host) => host !== undefined);
}
