import type { Directory } from './actors/directory.ts';
import type { HostName } from './core/ids.ts';
import type { PackagedMethod } from './methods/packages/index.ts';
import { weightedPolicy } from './placement/placement-policy.ts';
import type { Acquaintance } from './placement/call-graph.ts';
import { neighbourhoodOf } from './placement/call-graph.ts';
import { originalAffinity } from './placement/original-affinity.ts';
import type { AffinityDeclaration, HostDescription } from './protocols/messages.ts';
import type { RegisterRow } from './protocols/ownership/register.ts';

export interface StartOptions {
  /** The host to start on; without it affinity and availability decide. */
  readonly on?: string | null;
  readonly affinity?: Partial<AffinityDeclaration>;
  /** Whether all that it does waits for a durable checkpoint. Default: false. */
  readonly durable?: boolean;
}

export type StartingHosts =
  /** At least one, the best first. */
  | { readonly kind: 'found'; readonly hosts: readonly HostName[] }
  /** Every host has an affinity of 0. */
  | { readonly kind: 'none'; readonly why: string };

/**
 * The hosts to start on: of those that the declaration suits best the one that scores best by its traffic and its
 * availability goes first, with the weights of affinity actors; of equals the one with the least load.
 */
export function startingHosts(
  method: PackagedMethod,
  affinity: AffinityDeclaration,
  hosts: readonly HostDescription[],
  rows: Iterable<RegisterRow>,
  directory: Directory,
): StartingHosts {
  const neighbourhood = neighbourhoodOf(
    {
      method: method.id,
      near: affinity.near,
      apart: affinity.apart,
      kin: new Set(),
      calls: new Set(method.starts),
      measured: new Map(),
    },
    acquaintances(rows, directory),
  );
  const { weights } = weightedPolicy;
  const scored = hosts.map(({ identity, availability }) => {
    const place = { host: identity.name, rack: identity.rack, labels: availability.labels };
    const declared = originalAffinity(affinity, place);
    const situated = originalAffinity({ ...affinity, neighbourhood }, place);
    const share = Math.min(1, availability.cpuShare / (availability.executions + 1));
    return {
      host: identity.name,
      situated,
      declared,
      score: weights.originalAffinity * situated + weights.resourceAvailability * share,
      load: availability.executions / availability.cpuShare,
    };
  });
  const fit = scored.filter(({ situated }) => situated > 0);
  const ranked = fit.toSorted((a, b) => b.declared - a.declared || b.score - a.score || a.load - b.load);
  if (ranked.length > 0) return { kind: 'found', hosts: ranked.map(({ host }) => host) };
  return { kind: 'none', why: reasonOf(affinity, neighbourhood.avoided) };
}

function reasonOf(
  { hosts, racks, labels, apart }: AffinityDeclaration,
  avoided: readonly HostName[],
): string {
  const asked = [
    ...(hosts.length > 0 ? [`host ${hosts.join(' or ')}`] : []),
    ...(racks.length > 0 ? [`rack ${racks.join(' or ')}`] : []),
    ...(labels.length > 0 ? [`the labels ${labels.join(', ')}`] : []),
    ...(avoided.length > 0
      ? [`no execution of ${apart.join(', ') || 'those that it must be apart from'} on its host`]
      : []),
  ];
  return `it asks for ${asked.join(', and ')}, and no host that is up has that. Start it on a host by name, or add one`;
}

/** Every execution that has not ended. */
function acquaintances(rows: Iterable<RegisterRow>, directory: Directory): readonly Acquaintance[] {
  return [...rows].flatMap(({ execution, method, owner, standing, deployment }) => {
    const host = directory.incarnation(owner);
    if (host === null || standing.phase !== 'live') return [];
    const { near, apart } = deployment.affinity;
    return [{ execution, method: method.method, host: host.name, rack: host.rack, near, apart }];
  });
}
