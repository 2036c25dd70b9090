import type { ExecutionId, RackName } from '../core/ids.ts';
import type { ResourceVector } from '../core/resources.ts';
import { minus, noResources, plus, resourceNames } from '../core/resources.ts';
import type { LatencyFirstProblem } from '../placement/orchestration/latency-first.ts';
import { isFigure } from '../placement/orchestration/soundness.ts';
import type { ComponentForecast } from '../protocols/messages.ts';
import { demandOf } from './fleet-view.ts';
import type { Situation } from './orchestration-rounds.ts';

/** Cores that are wanted beyond the limit. */
export function excessCores(used: number, capacity: number, utilizationMax: number): number {
  return Math.max(0, used - utilizationMax * capacity);
}

/**
 * The newest forecasts that are young enough, by component. One with a figure that cannot be is as good as none: what is
 * used now is then expected to go on.
 */
export function soundForecasts(
  { forecast, forecastAgeMs }: Situation,
  ageMaxMs: number,
): ReadonlyMap<ExecutionId, ComponentForecast> {
  if (forecastAgeMs > ageMaxMs) return new Map();
  const sound = forecast.components.filter(
    ({ quantiles, latencyImpact, fromWallMs, stepMs }) =>
      [latencyImpact, fromWallMs, stepMs].every(isFigure) &&
      quantiles.every(({ steps }) =>
        steps.every((step) => resourceNames.every((name) => isFigure(step[name]))),
      ),
  );
  return new Map(sound.map((one) => [one.component, one]));
}

/** The forecast's median, at its highest over the horizon. */
export function peakOf({ quantiles }: ComponentForecast): ResourceVector {
  const steps = quantiles.find(({ level }) => level === 0.5)?.steps ?? [];
  const peak = (name: keyof ResourceVector): number => Math.max(0, ...steps.map((step) => step[name]));
  return { cpu: peak('cpu'), memory: peak('memory'), io: peak('io'), network: peak('network') };
}

/** Of what a component wants, the share that it wants in its rack. */
export function shareOf(inRack: ResourceVector, all: ResourceVector): ResourceVector {
  const share = (name: keyof ResourceVector): number => (all[name] > 0 ? inRack[name] / all[name] : 1);
  return { cpu: share('cpu'), memory: share('memory'), io: share('io'), network: share('network') };
}

/** Each resource by a factor of its own. */
export function scaled(amount: ResourceVector, by: ResourceVector): ResourceVector {
  return {
    cpu: amount.cpu * by.cpu,
    memory: amount.memory * by.memory,
    io: amount.io * by.io,
    network: amount.network * by.network,
  };
}

/** Share in use of a rack's fullest resource. */
export function fullest({ racks }: LatencyFirstProblem, name: RackName): number {
  const load = racks.find(({ rack }) => rack === name);
  if (load === undefined) return 0;
  const shares = resourceNames
    .filter((resource) => load.capacity[resource] > 0)
    .map((resource) => load.used[resource] / load.capacity[resource]);
  return Math.max(0, ...shares);
}

/** A rack's use as if what was ordered away from it had left, and what was ordered to it had come. */
export function underWay(
  rack: RackName,
  used: ResourceVector,
  { view, nowMs, unseen }: Situation,
): ResourceVector {
  const seen = view.executions(nowMs);
  let sum = used;
  for (const { directive, demand } of unseen) {
    for (const part of directive.parts) {
      const now = seen.get(part);
      const wants = now === undefined ? (demand[part] ?? noResources) : demandOf(now.usage);
      if (now?.rack === directive.targetRack) continue;
      if (now?.rack === rack) sum = minus(sum, wants);
      // In nobody's report: it has left the one, and the other has not reported since it came.
      if (directive.targetRack === rack) sum = plus(sum, wants);
    }
  }
  return sum;
}
