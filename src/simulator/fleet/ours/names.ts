import type { ExecutionId, HostName, RackName } from '../../../core/ids.ts';
import { executionId, hostName, rackName } from '../../../core/ids.ts';
import type { FleetShape } from '../policy.ts';

/** The numbers of a simulation under the names that deciders know. */
export interface FleetNames {
  readonly executions: readonly ExecutionId[];
  readonly hosts: readonly HostName[];
  readonly racks: readonly RackName[];
  readonly executionAt: ReadonlyMap<ExecutionId, number>;
  readonly hostAt: ReadonlyMap<HostName, number>;
  readonly rackAt: ReadonlyMap<RackName, number>;
}

export function fleetNames({ components, hosts, racks, rackOf }: FleetShape): FleetNames {
  const width = String(components).length;
  const executions = numbered(components, (at) => executionId(`x-${String(at).padStart(width, '0')}`));
  const rackNames = numbered(racks, (at) => rackName(`r${at + 1}`));
  const hostNames = numbered(hosts, (at) => hostName(`r${(rackOf[at] ?? 0) + 1}-h${at + 1}`));
  return {
    executions,
    hosts: hostNames,
    racks: rackNames,
    executionAt: new Map(executions.map((name, at) => [name, at])),
    hostAt: new Map(hostNames.map((name, at) => [name, at])),
    rackAt: new Map(rackNames.map((name, at) => [name, at])),
  };
}

function numbered<Name>(count: number, name: (at: number) => Name): readonly Name[] {
  return Array.from({ length: count }, (_, at) => name(at));
}
