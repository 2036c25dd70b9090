import { expect, test } from 'vitest';
import { rackName } from '../../../src/core/ids.ts';
import { axes, paretoFront, pickWeights, weightGrid } from '../../../src/placement/orchestration/pareto.ts';
import { orchestrationPolicy } from '../../../src/placement/orchestration/policy.ts';
import { movable, problem, site, traffic } from './problems.ts';

/** Talkers apart in two racks, one site dear and frugal, one cheap and hungry: each axis pulls elsewhere. */
const torn = problem(
  [
    site('s1', { pricePerHour: 0.1, power: { kind: 'linear', idleW: 300, peakW: 400 } }),
    site('s2', { pricePerHour: 2, power: { kind: 'linear', idleW: 50, peakW: 60 } }),
    site('s3', { rack: rackName('r2'), pricePerHour: 1 }),
  ],
  [
    movable('a', 's1', 1, { stateBytes: 20e9 }),
    movable('b', 's3', 1.5, { stateBytes: 5e9 }),
    movable('c', 's3', 1, { stateBytes: 5e9 }),
  ],
  { traffic: [traffic('a', 'b', 5), traffic('b', 'c', 2)] },
);
const front = paretoFront(torn, weightGrid(orchestrationPolicy.weights));

test('the front has several plans, and none beats another on all axes', () => {
  expect(front.points.length).toBeGreaterThanOrEqual(3);
  for (const one of front.points) {
    for (const other of front.points) {
      if (one === other) continue;
      expect(axes.some((axis) => one.objectives[axis] < other.objectives[axis] - 1e-9)).toBe(true);
    }
  }
});

test('every way to weigh is on the front or named as dominated, once', () => {
  const names = [...front.points.map(({ name }) => name), ...front.dominated];
  expect(names.toSorted()).toEqual(
    weightGrid(orchestrationPolicy.weights)
      .map(({ name }) => name)
      .toSorted(),
  );
});

test('axes are normalised over the front: 0 is the best of it, 1 the worst', () => {
  for (const axis of axes) {
    const values = front.points.map(({ normalised }) => normalised[axis]);
    expect(Math.min(...values)).toBe(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
  }
});

test('least latency comes first, and the knee is a compromise', () => {
  const latencies = front.points.map(({ objectives }) => objectives.latency);
  expect(latencies).toEqual(latencies.toSorted((a, b) => a - b));
  const distance = (at: number) => Math.hypot(...Object.values(front.points[at]?.normalised ?? {}));
  for (const at of front.points.keys()) expect(distance(front.knee)).toBeLessThanOrEqual(distance(at));
});

test('an operator picks weights by name or by index', () => {
  const [first] = front.points;
  expect(pickWeights(front, 0)).toEqual(first?.weights);
  expect(pickWeights(front, first?.name ?? '')).toEqual(first?.weights);
  expect(pickWeights(front, 'nonsense')).toBeNull();
  expect(pickWeights(front, 99)).toBeNull();
});

test('weight on one axis gets less of it', () => {
  const emphasised = (axis: string) => front.points.find(({ name }) => name === `only-${axis}`);
  const balanced = front.points.find(({ name }) => name === 'balanced') ?? front.points[front.knee];
  for (const axis of ['cost', 'energy'] as const) {
    const point = emphasised(axis);
    if (point !== undefined)
      expect(point.objectives[axis]).toBeLessThanOrEqual(balanced?.objectives[axis] ?? 0);
  }
});
