import { methodId } from '../../../core/ids.ts';
import type { EstimatedExecution, HostReport } from '../../../placement/affinity-inputs.ts';
import { decideRound } from '../../../placement/affinity-round.ts';
import { executionCost } from '../../../placement/execution-cost.ts';
import type { MoveCostModel } from '../../../placement/move-cost.ts';
import { moveCostPrior } from '../../../placement/move-cost.ts';
import { anywhere } from '../../../placement/original-affinity.ts';
import type { PlacementPolicy } from '../../../placement/placement-policy.ts';
import type { HostLoads } from '../host-loads.ts';
import { hostLoads, relocate } from '../host-loads.ts';
import type { FleetMove, FleetPolicy, FleetShape, FleetView, PolicyPlan } from '../policy.ts';
import type { FleetNames } from './names.ts';
import { fleetNames } from './names.ts';

/** Hosts that a rack's actor offers: of its own rack, and of all others together. */
const offeredNear = 6;
const offeredFar = 6;

/**
 * The affinity actors of all hosts, one after the other: `weighted` or `utility` of src/placement, each choosing among
 * the least loaded hosts that the racks offer, as in a running cluster. A host whose demand is below its capacity is
 * passed over, since availability is then 1 and nobody there scores below the threshold.
 */
export function affinity(name: string, policy: PlacementPolicy): PolicyPlan {
  return {
    name,
    source: `src/placement, ${policy.kind}`,
    make: (shape) => affinityPolicyOf(name, shape, policy),
  };
}

/** What the pause bench measured, instead of the cautious prior. */
const moveCosts: MoveCostModel = { ...moveCostPrior, basePauseMs: 5, bytesPerMs: 1_000_000, failureRatio: 0 };

function affinityPolicyOf(name: string, shape: FleetShape, policy: PlacementPolicy): FleetPolicy {
  const names = fleetNames(shape);
  return {
    name,
    decide(view) {
      const loads = hostLoads(view, view.latestCores);
      const share = (host: number): number => (loads.cores[host] ?? 0) / (shape.capacityCores[host] ?? 1);
      const byShare = Array.from({ length: shape.hosts }, (_, host) => host).toSorted(
        (a, b) => share(a) - share(b) || a - b,
      );
      const moves: FleetMove[] = [];
      for (const from of byShare.toReversed()) {
        if (share(from) <= 1 || moves.length >= view.movesMax) break;
        const decided = decideRound(
          {
            nowMs: view.nowMs,
            here: reportOf(shape, names, loads, from),
            executions: (loads.members[from] ?? []).map((one) => placed(view, names, one, from)),
            candidates: offered(shape, byShare, from).map((host) => reportOf(shape, names, loads, host)),
            outstanding: [],
            bounds: [],
            alarmed: [],
            churn: {},
            moveCosts,
            power: [],
          },
          policy,
          { address: `host/${names.hosts[from] ?? ''}/affinity`, wallMs: view.nowMs },
        );
        for (const { methodExecution, targetHost } of decided.decisions) {
          const component = names.executionAt.get(methodExecution.executionId) ?? 0;
          const target = names.hostAt.get(targetHost) ?? from;
          moves.push({ component, target });
          const bytes = shape.stateBytes[component] ?? 0;
          relocate(loads, component, from, target, view.latestCores[component] ?? 0, bytes);
        }
      }
      return moves;
    },
  };
}

function offered({ rackOf }: FleetShape, byShare: readonly number[], from: number): readonly number[] {
  const others = byShare.filter((host) => host !== from);
  return [
    ...others.filter((host) => rackOf[host] === rackOf[from]).slice(0, offeredNear),
    ...others.filter((host) => rackOf[host] !== rackOf[from]).slice(0, offeredFar),
  ];
}

function reportOf(shape: FleetShape, names: FleetNames, loads: HostLoads, host: number): HostReport {
  const name = names.hosts[host];
  const rack = names.racks[shape.rackOf[host] ?? 0];
  if (name === undefined || rack === undefined) throw new RangeError(`There is no host ${host}.`);
  return {
    identity: { name, rack },
    labels: [],
    // Of what a host has, the fleet's memory is at most half: see `fleetShape`.
    resource: { memoryUsage: Math.min(1, (loads.bytes[host] ?? 0) / (shape.capacityBytes[host] ?? 1)) },
    cpuShare: shape.capacityCores[host] ?? 1,
    demand: loads.cores[host] ?? 0,
    reserved: 0,
    accepting: true,
  };
}

const simulated = methodId('simulated.ts#component');

function placed(view: FleetView, names: FleetNames, component: number, host: number): EstimatedExecution {
  const { shape, latestCores, movedAtTick, moving } = view;
  const name = names.executions[component];
  const here = names.hosts[host];
  if (name === undefined || here === undefined) throw new RangeError(`There is no component ${component}.`);
  const bytes = shape.stateBytes[component] ?? 0;
  const moved = movedAtTick[component] ?? -1;
  const ageMs = view.nowMs;
  return {
    executionId: name,
    methodId: simulated,
    host: here,
    currentHost: here,
    affinity: anywhere,
    executionCost: executionCost({ cpuMs: ageMs, snapshotBytes: bytes }),
    demand: Math.min(1, latestCores[component] ?? 0),
    memoryShare: bytes / (shape.capacityBytes[host] ?? 1),
    movedAtMs: moved < 0 ? null : moved * shape.tickMs,
    movable: moving[component] === 0,
    snapshotBytes: bytes,
    // It has run since the start, and nobody knows for how long it will: as long again.
    remaining: { lowMs: ageMs / 4, medianMs: ageMs, highMs: ageMs * 4, source: 'age' },
    uncheckpointedMs: 0,
  };
}
