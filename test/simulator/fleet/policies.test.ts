import { expect, test } from 'vitest';
import { policies } from '../../../src/simulator/fleet/catalogue.ts';
import { overloadPlot } from '../../../src/simulator/fleet/plot.ts';
import type { FleetMove, PolicyPlan, Traffic } from '../../../src/simulator/fleet/policy.ts';
import { reportCells } from '../../../src/simulator/fleet/report-text.ts';
import { deviation } from '../../../src/simulator/fleet/rivals/deviation.ts';
import { overloadDetection } from '../../../src/simulator/fleet/rivals/overload-detection.ts';
import { partitioning } from '../../../src/simulator/fleet/rivals/partitioning.ts';
import {
  lastFitted,
  medianDeviation,
  quartileRange,
} from '../../../src/simulator/fleet/rivals/robust-statistics.ts';
import { scoring } from '../../../src/simulator/fleet/rivals/scoring.ts';
import { threshold } from '../../../src/simulator/fleet/rivals/threshold.ts';
import { simulate } from '../../../src/simulator/fleet/simulate.ts';
import type { Workload } from '../../../src/simulator/fleet/workload.ts';
import { simulationOf, stillClock, wandering, workload } from './worlds.ts';

const named = (name: string) => {
  const found = policies.find(({ plan }) => plan.name === name);
  if (found === undefined) throw new RangeError(`There is no policy ${name}.`);
  return found.plan;
};
const skewed = wandering(40, 36, 11);
const tight = { hosts: 5, capacityCores: 4.2, movesPerHour: 40 };

test('the same simulation gives the same report, policy by policy', () => {
  for (const { plan } of policies) {
    const simulation = simulationOf(wandering(16, 14, 2), { hosts: 3, capacityCores: 3 });
    expect(simulate(simulation, plan, stillClock)).toEqual(simulate(simulation, plan, stillClock));
  }
});

test('nobody but the oracle knows the future', () => {
  const changed = 10;
  const other: Workload = { ...skewed, demandCores: skewed.demandCores.slice() };
  for (let component = 0; component < 40; component += 1)
    for (let sample = changed; sample < 36; sample += 1)
      other.demandCores[component * 36 + sample] = component % 5 === 0 ? 1 : 0.2;
  for (const { plan } of policies) {
    // How bursty a component is belongs to the world, and is estimated from the whole recording: the same for both.
    const [one, two] = [skewed, other].map((recorded) => {
      const asked: string[] = [];
      simulate(
        { ...simulationOf(recorded, tight), burstOf: skewed },
        listening(plan, (tick, moves) => {
          if (tick <= changed * 10) asked.push(JSON.stringify([tick, moves]));
        }),
        stillClock,
      );
      return asked;
    });
    expect(one?.length).toBe(changed * 10);
    // Who is told the truth acts on it: so the comparison would show it of the others too.
    if (plan.name === 'oracle') expect(one).not.toEqual(two);
    else expect({ [plan.name]: one }).toEqual({ [plan.name]: two });
  }
});

/** The same policy, overheard. */
function listening(plan: PolicyPlan, hear: (tick: number, moves: readonly FleetMove[]) => void): PolicyPlan {
  return {
    ...plan,
    make: (shape, prophet) => {
      const policy = plan.make(shape, prophet);
      return {
        name: policy.name,
        decide: (view) => {
          const moves = policy.decide(view);
          hear(view.tick, moves);
          return moves;
        },
      };
    },
  };
}

test('the planner lets pass less overload than static placement, and the oracle least', () => {
  const overload = ['static', 'multi-objective', 'oracle'].map(
    (name) => simulate(simulationOf(skewed, tight), named(name), stillClock).overloadHostMinutes,
  );
  expect(overload[1]).toBeLessThan(0.6 * (overload[0] ?? 0));
  expect(overload[2]).toBeLessThan(0.6 * (overload[1] ?? 0));
});

