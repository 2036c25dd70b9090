import type { HostLoads } from '../host-loads.ts';
import { hasRoom, hostLoads, relocate } from '../host-loads.ts';
import type { FleetMove, FleetPolicy, FleetShape, FleetView, PolicyPlan } from '../policy.ts';
import { wattsAt } from '../power.ts';
import { lastFitted, medianDeviation, quartileRange } from './robust-statistics.ts';

/** How a host is found to be overloaded, from the history of its own utilisation. */
export type Detector = 'mad' | 'iqr' | 'lr' | 'lrr';

export interface DetectionSetting {
  readonly detector: Detector;
  /** s of the paper: what the deviation, or the prediction, is multiplied by. */
  readonly safety: number;
  /** Whether hosts that are least used are emptied and put to sleep. */
  readonly consolidates: boolean;
}

/**
 * Overload detection with minimum-migration-time selection and power-aware best fit decreasing: Beloglazov & Buyya,
 * "Optimal online deterministic algorithms and adaptive heuristics for energy and performance efficient dynamic
 * consolidation of virtual machines in Cloud data centers", Concurrency and Computation 24, 2012: the adaptive
 * threshold is 1 − s × MAD or 1 − s × IQR of the host's utilisation, or a host is overloaded when s × the local
 * regression's prediction reaches 1 (LR; LRR with bisquare weights). The component whose transfer is shortest leaves
 * first (MMT), and goes where power rises least (PABFD). Details are those of the authors' simulator, CloudSim, whose
 * examples take s = 2.5 (MAD), 1.5 (IQR) and 1.2 (LR, LRR), and which looks ahead by the longest transfer, rounded up to
 * samples: always one here.
 */
export function overloadDetection(setting: DetectionSetting): PolicyPlan {
  return {
    name: setting.detector,
    source: 'Beloglazov & Buyya 2012: MAD/IQR/LR/LRR, MMT, PABFD',
    make: (shape) => detectionPolicy(setting, shape),
  };
}

/**
 * As CloudSim, the authors' simulator: a host's last 30 samples for MAD and IQR, but not before there are 12; the last
 * 10 for the regressions.
 */
const historyLength = 30;
const historyMin = 12;
const regressionLength = 10;
/** Before there is a history, a fixed threshold, as CloudSim's examples have it. */
const fallbackThreshold = 0.7;

function detectionPolicy(setting: DetectionSetting, shape: FleetShape): FleetPolicy {
  const histories: number[][] = Array.from({ length: shape.hosts }, () => []);
  return {
    name: setting.detector,
    decide(view) {
      const demand = view.meanCores;
      const loads = hostLoads(view, demand);
      const thresholds = new Float64Array(shape.hosts);
      const overloaded = new Set<number>();
      for (const [host, history] of histories.entries()) {
        const share = (loads.cores[host] ?? 0) / (shape.capacityCores[host] ?? 1);
        history.push(Math.min(1, share));
        if (history.length > historyLength) history.shift();
        const threshold = thresholdOf(history, setting);
        thresholds[host] = threshold;
        if (share > threshold || predictsOverload(history, setting)) overloaded.add(host);
      }
      const leaving = selected(view, loads, overloaded, thresholds);
      const moves = placed(view, loads, leaving, overloaded, thresholds);
      if (setting.consolidates) emptyHosts(view, loads, overloaded, thresholds, moves);
      return moves;
    },
  };
}

function thresholdOf(history: readonly number[], { detector, safety }: DetectionSetting): number {
  if (history.length < historyMin) return fallbackThreshold;
  switch (detector) {
    case 'mad':
      return Math.max(0, 1 - safety * medianDeviation(history));
    case 'iqr':
      return Math.max(0, 1 - safety * quartileRange(history));
    default:
      return 1;
  }
}

function predictsOverload(history: readonly number[], { detector, safety }: DetectionSetting): boolean {
  if (history.length < historyMin || (detector !== 'lr' && detector !== 'lrr')) return false;
  return safety * lastFitted(history.slice(-regressionLength), detector === 'lrr') >= 1;
}

interface Leaving {
  readonly component: number;
  readonly from: number;
}

