import { expect, test } from 'vitest';
import { FleetView } from '../../src/actors/fleet-view.ts';
import { LatencyFirstRounds } from '../../src/actors/latency-first-rounds.ts';
import type { Situation } from '../../src/actors/orchestration-rounds.ts';
import type { ExecutionId, RackName } from '../../src/core/ids.ts';
import {
  executionId,
  hostName,
  incarnationId,
  methodId,
  packageHash,
  rackName,
  term,
} from '../../src/core/ids.ts';
import { feedbackPolicy } from '../../src/placement/orchestration/feedback.ts';
import { latencyFirstPolicy } from '../../src/placement/orchestration/latency-first.ts';
import type {
  ComponentForecast,
  ExecutionUsage,
  HostUsage,
  LatencyStatistics,
  MigrationDirective,
} from '../../src/protocols/messages.ts';

const nothing = { cpu: 0, memory: 0, io: 0, network: 0 };
const nowMs = 100_000;
const nowWallMs = Date.UTC(2026, 0, 1);
const stepMs = 60_000;
const marginMs = 5_000;
const everyMs = 10_000;

function execution(name: string, cpu: number, more: Partial<ExecutionUsage> = {}): ExecutionUsage {
  return {
    execution: executionId(name),
    method: { package: packageHash('p'.repeat(64)), method: methodId('count.ts#count') },
    component: executionId(name),
    used: { ...nothing, cpu },
    demand: Math.min(1, cpu),
    allocatedBytesPerSecond: 0,
    cyclesPerSecond: 0,
    snapshotBytes: 100,
    remainingMs: null,
    executionCost: 0,
    movedAtWallMs: 0,
    peers: [],
    ...more,
  };
}

/** A component that wants so many cores, in executions of one core each; the first gives it its name. */
function component(
  name: string,
  cores: number,
  more: Partial<ExecutionUsage> = {},
): readonly ExecutionUsage[] {
  return Array.from({ length: cores }, (_, count) =>
    execution(count === 0 ? name : `${name}-${count}`, 1, { component: executionId(name), ...more }),
  );
}

/** One host of ten cores in each rack. */
function view(racks: Readonly<Record<string, readonly ExecutionUsage[]>>): FleetView {
  const owners = new Map<ExecutionId, string>();
  for (const [rack, executions] of Object.entries(racks))
    for (const one of executions) owners.set(one.execution, rack);
  const fleet = new FleetView(60_000, (id) => {
    const rack = owners.get(id);
    return rack === undefined ? null : { host: hostName(`${rack}-h1`), rack: rackName(rack) };
  });
  // A host that was heard of once is new, and decides nothing.
  for (const report of [1, 2]) {
    for (const [rack, executions] of Object.entries(racks)) {
      const used = { ...nothing, cpu: executions.reduce((sum, one) => sum + one.used.cpu, 0) };
      const usage: HostUsage = {
        identity: {
          name: hostName(`${rack}-h1`),
          incarnation: incarnationId(`${rack}-h1.1`),
          rack: rackName(rack),
          address: 'a:1',
        },
        labels: [],
        report,
        atWallMs: nowWallMs,
        periodMs: 10_000,
        capacity: { cpu: 10, memory: 1e9, io: 1e8, network: 1e8 },
        expense: { pricePerHour: 0, idleW: 0, peakW: 0 },
        used,
        accepting: true,
        executions,
        rest: { executions: 0, used: nothing },
        arrivals: [],
      };
      fleet.take({ rack: rackName(rack), term: term(1), hosts: [usage] }, nowMs);
    }
  }
  return fleet;
}

function latency(p50Ms: number): LatencyStatistics {
  return { p50Ms, p95Ms: p50Ms, jitterMs: 0, lossRatio: 0, samples: 10, ageMs: 0, source: 'measured' };
}

/** A component whose CPU demand is forecast to be as listed, a minute each. */
function forecast(component: string, cpu: readonly number[]): ComponentForecast {
  const steps = cpu.map((cores) => ({ ...nothing, cpu: cores }));
  return {
    component: executionId(component),
    rack: rackName('r1'),
    fromWallMs: nowWallMs,
    stepMs,
    quantiles: [0.1, 0.5, 0.9].map((level) => ({ level, steps })),
    latencyImpact: 1,
    models: { cpu: 'ses', memory: 'ses', io: 'ses', network: 'ses' },
  };
}

function situation(
  racks: Readonly<Record<string, readonly ExecutionUsage[]>>,
  forecasts: readonly ComponentForecast[],
  more: Partial<Situation> = {},
): Situation {
  const r2 = rackName('r2');
  const r3 = rackName('r3');
  return {
    view: view(racks),
    nowMs,
    nowWallMs,
    seatMs: 0,
    latencies: { [rackName('r1')]: { [r2]: latency(1), [r3]: latency(2) } } as Record<
      RackName,
      Record<RackName, LatencyStatistics>
    >,
    forecast: { term: term(1), atWallMs: nowWallMs, components: forecasts },
    forecastAgeMs: 0,
    busy: new Set(),
    unseen: [],
    ...more,
  };
}

function rounds(): LatencyFirstRounds {
  return new LatencyFirstRounds({
    policy: latencyFirstPolicy,
    feedback: feedbackPolicy,
    coolDownMs: 10_000,
    marginMs,
    horizonMs: 600_000,
    everyMs,
    settleMs: 30_000,
    forecastMaxMs: 180_000,
  });
}

const others = component('x-others', 5);

