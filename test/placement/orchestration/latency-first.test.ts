import { expect, test } from 'vitest';
import type { RackName } from '../../../src/core/ids.ts';
import { executionId, rackName } from '../../../src/core/ids.ts';
import { noResources } from '../../../src/core/resources.ts';
import type { ResourceVector } from '../../../src/core/resources.ts';
import type {
  LatencyFirstPolicy,
  LatencyFirstProblem,
  RackLoad,
  RackRoundTrip,
  RankedComponent,
} from '../../../src/placement/orchestration/latency-first.ts';
import {
  decideLatencyFirst,
  latencyFirstPolicy,
} from '../../../src/placement/orchestration/latency-first.ts';

const full: ResourceVector = { cpu: 100, memory: 100, io: 100, network: 100 };

function rack(name: string, used: Partial<ResourceVector>, changes: Partial<RackLoad> = {}): RackLoad {
  return {
    rack: rackName(name),
    capacity: full,
    used: { ...noResources, ...used },
    accepting: true,
    ...changes,
  };
}

/** Uses 10 cores now, and 20 soon, unless said otherwise. */
function component(id: string, changes: Partial<RankedComponent> = {}): RankedComponent {
  return {
    component: executionId(id),
    rack: rackName('home'),
    used: { ...noResources, cpu: 10 },
    predicted: { ...noResources, cpu: 20 },
    latencyImpact: 1,
    movable: true,
    ...changes,
  };
}

function trips(
  ms: Readonly<Record<string, number | Partial<RackRoundTrip>>>,
): LatencyFirstProblem['latencies'] {
  const row: Record<RackName, RackRoundTrip> = {};
  for (const [to, trip] of Object.entries(ms)) {
    const given = typeof trip === 'number' ? { p50Ms: trip } : trip;
    row[rackName(to)] = { p50Ms: 1, ageMs: 0, source: 'measured', ...given };
  }
  return { [rackName('home')]: row };
}

interface Row {
  readonly sentence: string;
  readonly racks: readonly RackLoad[];
  readonly components?: readonly RankedComponent[];
  readonly latencies?: LatencyFirstProblem['latencies'];
  readonly policy?: Partial<LatencyFirstPolicy>;
  /** `component>rack`, or `component>` when it finds none. */
  readonly moves: readonly string[];
}

const near = trips({ a: 1, b: 2 });
const hot = rack('home', { cpu: 75 });

