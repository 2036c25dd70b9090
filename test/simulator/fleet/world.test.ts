import { expect, test } from 'vitest';
import { DemandModel } from '../../../src/simulator/fleet/demand.ts';
import { slowdown, SlowdownHistogram } from '../../../src/simulator/fleet/metrics.ts';
import { wattsAt } from '../../../src/simulator/fleet/power.ts';
import { staticPlacement } from '../../../src/simulator/fleet/rivals/static.ts';
import { simulate } from '../../../src/simulator/fleet/simulate.ts';
import { WorkloadError } from '../../../src/simulator/fleet/workload.ts';
import { deciding, sampleMs, simulationOf, stillClock, wandering, workload } from './worlds.ts';

const constant = (value: number): number[] => Array.from({ length: 6 }, () => value);

test('demand above capacity is overload, minute by minute, and what exceeds it is not served', () => {
  const recorded = workload([constant(0.6), constant(0.6)]);
  const report = simulate(
    simulationOf(recorded, { hosts: 1, capacityCores: 1 }),
    staticPlacement,
    stillClock,
  );
  expect(report.overloadHostMinutes).toBe(30);
  expect(report.overloadShare).toBe(1);
  expect(report.unservedShare).toBeCloseTo(0.2 / 1.2, 6);
  expect(Array.from(report.overloadBySample)).toEqual([5, 5, 5, 5, 5, 5]);
  const roomy = simulate(simulationOf(recorded, { hosts: 1 }), staticPlacement, stillClock);
  expect([roomy.overloadHostMinutes, roomy.unservedShare, roomy.moves]).toEqual([0, 0, 0]);
});

test('a host that carries nothing sleeps, and one that does draws what its curve says', () => {
  const recorded = workload([constant(1)]);
  const simulation = simulationOf(recorded, { hosts: 3, capacityCores: 2 });
  const report = simulate(simulation, staticPlacement, stillClock);
  expect(report.hostsInUse).toBe(1);
  expect(report.energyWh).toBeCloseTo((116 + 2 * 10) * 0.5, 6);
  expect([0, 0.05, 0.5, 1, 3].map((share) => wattsAt(simulation.fleet.power, share))).toEqual([
    93.7, 95.35, 116, 135, 135,
  ]);
});

test('ticks vary within a sample, keep its mean, and depend on seed, component and sample alone', () => {
  const recorded = wandering(20, 30, 3);
  const model = new DemandModel(recorded, 10, 5);
  const ticks = new Float32Array(10);
  let varied = 0;
  for (let component = 0; component < 20; component += 1) {
    for (let sample = 29; sample >= 0; sample -= 1) {
      model.fill(component, sample, ticks, 0, 1);
      const mean = ticks.reduce((sum, cores) => sum + cores, 0) / 10;
      expect(mean).toBeCloseTo(recorded.demandCores[component * 30 + sample] ?? -1, 5);
      expect(Math.min(...ticks)).toBeGreaterThanOrEqual(0);
      if (Math.max(...ticks) > mean * 1.05) varied += 1;
    }
  }
  expect(varied).toBeGreaterThan(300);
  const again = new Float32Array(10);
  const other = new Float32Array(10);
  model.fill(0, 0, ticks, 0, 1);
  new DemandModel(recorded, 10, 5).fill(0, 0, again, 0, 1);
  new DemandModel(recorded, 10, 6).fill(0, 0, other, 0, 1);
  expect(again).toEqual(ticks);
  expect(other).not.toEqual(ticks);
});

test('while a component is on its way, its demand stays at the source, and the transfer loads both', () => {
  // 120 GB take two minutes at 1 GB/s: from 2 s after the first tick to 92 s into the third minute.
  const recorded = { ...workload([constant(0.5)]), memoryBytes: Float64Array.of(120e9) };
  const simulation = simulationOf(recorded, { hosts: 2, capacityCores: 0.9 });
  let asked = 0;
  const report = simulate(
    simulation,
    deciding((view) => {
      asked += 1;
      return asked === 1 ? [{ component: 0, target: 1 - (view.hostOf[0] ?? 0) }] : [];
    }),
    stillClock,
  );
  expect([report.moves, report.movedBytes]).toEqual([1, 120e9]);
  // 1.5 cores at the source for four ticks, of which the first has 28/30; at the target 1 core, and in the last tick less.
  expect(report.overloadHostMinutes).toBe(0.5 * (4 + 4));
});

test('nobody exceeds the budget of moves, and a component on its way is not moved again', () => {
  const recorded = wandering(30, 24, 4);
  const greedy = deciding((view) =>
    Array.from(view.hostOf, (host, component) => ({ component, target: (host + 1) % view.shape.hosts })),
  );
  const report = simulate(simulationOf(recorded, { movesPerHour: 12 }), greedy, stillClock);
  expect(report.moves).toBeGreaterThan(30);
  // The bucket is full at the start, and two hours fill it twice.
  expect(report.moves).toBeLessThanOrEqual(12 + 2 * 12);
});

test('the prophet tells what will be, and monitors tell what was', () => {
  const recorded = wandering(3, 6, 5);
  const told: Float32Array[] = [];
  const seen: number[] = [];
  const plan = {
    name: 'listener',
    source: 'a test',
    make: (_: unknown, prophet: { futureCores: (c: number, tick: number, count: number) => Float32Array }) =>
      ({
        name: 'listener',
        decide: (view: { tick: number; latestCores: Float64Array }) => {
          told[view.tick] = prophet.futureCores(1, view.tick, 1);
          seen[view.tick] = view.latestCores[1] ?? -1;
          return [];
        },
      }) as const,
  };
  simulate(simulationOf(recorded), plan, stillClock);
  expect(seen.length).toBe(60);
  for (let tick = 2; tick < 60; tick += 1) expect(seen[tick]).toBe(told[tick - 1]?.[0]);
});

test('slowdown grows with the load, without a jump where the host is full', () => {
  const loads = [0, 0.3, 0.6, 0.9, 0.95, 0.99, 1, 1.01, 1.5, 3];
  const found = loads.map((load) => slowdown(load, 8, 30_000));
  expect(found[0]).toBe(1);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
  expect(slowdown(1.001, 8, 30_000) - slowdown(1, 8, 30_000)).toBeLessThan(0.02);
  // One core is the M/M/1 queue: 1 / (1 − ρ).
  expect(slowdown(0.5, 1, 30_000)).toBeCloseTo(2, 9);
  const histogram = new SlowdownHistogram();
  for (let value = 1; value <= 100; value += 1) histogram.add(value, 1);
  expect(histogram.quantile(0.5) / 50).toBeCloseTo(1, 1);
  expect(histogram.quantile(0.99) / 99).toBeCloseTo(1, 1);
});

test.each([
  [[], 'has 0 components'],
  [[[1]], '1 samples'],
  [[[1, 2], [1]], 'All series must be of one length'],
  [[[1, -2]], 'demand of -2 at sample 1'],
  [[[1, Infinity]], 'demand of Infinity'],
])('a workload of %j is refused', (columns, text) => {
  expect(() => workload(columns)).toThrow(WorkloadError);
  expect(() => workload(columns)).toThrow(text);
});

test('gaps repeat what was before them', () => {
  const { demandCores } = workload([
    [Number.NaN, 2, Number.NaN, 4],
    [1, Number.NaN, Number.NaN, Number.NaN],
  ]);
  expect(Array.from(demandCores)).toEqual([2, 2, 2, 4, 1, 1, 1, 1]);
  expect(sampleMs).toBe(300_000);
});
