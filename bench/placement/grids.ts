import type { ScheduledPolicy } from '../../src/simulator/fleet/catalogue.ts';
import { ownPlan } from '../../src/simulator/fleet/catalogue.ts';
import type { PolicyPlan } from '../../src/simulator/fleet/policy.ts';
import { deviation } from '../../src/simulator/fleet/rivals/deviation.ts';
import type { Detector } from '../../src/simulator/fleet/rivals/overload-detection.ts';
import { overloadDetection } from '../../src/simulator/fleet/rivals/overload-detection.ts';
import { partitioning } from '../../src/simulator/fleet/rivals/partitioning.ts';
import { scoring } from '../../src/simulator/fleet/rivals/scoring.ts';
import { threshold } from '../../src/simulator/fleet/rivals/threshold.ts';

/** The settings that were tried for one policy: eight for each, on the tuning recording alone. */
export interface Grid {
  readonly name: string;
  readonly settings: readonly { readonly text: string; readonly policy: ScheduledPolicy }[];
}

const fiveMinutesMs = 300_000;
const minuteMs = 60_000;

function grid<Setting>(
  name: string,
  settings: readonly Setting[],
  plan: (setting: Setting) => PolicyPlan,
  roundMs: number,
  isRival: boolean,
): Grid {
  return {
    name,
    settings: settings.map((setting) => ({
      text: JSON.stringify(setting),
      policy: { plan: plan(setting), roundMs, isRival },
    })),
  };
}

function detection(detector: Detector, safeties: readonly number[]): Grid {
  const settings = safeties.flatMap((safety) =>
    [true, false].map((consolidates) => ({ detector, safety, consolidates })),
  );
  return grid(detector, settings, overloadDetection, fiveMinutesMs, true);
}

export const grids: readonly Grid[] = [
  grid(
    'threshold',
    [
      { low: 0.6, high: 0.8, relative: false, rounds: 1 },
      { low: 0.7, high: 0.8, relative: false, rounds: 1 },
      { low: 0.7, high: 0.85, relative: false, rounds: 1 },
      { low: 0.7, high: 0.9, relative: false, rounds: 1 },
      { low: 0.75, high: 0.9, relative: false, rounds: 2 },
      { low: 0.02, high: 0.05, relative: true, rounds: 1 },
      { low: 0.05, high: 0.05, relative: true, rounds: 1 },
      { low: 0.05, high: 0.1, relative: true, rounds: 1 },
    ],
    threshold,
    fiveMinutesMs,
    true,
  ),
  grid(
    'deviation',
    [0.02, 0.03, 0.05, 0.08].flatMap((target) =>
      [0, 0.0005].map((goodnessMin) => ({ target, goodnessMin, newestWeight: 0, stableMs: fiveMinutesMs })),
    ),
    deviation,
    fiveMinutesMs,
    true,
  ),
  grid(
    'scoring',
    [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].map((sampleShare) => ({ sampleShare })),
    scoring,
    minuteMs,
    true,
  ),
  detection('mad', [1, 1.5, 2.5, 3.5]),
  detection('iqr', [0.8, 1.5, 2, 2.5]),
  detection('lr', [1.05, 1.2, 1.3, 1.4]),
  detection('lrr', [1.05, 1.2, 1.3, 1.4]),
  grid(
    'partitioning',
    [2, 4, 8, 16].flatMap((candidatesMax) =>
      [0.05, 0.2].map((imbalanceMax) => ({ candidatesMax, imbalanceMax })),
    ),
    partitioning,
    minuteMs,
    true,
  ),
  grid(
    'multi-objective',
    [0.0005, 0.002, 0.01, 0.03].flatMap((riskMin) =>
      [0, 0.02].map((correlation) => ({ riskMin, correlation })),
    ),
    ownPlan,
    30_000,
    false,
  ),
];