test.each([
  ['threshold', threshold({ low: 0.7, high: 0.9, relative: false, rounds: 1 })],
  ['relative threshold', threshold({ low: 0.02, high: 0.08, relative: true, rounds: 1 })],
  ['deviation', deviation({ target: 0.03, goodnessMin: 0, newestWeight: 0, stableMs: 300_000 })],
  ['scoring', scoring({ sampleShare: 0.2 })],
  ['weighted', named('weighted')],
  ['utility', named('utility')],
])('%s takes load from a host that has too much', (_, plan) => {
  // By the seed's first placement the heavy ones meet on few hosts.
  const heavy = workload(
    Array.from({ length: 16 }, (_one, at) => Array.from({ length: 12 }, () => (at % 3 === 0 ? 0.95 : 0.2))),
  );
  const setting = { hosts: 4, capacityCores: 2.2, movesPerHour: 60 };
  const still = simulate(simulationOf(heavy, setting), named('static'), stillClock);
  const moved = simulate(simulationOf(heavy, setting), plan, stillClock);
  expect(still.overloadHostMinutes).toBeGreaterThan(50);
  expect(moved.overloadHostMinutes).toBeLessThan(0.6 * still.overloadHostMinutes);
  expect(moved.moves).toBeGreaterThan(0);
});

test('overload detection empties hosts that are hardly used', () => {
  const idle = workload(Array.from({ length: 12 }, () => Array.from({ length: 24 }, () => 0.1)));
  const setting = { hosts: 6, capacityCores: 4, ticksPerRound: 10 };
  const still = simulate(simulationOf(idle, setting), named('static'), stillClock);
  const plan = overloadDetection({ detector: 'mad', safety: 2.5, consolidates: true });
  const packed = simulate(simulationOf(idle, setting), plan, stillClock);
  expect(packed.hostsInUse).toBeLessThan(0.5 * still.hostsInUse);
  expect(packed.energyWh).toBeLessThan(0.6 * still.energyWh);
  expect(packed.overloadHostMinutes).toBe(0);
});

test('partitioning brings together who talks, within its bound of balance', () => {
  const pairs = 12;
  const traffic: Traffic = {
    from: Int32Array.from({ length: pairs }, (_, at) => 2 * at),
    to: Int32Array.from({ length: pairs }, (_, at) => 2 * at + 1),
    messagesPerSecond: new Float64Array(pairs).fill(10),
    bytesPerSecond: new Float64Array(pairs).fill(1_000),
  };
  const calm = workload(Array.from({ length: 24 }, () => Array.from({ length: 12 }, () => 0.1)));
  const setting = { traffic, movesPerHour: 120 };
  const still = simulate(simulationOf(calm, setting), named('static'), stillClock);
  const plan = partitioning({ candidatesMax: 4, imbalanceMax: 0.4 });
  const near = simulate(simulationOf(calm, setting), plan, stillClock);
  expect(near.crossRackBytes).toBeLessThan(0.3 * still.crossRackBytes);
  expect(near.messageLatencyMs).toBeLessThan(0.3 * still.messageLatencyMs);
});

test('statistics of the detectors, by hand', () => {
  expect(medianDeviation([1, 1, 2, 2, 4, 6, 9])).toBe(1);
  expect(quartileRange([1, 2, 3, 4, 5])).toBe(2);
  const line = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
  expect(lastFitted(line, false)).toBeCloseTo(1.1, 9);
  const withOutlier = line.map((value, at) => (at === 8 ? 0.1 : value));
  expect(lastFitted(withOutlier, true)).toBeGreaterThan(lastFitted(withOutlier, false));
});

test('a report has a line for each policy, and so has the plot', () => {
  const reports = ['static', 'deviation'].map((name) =>
    simulate(simulationOf(wandering(8, 6, 1), { capacityCores: 1 }), named(name), stillClock),
  );
  const cells = reportCells(reports);
  expect(cells.map((row) => row[0])).toEqual(['POLICY', 'static', 'deviation']);
  expect(new Set(cells.map((row) => row.length)).size).toBe(1);
  const svg = overloadPlot('a < b & c', reports, 300_000);
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  expect(svg).toContain('a &lt; b &amp; c');
  expect(svg).not.toContain('NaN');
});
