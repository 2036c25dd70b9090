import type { HostName, RackName } from '../core/ids.ts';

/** Where a method may run, as its author or starter declares it. An empty list asks for nothing. */
export interface DeclaredAffinity {
  /** The host must be one of these. */
  readonly hosts: readonly HostName[];
  /** The host's rack must be one of these. */
  readonly racks: readonly RackName[];
  /** The host must carry all of these. */
  readonly labels: readonly string[];
  /** Affinity of the hosts that match every list, in [0, 1]. */
  readonly matching: number;
  /** Affinity of all others, in [0, 1]. */
  readonly otherwise: number;
}

/** Where a host stands. */
export interface Place {
  readonly host: HostName;
  readonly rack: RackName;
  readonly labels: readonly string[];
}

/** What holds where nothing was declared: every host is as good. */
export const anywhere: DeclaredAffinity = { hosts: [], racks: [], labels: [], matching: 1, otherwise: 1 };

/** @returns the affinity of the declaration to a host, in [0, 1] */
export function originalAffinity(declared: DeclaredAffinity, place: Place): number {
  const matches =
    (declared.hosts.length === 0 || declared.hosts.includes(place.host)) &&
    (declared.racks.length === 0 || declared.racks.includes(place.rack)) &&
    declared.labels.every((label) => place.labels.includes(label));
  return Math.max(0, Math.min(1, matches ? declared.matching : declared.otherwise));
}
