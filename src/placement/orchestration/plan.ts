import { assert } from '../../core/assert.ts';
import type { OrchestrationPlan, OrchestrationPolicy, OrchestrationProblem } from './contract.ts';
import { fleetOf } from './fleet-of.ts';
import { planFleet } from './planner.ts';

/**
 * Policy `multi-objective`: which components to move where, so that latency, cost, energy and churn together become
 * least, under the hard constraints. Deterministic, and independent of the order of the input.
 */
export function plan(problem: OrchestrationProblem): OrchestrationPlan {
  assertPolicy(problem.policy);
  const { fleet, sites, components, ignored } = fleetOf(problem);
  const planned = planFleet(fleet, problem.policy);
  const siteId = (at: number) => {
    const site = sites[at];
    assert(site !== undefined, `The fleet has a site ${at}.`);
    return site.id;
  };
  const component = (at: number) => {
    const found = components[at];
    assert(found !== undefined, `The fleet has a component ${at}.`);
    return found;
  };
  return {
    moves: planned.moves.map((move) => ({
      component: component(move.component).id,
      from: siteId(move.from),
      to: siteId(move.to),
      bytes: fleet.stateBytes[move.component] ?? 0,
      reason: move.reason,
      gain: move.gain,
      change: move.change,
      alternatives: move.alternatives.map(({ site, gain }) => ({ site: siteId(site), gain })),
    })),
    before: planned.before,
    after: planned.after,
    stuck: planned.stuck.map((at) => ({ component: component(at).id, site: component(at).site })),
    ignored,
    evaluations: planned.evaluations,
  };
}

/** Policies come from a configuration that was validated: nonsense here is a bug. */
function assertPolicy(policy: OrchestrationPolicy): void {
  const { weights, moveCosts } = policy;
  for (const [name, value] of [...Object.entries(weights), ...Object.entries(moveCosts)]) {
    assert(
      Number.isFinite(value) && value >= 0,
      `Orchestration policy: ${name} is ${value}, and may not be.`,
    );
  }
  assert(moveCosts.bytesPerSecond > 0, 'Orchestration policy: bytesPerSecond is above 0.');
  assert(policy.fillMax > 0 && policy.fillMax <= 1, 'Orchestration policy: fillMax lies in (0, 1].');
  assert(
    policy.correlation >= 0 && policy.correlation < 1 && policy.capacityQuantile < 1 && policy.payOffMs > 0,
    'Orchestration policy: correlation and capacityQuantile lie below 1, and payOffMs above 0.',
  );
}
