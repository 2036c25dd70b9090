import type { AffinityInputs } from './affinity-inputs.ts';
import type { Bottleneck } from './availability.ts';
import { bottleneck, eventLoopEasyMs, memoryAvailability } from './availability.ts';
import { recordedMax } from './decision-record.ts';
import type { MigrationDecision, ScoredHost } from './migration-decision.ts';
import type { Move } from './next-move.ts';
import { optionsFor } from './next-move.ts';
import type { PlacementPolicy } from './placement-policy.ts';
import { milliseconds, percent, rounded } from './wording.ts';

/** What is sent for a move, with the numbers of the best hosts. */
export function migrationDecision(
  move: Move,
  inputs: AffinityInputs,
  policy: PlacementPolicy,
): MigrationDecision {
  const { execution, here, best } = move;
  const { executionId, methodId, host, currentHost, executionCost } = execution;
  const { options } = optionsFor(execution, inputs, policy);
  return {
    methodExecution: {
      executionId,
      methodId,
      host,
      originalAffinity: here.originalAffinity,
      executionCost,
      currentHost,
    },
    targetHost: best.there.host,
    here,
    candidates: options.slice(0, recordedMax).map(({ there }) => there),
    gain: best.there.dynamicAffinity - here.dynamicAffinity,
    decidedAtMs: inputs.nowMs,
    text: moveText(move, inputs, policy),
  };
}

/** For people: one sentence. */
export function moveText(move: Move, inputs: AffinityInputs, policy: PlacementPolicy): string {
  const { execution, here, best } = move;
  const { there, utility } = best;
  const scarce = scarcityText(here);
  if (policy.kind === 'utility')
    return (
      `${scarce}: at ${there.host} it would wait ${milliseconds(utility.benefitMs)} less over its remaining work ` +
      `than at ${here.host}, and its move costs ${milliseconds(utility.costMs)}`
    );
  const below = inputs.alarmed.includes(execution.executionId)
    ? 'is called in question by an anomaly'
    : `is below ${policy.threshold}`;
  return (
    `${scarce}: dynamic affinity ${rounded(here.dynamicAffinity)} at ${here.host} ${below}, ` +
    `${rounded(there.dynamicAffinity)} at ${there.host} with it there`
  );
}

/** What a host is short of, most of all, with the numbers. */
export function scarcityText({ load, strain }: ScoredHost): string {
  const texts: Readonly<Record<Bottleneck, () => string>> = {
    cpu: () => `${rounded(load.demand)} executions want ${rounded(load.cpuShare)} cores`,
    memory: () =>
      1 - strain.memoryStallRatio < memoryAvailability(load.memoryUsage)
        ? `${percent(strain.memoryStallRatio)} of the time stalls for want of memory`
        : `memory is ${percent(load.memoryUsage)} full`,
    io: () => `${percent(strain.ioStallRatio)} of the time stalls on input and output`,
    network: () => `the network is ${percent(strain.networkUsage)} full`,
    eventLoop: () =>
      `messages wait ${milliseconds(strain.eventLoopDelayMs)}, more than ${eventLoopEasyMs} ms, for the event loop`,
  };
  return texts[bottleneck(load, strain)]();
}

/** A decision's numbers by name, for a log or a message. */
export function scoresOf(decision: MigrationDecision): Readonly<Record<string, number>> {
  const { here, candidates, gain, methodExecution } = decision;
  const scores: Record<string, number> = { gain, executionCost: methodExecution.executionCost };
  for (const [name, host] of [
    ['here', here],
    ...candidates.map((one) => [one.host, one] as const),
  ] as const) {
    scores[`${name}.originalAffinity`] = host.originalAffinity;
    scores[`${name}.resourceAvailability`] = host.resourceAvailability;
    scores[`${name}.dynamicAffinity`] = host.dynamicAffinity;
  }
  return scores;
}
