import type { HostReport, OutstandingMove, PlacedExecution } from './affinity-inputs.ts';
import type { AffinityPolicy } from './affinity.ts';
import { dynamicAffinity } from './affinity.ts';
import type { HostLoad, HostStrain } from './availability.ts';
import { availability, carrying, unstrained } from './availability.ts';
import type { ScoredHost } from './migration-decision.ts';
import type { Place } from './original-affinity.ts';
import { originalAffinity } from './original-affinity.ts';

/** What a decider believes of a host, its own outstanding moves included. */
export interface Belief {
  readonly load: HostLoad;
  readonly strain: HostStrain;
  readonly place: Place;
}

/** What is reserved here has not arrived yet: it is no reason to move anything. */
export function believeHere(host: HostReport, outstanding: readonly OutstandingMove[]): Belief {
  const load = outstanding.reduce(
    (rest, move) => carrying(rest, -move.demand, -move.memoryShare),
    loadOf(host),
  );
  return { load, strain: strainOf(host), place: placeOf(host) };
}

/** Reservations may be our own outstanding moves: to count both errs towards sparing the target. */
export function believeTarget(host: HostReport, outstanding: readonly OutstandingMove[]): Belief {
  const reserved = carrying(loadOf(host), host.reserved, 0);
  const load = outstanding
    .filter((move) => move.targetHost === host.identity.name)
    .reduce((sum, move) => carrying(sum, move.demand, move.memoryShare), reserved);
  return { load, strain: strainOf(host), place: placeOf(host) };
}

/** As if the host carried the execution. */
export function withExecution(belief: Belief, execution: PlacedExecution): Belief {
  return { ...belief, load: carrying(belief.load, execution.demand, execution.memoryShare) };
}

export function strainOf(host: HostReport): HostStrain {
  return 'strain' in host ? host.strain : unstrained;
}

/** @param belief with the execution there */
export function scored(execution: PlacedExecution, belief: Belief, policy: AffinityPolicy): ScoredHost {
  const { load, strain, place } = belief;
  const scores = {
    originalAffinity: originalAffinity(execution.affinity, place),
    resourceAvailability: availability(load, strain),
    executionCost: execution.executionCost,
  };
  return {
    host: place.host,
    originalAffinity: scores.originalAffinity,
    resourceAvailability: scores.resourceAvailability,
    dynamicAffinity: dynamicAffinity(scores, policy.weights),
    load,
    strain,
  };
}

function placeOf(host: HostReport): Place {
  return { host: host.identity.name, rack: host.identity.rack, labels: host.labels };
}

function loadOf(host: HostReport): HostLoad {
  return { cpuShare: host.cpuShare, demand: host.demand, memoryUsage: host.resource.memoryUsage };
}
