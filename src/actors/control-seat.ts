import type { HostConfig } from '../config.ts';
import { assert } from '../core/assert.ts';
import type { Term } from '../core/ids.ts';
import type { HistoryStore } from '../forecasting/history/contract.ts';
import { feedbackPolicy } from '../placement/orchestration/feedback.ts';
import { latencyFirstPolicy } from '../placement/orchestration/latency-first.ts';
import { orchestrationPolicy } from '../placement/orchestration/policy.ts';
import type { ChildSpec } from '../supervisors/child-spec.ts';
import { worker } from '../supervisors/child-spec.ts';
import type { SupervisorOptions } from '../supervisors/contract.ts';
import { subtree } from '../supervisors/tree.ts';
import { address, controlSeat } from './addresses.ts';
import { analyzerActor } from './analyzer.ts';
import type { DecisionLog } from './decisions.ts';
import type { Directory } from './directory.ts';
import { LatencyFirstRounds } from './latency-first-rounds.ts';
import { MultiObjectiveRounds } from './multi-objective-rounds.ts';
import type { OrchestrationRounds } from './orchestration-rounds.ts';
import { orchestratorActor, settleReports } from './orchestrator.ts';
import type { Analyst, HostPorts } from './ports.ts';
import { seatActor } from './seat.ts';

export interface ControlParts extends HostPorts {
  readonly config: HostConfig;
  readonly directory: Directory;
  readonly decisions: DecisionLog;
  readonly openAnalyst: () => Analyst;
  /** What the cluster remembers, for one holder of the seat. */
  readonly openHistory: (term: Term) => HistoryStore;
}

/** Steps of history that a forecast is made from: two weeks of ten minutes, a day and a half of minutes. */
const stepsMax = 2_016;
const staleForecasts = 3;

/** This host's candidature for the cluster's singletons: the analyzer and the orchestrator, under one supervisor. */
export function controlSeatOf(parts: ControlParts, options: SupervisorOptions): ChildSpec {
  const ports = {
    ...parts,
    seat: controlSeat,
    occupant: (term: Term) => {
      const start = subtree('control', options, [analyzer(term, parts), orchestrator(term, parts)]).start();
      assert(start.kind === 'actor', 'a supervisor is an actor');
      return start;
    },
  };
  return worker('control-seat', () => seatActor(ports));
}

function analyzer(term: Term, parts: ControlParts): ChildSpec {
  const { config, openAnalyst, openHistory } = parts;
  const timing = { ...config.analyzer, sampleMs: config.monitor.usageMs, stepsMax };
  return worker(
    'analyzer',
    () => analyzerActor(term, { ...parts, timing, analyst: openAnalyst(), history: openHistory(term) }),
    { address: address.cluster('analyzer') },
  );
}

function orchestrator(term: Term, parts: ControlParts): ChildSpec {
  const { config } = parts;
  const { enabled, everyMs } = config.orchestrator;
  const { usageMs } = config.monitor;
  return worker(
    'orchestrator',
    () => orchestratorActor(term, { ...parts, rounds: roundsOf(parts), usageMs, everyMs, enabled }),
    { address: address.cluster('orchestrator') },
  );
}

function roundsOf({ config, directory }: ControlParts): OrchestrationRounds {
  const { policy, utilizationMax, latencyMaxMs, marginMs, horizonMs, everyMs, weights } = config.orchestrator;
  const { coolDownMs } = config.affinity;
  const common = {
    feedback: feedbackPolicy,
    horizonMs,
    settleMs: settleReports * config.monitor.usageMs,
    forecastMaxMs: staleForecasts * config.analyzer.stepMs,
  };
  if (policy === 'multi-objective') {
    const planning = { ...orchestrationPolicy, weights, coolDownMs, fillMax: utilizationMax };
    return new MultiObjectiveRounds({ ...common, policy: planning }, directory);
  }
  return new LatencyFirstRounds({
    ...common,
    policy: { ...latencyFirstPolicy, utilizationMax, latencyMaxMs },
    coolDownMs,
    marginMs,
    everyMs,
  });
}
