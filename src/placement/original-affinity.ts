import type { HostName, MethodId, RackName } from '../core/ids.ts';
import { methodId, rackName } from '../core/ids.ts';
import type { Neighbourhood } from './call-graph.ts';
import { closeness, nobody } from './call-graph.ts';

/** Where a method may run, as its author or starter declares it. An empty list asks for nothing. */
export interface DeclaredAffinity {
  /** The host must be one of these. */
  readonly hosts: readonly HostName[];
  /** The host's rack must be one of these. */
  readonly racks: readonly RackName[];
  /** The host must carry all of these. */
  readonly labels: readonly string[];
  /** Methods that it talks to: their executions are to be near. */
  readonly near: readonly MethodId[];
  /** Methods whose executions must not share its host. */
  readonly apart: readonly MethodId[];
  /** Data that it reads: a host that has `orders` carries the label `data:orders`. */
  readonly data: readonly string[];
  /** Affinity of the hosts that match the first three lists, in [0, 1]. */
  readonly matching: number;
  /** Affinity of all others, in [0, 1]. */
  readonly otherwise: number;
}

/** A declaration, with those around it that it is to be near to, or apart from. */
export interface SituatedAffinity extends DeclaredAffinity {
  readonly neighbourhood: Neighbourhood;
}

/** Where a host stands. */
export interface Place {
  readonly host: HostName;
  readonly rack: RackName;
  readonly labels: readonly string[];
}

/** What holds where nothing was declared: every host is as good. */
export const anywhere: DeclaredAffinity = {
  hosts: [],
  racks: [],
  labels: [],
  near: [],
  apart: [],
  data: [],
  matching: 1,
  otherwise: 1,
};

/** What an author writes of a method; everything in it is needed, but `near` and `data`, which are preferred. */
export interface MethodAffinity {
  readonly labels: readonly string[];
  readonly racks: readonly string[];
  readonly near: readonly string[];
  readonly apart: readonly string[];
  readonly data: readonly string[];
}

/** Whether nothing is declared: then what the method's author declares holds. */
export function asksNothing({
  hosts,
  racks,
  labels,
  near,
  apart,
  data,
  matching,
  otherwise,
}: DeclaredAffinity): boolean {
  const lists = [hosts, racks, labels, near, apart, data];
  return lists.every((list) => list.length === 0) && matching === otherwise;
}

/** @returns what whoever starts a method asks for, else what its author declares */
export function startingAffinity(asked: DeclaredAffinity, authored: MethodAffinity | null): DeclaredAffinity {
  if (authored === null || !asksNothing(asked)) return asked;
  const { labels, racks, near, apart, data } = authored;
  return {
    hosts: [],
    racks: racks.map(rackName),
    labels,
    near: near.map(methodId),
    apart: apart.map(methodId),
    data,
    matching: 1,
    otherwise: 0,
  };
}

/** What is lost on a host that has none of the data: half of the affinity. */
const dataWeight = 0.5;
/**
 * What is lost where all traffic leaves the rack. An idle host then still keeps its executions: by the default weights
 * 0.6 × 0.75 + 0.3 is above the threshold of 0.7.
 */
const trafficWeight = 0.25;

export function isSituated(affinity: DeclaredAffinity | SituatedAffinity): affinity is SituatedAffinity {
  return 'neighbourhood' in affinity;
}

/** Whether somebody is on a host that must be apart: then nothing else counts. */
export function isAvoided(affinity: DeclaredAffinity | SituatedAffinity, host: HostName): boolean {
  return isSituated(affinity) && affinity.neighbourhood.avoided.includes(host);
}

/**
 * How well a host suits a method, whoever else is busy there: what is declared × its data × its traffic. Exactly 0 where
 * somebody is that it must be apart from; 1 everywhere where nothing is declared and nobody is known.
 *
 * ```
 * original = declared × (1 − 0.5 × (1 − share of its data there)) × (1 − 0.25 × known × (1 − closeness))
 * ```
 *
 * @returns in [0, 1]
 */
export function originalAffinity(declared: DeclaredAffinity | SituatedAffinity, place: Place): number {
  const neighbourhood = isSituated(declared) ? declared.neighbourhood : nobody;
  if (isAvoided(declared, place.host)) return 0;
  const { known, share } = closeness(neighbourhood, place);
  const traffic = 1 - trafficWeight * known * (1 - share);
  const data = 1 - dataWeight * (1 - dataShare(declared.data, place.labels));
  return Math.max(
    0,
    Math.min(1, (matches(declared, place) ? declared.matching : declared.otherwise) * data * traffic),
  );
}

/** Whether a host has all that is declared as needed. What is near, apart or merely preferred is not asked. */
export function matches(declared: DeclaredAffinity, place: Place): boolean {
  return (
    (declared.hosts.length === 0 || declared.hosts.includes(place.host)) &&
    (declared.racks.length === 0 || declared.racks.includes(place.rack)) &&
    declared.labels.every((label) => place.labels.includes(label))
  );
}

function dataShare(data: readonly string[], labels: readonly string[]): number {
  if (data.length === 0) return 1;
  return data.filter((name) => labels.includes(`data:${name}`)).length / data.length;
}