test('a breach that is forecast in five minutes is left to later rounds, and nothing moves now', () => {
  const cpu = [1, 1, 1, 1, 1, 4, 4, 4, 4, 4];
  const racks = { r1: [...component('x-1', 1), ...others], r2: [], r3: [] };
  expect(rounds().decide(situation(racks, [forecast('x-1', cpu), forecast('x-others', [5])]))).toEqual([]);
});

test('one that is near is met before it comes: the move ends by the breach less the margin', () => {
  // 1 + 5 of 10 cores now, 4 + 5 from a minute on: above 80 %.
  const cpu = [1, 4, 4, 4];
  const racks = { r1: [...component('x-1', 1), ...others], r2: [], r3: [] };
  const near = situation(racks, [forecast('x-1', cpu), forecast('x-others', [5])], {
    nowWallMs: nowWallMs + stepMs - marginMs - 4_000,
  });
  const [ordering, ...more] = rounds().decide(near);
  expect(more).toEqual([]);
  expect(ordering).toMatchObject({ parts: ['x-1'], targetRack: 'r2', strategy: 'stopAndCopy' });
  const startInMs = ordering?.startInMs ?? Number.NaN;
  // Four seconds are left, less what a move takes at most.
  expect(startInMs).toBeGreaterThan(3_000);
  expect(startInMs).toBeLessThan(4_000);
  expect(ordering?.text).toContain('cpu of rack r1 is forecast to be used by 90 %');
});

test('where the rack is over its limit already, the order is for at once', () => {
  const racks = { r1: [...component('x-1', 4), ...others], r2: [], r3: [] };
  const [ordering] = rounds().decide(situation(racks, []));
  expect(ordering).toMatchObject({ startInMs: 0, targetRack: 'r2' });
});

test('the farther rack is taken when the nearer is full, and none when all are', () => {
  const full = component('x-full', 7);
  const racks = { r1: [...component('x-1', 4), ...others], r2: full, r3: [] };
  expect(rounds().decide(situation(racks, []))).toMatchObject([{ targetRack: 'r3' }]);
  const nowhere = { ...racks, r2: component('x-full', 8), r3: component('x-full-3', 8) };
  expect(rounds().decide(situation(nowhere, []))).toEqual([]);
});

test('where no rack takes a whole component, the part goes that talks least to the rest', () => {
  const talks = (peer: string, messagesPerSecond: number) => ({
    peer: executionId(peer),
    messagesPerSecond,
    bytesPerSecond: 0,
  });
  const of = (name: string, peers: ExecutionUsage['peers']): ExecutionUsage =>
    execution(name, 1, { component: executionId('x-1'), peers });
  const racks = {
    r1: [
      of('x-1', [talks('x-2', 100), talks('x-3', 100), talks('x-4', 1)]),
      ...['x-2', 'x-3', 'x-5', 'x-6', 'x-7', 'x-8', 'x-9'].map((name) => of(name, [talks('x-1', 100)])),
      of('x-4', [talks('x-1', 1)]),
    ],
    r2: component('x-there', 6),
  };
  const [ordering] = rounds().decide(situation(racks, []));
  // Nine cores of ten are wanted, of which eight may be; r2 has room for two.
  expect(ordering).toMatchObject({ parts: ['x-4'], targetRack: 'r2' });
});

test('a component whose order is under way, that cools down, or that nobody may move stays', () => {
  const racks = { r1: [...component('x-1', 4), ...others], r2: [], r3: [] };
  const busy = new Set([executionId('x-1'), executionId('x-others')]);
  expect(rounds().decide(situation(racks, [], { busy }))).toEqual([]);
  const cooling = racks.r1.map((one) => ({ ...one, movedAtWallMs: nowWallMs - 9_000 }));
  expect(rounds().decide(situation({ ...racks, r1: cooling }, []))).toEqual([]);
});

test('a directive that did not help is not repeated, until the situation has changed', () => {
  const racks = { r1: [...component('x-1', 4), ...others], r2: [], r3: [] };
  const decider = rounds();
  const [first] = decider.decide(situation(racks, []));
  expect(first).toMatchObject({ targetRack: 'r2' });
  const directive: MigrationDirective = {
    directive: 'd-1',
    term: term(1),
    componentId: first?.component.component ?? executionId('none'),
    targetRack: rackName('r2'),
    migrationStrategy: 'stopAndCopy',
    parts: first?.parts ?? [],
    targetHosts: {},
    startInMs: 0,
    horizonMs: 600_000,
    decision: '',
    text: '',
  };
  const outcome = {
    directive: 'd-1',
    componentId: directive.componentId,
    moved: [
      { execution: directive.componentId, to: hostName('r2-h1'), pauseMs: 5, bytes: 100, durationMs: 50 },
    ],
    failed: [],
  };
  decider.learn(
    { directive, demand: {}, phase: 'done', outcome } as unknown as Parameters<typeof decider.learn>[0],
    situation(racks, []),
  );
  // Half a minute later r1 wants as much as before: it did not help.
  const later = { nowWallMs: nowWallMs + 31_000, seatMs: 31_000, nowMs };
  const again = decider.decide(situation(racks, [], later));
  expect(again.filter(({ component }) => component.component === directive.componentId)).toEqual([]);
  const worse = { r1: [...component('x-1', 6), ...others], r2: [], r3: [] };
  const changed = decider.decide(situation(worse, [], { ...later, seatMs: 41_000 }));
  expect(changed.length).toBeGreaterThan(0);
});

test('parts are counted like wholes: one core of room takes one core', () => {
  const racks = {
    r1: [...component('x-1', 4), ...others],
    r2: component('x-full', 7),
    r3: component('x-full-3', 8),
  };
  const orderings = rounds().decide(situation(racks, []));
  expect(orderings.flatMap(({ parts }) => parts)).toHaveLength(1);
});
