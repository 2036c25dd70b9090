import type { FleetView } from './policy.ts';

/** Which components are on each host, and what they use: a policy's own copy, in which it tries its moves. */
export interface HostLoads {
  readonly members: number[][];
  /** Sum over the members, in cores. */
  readonly cores: Float64Array;
  readonly bytes: Float64Array;
}

/** @param demand of each component, in cores */
export function hostLoads({ shape, hostOf }: FleetView, demand: ArrayLike<number>): HostLoads {
  const members: number[][] = Array.from({ length: shape.hosts }, () => []);
  const cores = new Float64Array(shape.hosts);
  const bytes = new Float64Array(shape.hosts);
  for (let component = 0; component < shape.components; component += 1) {
    const host = hostOf[component] ?? 0;
    members[host]?.push(component);
    cores[host] = (cores[host] ?? 0) + (demand[component] ?? 0);
    bytes[host] = (bytes[host] ?? 0) + (shape.stateBytes[component] ?? 0);
  }
  return { members, cores, bytes };
}

/** Moves a component in the copy. */
export function relocate(
  loads: HostLoads,
  component: number,
  from: number,
  to: number,
  cores: number,
  bytes: number,
): void {
  const here = loads.members[from] ?? [];
  here.splice(here.indexOf(component), 1);
  loads.members[to]?.push(component);
  loads.cores[from] = (loads.cores[from] ?? 0) - cores;
  loads.cores[to] = (loads.cores[to] ?? 0) + cores;
  loads.bytes[from] = (loads.bytes[from] ?? 0) - bytes;
  loads.bytes[to] = (loads.bytes[to] ?? 0) + bytes;
}

export function hasRoom(view: FleetView, loads: HostLoads, component: number, target: number): boolean {
  const bytes = view.shape.stateBytes[component] ?? 0;
  return (loads.bytes[target] ?? 0) + bytes <= (view.shape.capacityBytes[target] ?? 0);
}
