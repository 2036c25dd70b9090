import { utilityPolicy, weightedPolicy } from '../../placement/placement-policy.ts';
import { latencyFirstPolicy } from '../../placement/orchestration/latency-first.ts';
import type { FleetShape, PolicyPlan, Prophet } from './policy.ts';
import { affinity } from './ours/affinity.ts';
import { ForecastOutlook, forecastSetting } from './ours/forecast-outlook.ts';
import { latencyFirst } from './ours/latency-first.ts';
import { presentOutlook, trueOutlook } from './ours/outlook.ts';
import type { PlannedSetting } from './ours/planned.ts';
import { planned } from './ours/planned.ts';
import { deviation } from './rivals/deviation.ts';
import { overloadDetection } from './rivals/overload-detection.ts';
import { partitioning } from './rivals/partitioning.ts';
import { scoring } from './rivals/scoring.ts';
import { staticPlacement } from './rivals/static.ts';
import { threshold } from './rivals/threshold.ts';

/** A policy with the interval at which it decides. */
export interface ScheduledPolicy {
  readonly plan: PolicyPlan;
  /** As published; our own decide at each tick, since a move takes milliseconds. */
  readonly roundMs: number;
  /** Whether it is one that people use today, and not ours. */
  readonly isRival: boolean;
}

const eachTickMs = 30_000;
const minuteMs = 60_000;
const fiveMinutesMs = 300_000;

/** The planner's settings that differ from its defaults; tuned on the older recording. */
export const plannedSetting: PlannedSetting = {
  riskMin: 0.002,
  correlation: 0.02,
  capacityQuantile: 0.5,
  consolidates: false,
  weights: { latency: 1, cost: 0, energy: 0, churn: 1 },
};
/** How far the oracle looks. */
const oracleTicks = 20;

function forecasts(shape: FleetShape): ForecastOutlook {
  return new ForecastOutlook(shape, forecastSetting);
}

function truth(_: FleetShape, prophet: Prophet) {
  return trueOutlook(prophet, oracleTicks);
}

/** The planner with forecasts, under other settings than the tuned ones. */
export function ownPlan(setting: PlannedSetting): PolicyPlan {
  return planned('multi-objective', { ...plannedSetting, ...setting }, forecasts);
}

const rival = (plan: PolicyPlan, roundMs: number): ScheduledPolicy => ({ plan, roundMs, isRival: true });
const own = (plan: PolicyPlan): ScheduledPolicy => ({ plan, roundMs: eachTickMs, isRival: false });

/** Every policy by the name under which `--policy` takes it, with the settings that were best on the tuning trace. */
export const policies: readonly ScheduledPolicy[] = [
  rival(staticPlacement, fiveMinutesMs),
  rival(threshold({ low: 0.7, high: 0.85, relative: false, rounds: 1 }), fiveMinutesMs),
  rival(deviation({ target: 0.08, goodnessMin: 0, newestWeight: 0, stableMs: fiveMinutesMs }), fiveMinutesMs),
  rival(scoring({ sampleShare: 0.2 }), minuteMs),
  rival(overloadDetection({ detector: 'mad', safety: 1, consolidates: false }), fiveMinutesMs),
  rival(overloadDetection({ detector: 'iqr', safety: 0.8, consolidates: false }), fiveMinutesMs),
  rival(overloadDetection({ detector: 'lr', safety: 1.3, consolidates: false }), fiveMinutesMs),
  rival(overloadDetection({ detector: 'lrr', safety: 1.2, consolidates: false }), fiveMinutesMs),
  rival(partitioning({ candidatesMax: 4, imbalanceMax: 0.2 }), minuteMs),
  own(affinity('weighted', { ...weightedPolicy, threshold: 0.99, hysteresis: 0.001 })),
  own(affinity('utility', utilityPolicy)),
  own(latencyFirst(latencyFirstPolicy)),
  own(planned('multi-objective', plannedSetting, forecasts)),
  own(planned('reactive', plannedSetting, presentOutlook)),
  own(planned('oracle', plannedSetting, truth)),
];
