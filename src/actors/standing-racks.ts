import type { ResourceVector } from '../core/resources.ts';
import { minus, noResources, plus } from '../core/resources.ts';
import type { LatencyFirstMove } from '../placement/orchestration/latency-first-record.ts';
import type { LatencyFirstDecision, LatencyFirstProblem } from '../placement/orchestration/latency-first.ts';
import type { SeenExecution } from './fleet-view.ts';
import { demandOf } from './fleet-view.ts';

/** The racks as the rule left them: it counts each whole component before it looks at the next. */
export function afterWholes(
  problem: LatencyFirstProblem,
  decisions: readonly LatencyFirstDecision[],
): LatencyFirstProblem {
  const components = new Map(problem.components.map((one) => [one.component, one]));
  return decisions.reduce((standing, decision) => {
    const ranked = components.get(decision.component);
    if (decision.kind !== 'move' || ranked === undefined) return standing;
    return moved(standing, decision, ranked.used, ranked.predicted);
  }, problem);
}

/** And with a part of a component there. */
export function afterPart(
  standing: LatencyFirstProblem,
  move: LatencyFirstMove,
  parts: readonly SeenExecution[],
): LatencyFirstProblem {
  const demand = parts.map(({ usage }) => demandOf(usage)).reduce(plus, noResources);
  return moved(standing, move, demand, demand);
}

function moved(
  standing: LatencyFirstProblem,
  { from, to }: LatencyFirstMove,
  leaves: ResourceVector,
  comes: ResourceVector,
): LatencyFirstProblem {
  const racks = standing.racks.map((one) => {
    if (one.rack === from) return { ...one, used: minus(one.used, leaves) };
    return one.rack === to ? { ...one, used: plus(one.used, comes) } : one;
  });
  return { ...standing, racks };
}