// One row per sentence of the rule in docs/deciding/orchestration.md.
const rows: readonly Row[] = [
  {
    sentence: 'what stays within the maximum without it and with its predicted demand is left alone',
    racks: [rack('home', { cpu: 70 }), rack('a', {})],
    moves: [],
  },
  {
    sentence: 'its present use does not count beside what is predicted',
    racks: [rack('home', { cpu: 79 }), rack('a', {})],
    components: [component('x', { used: { ...noResources, cpu: 19 } })],
    moves: [],
  },
  { sentence: 'over the maximum it leaves', racks: [hot, rack('a', {})], moves: ['x>a'] },
  {
    sentence: 'any resource counts',
    racks: [rack('home', { network: 75 }), rack('a', {})],
    components: [component('x', { predicted: { ...noResources, network: 6 } })],
    moves: ['x>a'],
  },
  {
    sentence: 'the lowest measured latency from its rack wins, not the emptiest rack',
    racks: [hot, rack('b', {}), rack('a', { cpu: 50 })],
    moves: ['x>a'],
  },
  {
    sentence: 'a rack at the maximum latency is too far',
    racks: [hot, rack('a', {})],
    latencies: trips({ a: 10 }),
    moves: ['x>'],
  },
  {
    sentence: 'a rack just below the maximum latency is not',
    racks: [hot, rack('a', {})],
    latencies: trips({ a: 9.999 }),
    moves: ['x>a'],
  },
  {
    sentence: 'a rack that would not stay under the maximum with it is passed over',
    racks: [hot, rack('a', { cpu: 60 }), rack('b', { cpu: 59 })],
    moves: ['x>b'],
  },
  {
    sentence: 'a rack that would not in another resource is passed over as well',
    racks: [hot, rack('a', { memory: 90 }), rack('b', {})],
    moves: ['x>b'],
  },
  {
    sentence: 'a directive is counted at the target before the next component is looked at',
    racks: [rack('home', { cpu: 95 }), rack('a', { cpu: 50 }), rack('b', {})],
    components: [component('x', { latencyImpact: 2 }), component('y')],
    moves: ['x>a', 'y>b'],
  },
  {
    sentence: 'a directive is counted at the source before the next component is looked at',
    racks: [rack('home', { cpu: 75 }), rack('a', {})],
    components: [component('x', { latencyImpact: 2 }), component('y')],
    moves: ['x>a'],
  },
  {
    sentence: 'components are looked at by rank of latency impact',
    racks: [hot, rack('a', {})],
    components: [component('x', { latencyImpact: 1 }), component('y', { latencyImpact: 3 })],
    moves: ['y>a'],
  },
  {
    sentence: 'ties in rank go by name, whatever the order of the input',
    racks: [hot, rack('a', {})],
    components: [component('y'), component('x')],
    moves: ['x>a'],
  },
  {
    sentence: 'ties in latency go by name',
    racks: [hot, rack('b', {}), rack('a', {})],
    latencies: trips({ a: 1, b: 1 }),
    moves: ['x>a'],
  },
  { sentence: 'a rack without a figure is no candidate', racks: [hot, rack('z', {})], moves: ['x>'] },
  {
    sentence: 'a figure that is NaN or negative is none',
    racks: [hot, rack('a', {}), rack('b', {})],
    latencies: trips({ a: Number.NaN, b: -1 }),
    moves: ['x>'],
  },
  {
    sentence: 'a stale figure is none',
    racks: [hot, rack('a', {}), rack('b', {})],
    latencies: trips({ a: { p50Ms: 1, ageMs: 300_001 }, b: 5 }),
    moves: ['x>b'],
  },
  {
    sentence: 'an estimate is not a measurement, unless it is accepted',
    racks: [hot, rack('a', {}), rack('b', {})],
    latencies: trips({ a: { p50Ms: 1, source: 'learned' }, b: 5 }),
    moves: ['x>b'],
  },
  {
    sentence: 'an estimate that is accepted counts',
    racks: [hot, rack('a', {}), rack('b', {})],
    latencies: trips({ a: { p50Ms: 1, source: 'learned' }, b: 5 }),
    policy: { acceptsLearned: true },
    moves: ['x>a'],
  },
  {
    sentence: 'a rack that takes nothing is no candidate',
    racks: [hot, rack('a', {}, { accepting: false }), rack('b', {})],
    moves: ['x>b'],
  },
  {
    sentence: 'what may not move stays',
    racks: [hot, rack('a', {})],
    components: [component('x', { movable: false })],
    moves: [],
  },
  {
    sentence: 'a rack that lies is no candidate',
    racks: [hot, rack('a', { cpu: -50 }), rack('b', { memory: Number.NaN }), rack('c', {})],
    latencies: trips({ a: 1, b: 1, c: 3 }),
    moves: ['x>c'],
  },
  {
    sentence: 'a component of a rack that lies is not judged by the lie',
    racks: [rack('home', { cpu: Number.NaN }), rack('a', {})],
    moves: [],
  },
  {
    sentence: 'a forecast that cannot be true moves nothing, and others are not held up',
    racks: [hot, rack('a', {})],
    components: [
      component('x', { predicted: { ...noResources, cpu: Number.NaN }, latencyImpact: 9 }),
      component('y'),
    ],
    moves: ['y>a'],
  },
  {
    sentence: 'a component that claims to use more than its rack does leaves nothing behind, not less',
    racks: [rack('home', { cpu: 30 }), rack('a', {})],
    components: [
      component('x', { used: { ...noResources, cpu: 70 }, predicted: { ...noResources, cpu: 79 } }),
    ],
    moves: [],
  },
  {
    sentence: 'a component listed twice moves once',
    racks: [rack('home', { cpu: 95 }), rack('a', {})],
    components: [component('x'), component('x')],
    moves: ['x>a'],
  },
  {
    sentence: 'a resource whose capacity nobody knows does not count',
    racks: [
      rack('home', { io: 75 }, { capacity: { ...full, io: 0 } }),
      rack('a', { io: 500 }, { capacity: { ...full, io: 0 } }),
    ],
    moves: [],
  },
];

test.each(rows)(
  '$sentence',
  ({ racks, components = [component('x')], latencies = near, policy = {}, moves }) => {
    const answer = decideLatencyFirst({
      racks,
      components,
      latencies,
      policy: { ...latencyFirstPolicy, ...policy },
    });
    const made = answer.decisions.map((one) => `${one.component}>${one.kind === 'move' ? one.to : ''}`);
    expect(made).toEqual(moves);
  },
);

test('each rack that was passed over is named with the reason and the figures', () => {
  const racks = [hot, rack('a', { cpu: 70 }), rack('b', {}), rack('c', {}), rack('d', {}), rack('e', {})];
  const latencies = trips({ a: 1, b: 4, c: 20, e: 5 });
  const [decision] = decideLatencyFirst({
    racks,
    components: [component('x')],
    latencies,
    policy: latencyFirstPolicy,
  }).decisions;
  expect(decision).toMatchObject({ kind: 'move', to: 'b', latencyMs: 4 });
  expect(decision?.breach).toEqual({ resource: 'cpu', without: 0.65, with: 0.8500000000000001 });
  expect(decision?.racks.map(({ rack: name, verdict }) => `${name} ${verdict}`)).toEqual([
    'b chosen',
    'e farther',
    'a tooFull',
    'c tooFar',
    'd noLatency',
  ]);
  expect(decision?.racks[2]?.utilization).toBeCloseTo(0.9);
});

test('the defaults are the mission’s: 80 %, 10 ms', () => {
  expect(latencyFirstPolicy).toMatchObject({ utilizationMax: 0.8, latencyMaxMs: 10, acceptsLearned: false });
});