/** Minimum migration time: the least memory first, until the host is below its threshold. */
function selected(
  view: FleetView,
  loads: HostLoads,
  overloaded: ReadonlySet<number>,
  thresholds: Float64Array,
): Leaving[] {
  const { stateBytes, capacityCores } = view.shape;
  return [...overloaded].flatMap((from) => {
    const order = (loads.members[from] ?? [])
      .filter((component) => view.moving[component] === 0)
      .toSorted((a, b) => (stateBytes[a] ?? 0) - (stateBytes[b] ?? 0) || a - b);
    const limit = Math.min(thresholds[from] ?? 1, 0.999) * (capacityCores[from] ?? 1);
    const leaving: Leaving[] = [];
    let cores = loads.cores[from] ?? 0;
    for (const component of order) {
      if (leaving.length > 0 && cores <= limit) break;
      leaving.push({ component, from });
      cores -= view.meanCores[component] ?? 0;
    }
    return leaving;
  });
}

/** Best fit decreasing: the largest demand first, each where power rises least. */
function placed(
  view: FleetView,
  loads: HostLoads,
  leaving: readonly Leaving[],
  overloaded: ReadonlySet<number>,
  thresholds: Float64Array,
): FleetMove[] {
  const { meanCores, shape } = view;
  const order = leaving.toSorted(
    (a, b) => (meanCores[b.component] ?? 0) - (meanCores[a.component] ?? 0) || a.component - b.component,
  );
  const moves: FleetMove[] = [];
  for (const { component, from } of order) {
    const target = leastPower(view, loads, component, thresholds, (host) => !overloaded.has(host));
    if (target === null) continue;
    relocate(loads, component, from, target, meanCores[component] ?? 0, shape.stateBytes[component] ?? 0);
    moves.push({ component, target });
  }
  return moves;
}

function leastPower(
  view: FleetView,
  loads: HostLoads,
  component: number,
  thresholds: Float64Array,
  allowed: (host: number) => boolean,
): number | null {
  const { shape, meanCores } = view;
  const cores = meanCores[component] ?? 0;
  let best: number | null = null;
  let least = Infinity;
  for (let host = 0; host < shape.hosts; host += 1) {
    const capacity = shape.capacityCores[host] ?? 1;
    const before = loads.cores[host] ?? 0;
    const after = (before + cores) / capacity;
    if (!allowed(host) || after > (thresholds[host] ?? 1) || !hasRoom(view, loads, component, host)) continue;
    const asleep = loads.members[host]?.length === 0;
    const rise =
      wattsAt(shape.power, after) -
      (asleep ? shape.power.sleepWatts : wattsAt(shape.power, before / capacity));
    if (rise < least) {
      least = rise;
      best = host;
    }
  }
  return best;
}

/** The least used host is emptied, if all that is there fits elsewhere; then the next one, until one does not. */
function emptyHosts(
  view: FleetView,
  loads: HostLoads,
  overloaded: ReadonlySet<number>,
  thresholds: Float64Array,
  moves: FleetMove[],
): void {
  const { shape, meanCores } = view;
  const share = (host: number): number => (loads.cores[host] ?? 0) / (shape.capacityCores[host] ?? 1);
  const received = new Set(moves.map(({ target }) => target));
  const candidates = Array.from({ length: shape.hosts }, (_, host) => host)
    .filter((host) => !overloaded.has(host) && !received.has(host) && loads.members[host]?.length !== 0)
    .toSorted((a, b) => share(a) - share(b) || a - b);
  const emptied = new Set<number>();
  for (const from of candidates) {
    const leaving = (loads.members[from] ?? []).toSorted(
      (a, b) => (meanCores[b] ?? 0) - (meanCores[a] ?? 0) || a - b,
    );
    if (received.has(from)) continue;
    if (moves.length + leaving.length > view.movesMax || leaving.some((c) => view.moving[c] === 1)) return;
    const tried: FleetMove[] = [];
    const allowed = (host: number): boolean =>
      host !== from && !overloaded.has(host) && !emptied.has(host) && loads.members[host]?.length !== 0;
    for (const component of leaving) {
      const target = leastPower(view, loads, component, thresholds, allowed);
      if (target === null) break;
      relocate(loads, component, from, target, meanCores[component] ?? 0, shape.stateBytes[component] ?? 0);
      tried.push({ component, target });
    }
    if (tried.length < leaving.length) {
      for (const { component, target } of tried)
        relocate(loads, component, target, from, meanCores[component] ?? 0, shape.stateBytes[component] ?? 0);
      return;
    }
    emptied.add(from);
    for (const { target } of tried) received.add(target);
    moves.push(...tried);
  }
}
