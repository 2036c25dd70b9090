import type { HostLoads } from '../host-loads.ts';
import { hasRoom, hostLoads, relocate } from '../host-loads.ts';
import type { FleetMove, FleetPolicy, FleetView, PolicyPlan } from '../policy.ts';

export interface DeviationSetting {
  /** Standard deviation of the hosts' loads that is left alone. */
  readonly target: number;
  /** A move must lower the deviation by at least this. */
  readonly goodnessMin: number;
  /** Weight of the newest tick in the smoothed demand; the rest is the mean of the last sample's length. */
  readonly newestWeight: number;
  /** How long an improvement is expected to last, over the time that a transfer costs. */
  readonly stableMs: number;
}

/**
 * Balancing by standard deviation, as VMware's Distributed Resource Scheduler before vSphere 7: Gulati et al., "VMware
 * Distributed Resource Management: Design, Implementation, and Lessons Learned", VMware Technical Journal 1(1), 2012, as
 * we read it: every 5 min, the imbalance is the standard deviation of the hosts' normalised loads; while it exceeds the
 * target, the move that lowers it most is taken, if it passes the least goodness and a cost–benefit check (what the move
 * gains over the time for which the load is stable, against what its transfer takes).
 */
export function deviation(setting: DeviationSetting): PolicyPlan {
  return {
    name: 'deviation',
    source: 'DRS: Gulati et al. 2012, VMware Technical Journal 1(1)',
    make: () => deviationPolicy(setting),
  };
}

function deviationPolicy(setting: DeviationSetting): FleetPolicy {
  return {
    name: 'deviation',
    decide(view) {
      const demand = smoothed(view, setting.newestWeight);
      const loads = hostLoads(view, demand);
      const moves: FleetMove[] = [];
      while (moves.length < view.movesMax) {
        const move = bestMove(view, loads, demand, setting);
        if (move === null) break;
        const { component, target } = move;
        const bytes = view.shape.stateBytes[component] ?? 0;
        relocate(loads, component, move.from, target, demand[component] ?? 0, bytes);
        moves.push({ component, target });
      }
      return moves;
    },
  };
}

function smoothed(view: FleetView, newestWeight: number): Float64Array {
  return view.meanCores.map(
    (mean, component) => mean + newestWeight * ((view.latestCores[component] ?? 0) - mean),
  );
}

interface RatedMove extends FleetMove {
  readonly from: number;
}

/**
 * The sum of squares falls by `2 × d × (from − to − d)` when demand d leaves the first for the second host, loads and
 * demand normalised; for each component the best target is the least loaded host that has room.
 */
function bestMove(
  view: FleetView,
  loads: HostLoads,
  demand: Float64Array,
  setting: DeviationSetting,
): RatedMove | null {
  const { shape, moving } = view;
  const load = (host: number): number => (loads.cores[host] ?? 0) / (shape.capacityCores[host] ?? 1);
  let sum = 0;
  let squares = 0;
  for (let host = 0; host < shape.hosts; host += 1) {
    sum += load(host);
    squares += load(host) ** 2;
  }
  const mean = sum / shape.hosts;
  const imbalance = Math.sqrt(Math.max(0, squares / shape.hosts - mean * mean));
  if (imbalance <= setting.target) return null;
  const targets = byLoad(shape.hosts, load);
  let best: RatedMove | null = null;
  let bestFall = 0;
  for (let from = 0; from < shape.hosts; from += 1) {
    if (load(from) <= mean) continue;
    for (const component of loads.members[from] ?? []) {
      if (moving[component] === 1) continue;
      const target = targets.find((host) => host !== from && hasRoom(view, loads, component, host));
      if (target === undefined) continue;
      const share = (demand[component] ?? 0) / (shape.capacityCores[target] ?? 1);
      const fall = 2 * share * (load(from) - load(target) - share);
      if (fall <= bestFall) continue;
      bestFall = fall;
      best = { component, from, target };
    }
  }
  if (best === null) return null;
  const after = Math.sqrt(Math.max(0, (squares - bestFall) / shape.hosts - mean * mean));
  const goodness = imbalance - after;
  return goodness >= setting.goodnessMin && isWorthIt(view, best, bestFall, demand, setting) ? best : null;
}

/** Cores relieved × time of stability, against cores × time of the transfer on both sides. */
function isWorthIt(
  view: FleetView,
  move: RatedMove,
  fall: number,
  demand: Float64Array,
  setting: DeviationSetting,
): boolean {
  const capacity = view.shape.capacityCores[move.from] ?? 1;
  const transferSeconds = (view.shape.stateBytes[move.component] ?? 0) / 1e9;
  const cost = transferSeconds * (2 + (demand[move.component] ?? 0));
  return Math.sqrt(fall / 2) * capacity * (setting.stableMs / 1_000) > cost;
}

function byLoad(hosts: number, load: (host: number) => number): readonly number[] {
  return Array.from({ length: hosts }, (_, host) => host).toSorted((a, b) => load(a) - load(b) || a - b);
}
