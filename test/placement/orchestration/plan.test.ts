import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId, rackName } from '../../../src/core/ids.ts';
import { noResources } from '../../../src/core/resources.ts';
import type { Movable, OrchestrationProblem, Site } from '../../../src/placement/orchestration/contract.ts';
import { plan } from '../../../src/placement/orchestration/plan.ts';
import { pointsOf } from '../../../src/placement/orchestration/planner.ts';
import { movable, placesAfter, problem, site, traffic } from './problems.ts';

/** Cores that a component wants. */
function cpuOf({ demand }: Movable): number {
  return demand.steps[0]?.[0]?.cpu ?? 0;
}

const figures = fc.record({
  site: fc.nat(3),
  cpu: fc.integer({ min: 1, max: 30 }).map((tenths) => tenths / 10),
  label: fc.boolean(),
  apart: fc.boolean(),
  cooling: fc.boolean(),
});

/** Four sites, two of them labelled, one perhaps draining; up to twelve components of certain demand. */
const problems = fc
  .record({
    components: fc.array(figures, { minLength: 1, maxLength: 12 }),
    talk: fc.array(fc.record({ a: fc.nat(11), b: fc.nat(11), rate: fc.integer({ min: 1, max: 400 }) }), {
      maxLength: 12,
    }),
    draining: fc.boolean(),
    movesMax: fc.integer({ min: 0, max: 8 }),
  })
  .map(({ components, talk, draining, movesMax }) => {
    const sites = [0, 1, 2, 3].map((at) =>
      site(`s${at}`, {
        rack: rackName(at < 2 ? 'r1' : 'r2'),
        labels: at % 2 === 0 ? ['gpu'] : [],
        draining: draining && at === 3,
      }),
    );
    const listed = components.map(({ site: at, cpu, label, apart, cooling }, k) =>
      movable(`x${k}`, `s${at}`, cpu, {
        labels: label ? ['gpu'] : [],
        apart: apart ? ['one'] : [],
        movedAgoMs: cooling ? 10 : null,
      }),
    );
    const edges = talk.map(({ a, b, rate }) => traffic(`x${a}`, `x${b}`, rate));
    return problem(sites, listed, { traffic: edges, policy: { movesMax } });
  });

function constraintsHold(asked: OrchestrationProblem): void {
  const { moves, stuck } = plan(asked);
  const places = placesAfter(asked, moves);
  const sites = new Map(asked.sites.map((one) => [one.id, one]));
  expect(moves.length).toBeLessThanOrEqual(asked.policy.movesMax);
  expect(new Set(moves.map(({ component }) => component)).size).toBe(moves.length);
  for (const { component, from, to } of moves) {
    const moved = asked.components.find(({ id }) => id === component);
    const target = sites.get(to);
    if (moved === undefined || target === undefined)
      throw new Error('A move is of a known component to a known site.');
    expect(from).toBe(moved.site);
    expect(target.accepting && !target.draining).toBe(true);
    expect(moved.labels.every((label) => target.labels.includes(label))).toBe(true);
    const there = asked.components.filter(({ id }) => places[id] === to);
    expect(there.reduce((sum, one) => sum + cpuOf(one), 0)).toBeLessThanOrEqual(4 + 1e-6);
    if (moved.apart.length > 0) expect(there.filter(({ apart }) => apart.length > 0)).toHaveLength(1);
    if (moved.movedAgoMs !== null) expect(sites.get(from)?.draining).toBe(true);
  }
  const left = asked.components.filter(
    (one) => sites.get(one.site)?.draining === true && places[one.id] === one.site,
  );
  expect(stuck.map(({ component }) => component).toSorted()).toEqual(left.map(({ id }) => id).toSorted());
  if (moves.length === asked.policy.movesMax) return;
  for (const one of left) {
    const room = asked.sites.filter(({ id, draining, labels }) => {
      const there = asked.components.filter((other) => places[other.id] === id);
      if (draining || !one.labels.every((label) => labels.includes(label))) return false;
      if (one.apart.length > 0 && there.some(({ apart }) => apart.length > 0)) return false;
      return there.reduce((sum, other) => sum + cpuOf(other), cpuOf(one)) <= 4;
    });
    expect(room).toEqual([]);
  }
}

test('no plan breaks a capacity, a label, a word of apartness, a drain, a cool-down or a budget', () => {
  fc.assert(fc.property(problems, constraintsHold), { numRuns: 40, seed: 11 });
});

test('nor where there is hardly any room', () => {
  const crowd = fc.array(fc.record({ at: fc.nat(3), cpu: fc.integer({ min: 8, max: 24 }) }), {
    minLength: 9,
    maxLength: 11,
  });
  const crowded = crowd.map((all) => {
    const sites = [0, 1, 2, 3].map((at) => site(`s${at}`));
    const components = all.map(({ at, cpu }, k) => movable(`x${k}`, `s${at}`, cpu / 10));
    return problem(sites, components, {
      traffic: all.slice(1).map((_, k) => traffic(`x${k}`, `x${k + 1}`, 90)),
    });
  });
  fc.assert(fc.property(crowded, constraintsHold), { numRuns: 25, seed: 21 });
});

test('what a plan says it gains is what the placement afterwards is better by', () => {
  fc.assert(
    fc.property(problems, (asked) => {
      const made = plan(asked);
      const places = placesAfter(asked, made.moves);
      const components = asked.components.map((one) => ({ ...one, site: places[one.id] ?? one.site }));
      const still = plan({ ...asked, components, policy: { ...asked.policy, movesMax: 0 } });
      for (const axis of ['latency', 'cost', 'energy'] as const) {
        expect(made.after[axis]).toBeCloseTo(still.before[axis], 4);
      }
      const gains = made.moves.reduce((sum, { gain }) => sum + gain, 0);
      expect(gains).toBeCloseTo(pointsOf(made.before, asked.policy) - pointsOf(made.after, asked.policy), 4);
      if (!asked.sites.some(({ draining }) => draining)) expect(gains).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 25, seed: 12 },
  );
});

test('a plan does not depend on the order of its input', () => {
  fc.assert(
    fc.property(problems, (asked) => {
      const turned = {
        ...asked,
        sites: asked.sites.toReversed(),
        components: asked.components.toReversed(),
        traffic: asked.traffic.toReversed(),
      };
      expect(plan(turned).moves).toEqual(plan(asked).moves);
    }),
    { numRuns: 10, seed: 13 },
  );
});

/** The fewest points of all placements that keep the constraints, with what the moves there cost. */
function leastPoints(asked: OrchestrationProblem): number {
  const { sites, components, policy } = asked;
  const frozen = { ...policy, movesMax: 0 };
  const churnPoints = (1_000 * (1_000 + 5 + 1)) / 600_000;
  let least = Infinity;
  for (let code = 0; code < sites.length ** components.length; code += 1) {
    let rest = code;
    let moved = 0;
    const received = new Set<string>();
    const placed = components.map((one) => {
      const to = sites[rest % sites.length]?.id ?? '';
      rest = Math.floor(rest / sites.length);
      if (to === one.site) return one;
      moved += 1;
      received.add(to);
      return { ...one, site: to };
    });
    const load = (id: string) => placed.reduce((sum, one) => sum + (one.site === id ? cpuOf(one) : 0), 0);
    if ([...received].some((id) => load(id) > 4 + 1e-9)) continue;
    const axes = plan({ ...asked, components: placed, policy: frozen }).before;
    least = Math.min(least, pointsOf(axes, policy) + moved * churnPoints * policy.weights.churn);
  }
  return least;
}

test('small problems are solved to the best of all placements, or nearly', () => {
  const talk = fc.record({ a: fc.nat(4), b: fc.nat(4), rate: fc.integer({ min: 1, max: 400 }) });
  const drawn = fc.sample(
    fc.record({
      cpu: fc.array(fc.integer({ min: 2, max: 22 }), { minLength: 5, maxLength: 5 }),
      at: fc.array(fc.nat(2), { minLength: 5, maxLength: 5 }),
      talk: fc.array(talk, { maxLength: 6 }),
    }),
    { numRuns: 8, seed: 5 },
  );
  let found = 0;
  let least = 0;
  for (const { cpu, at, talk: edges } of drawn) {
    const sites = ['r1', 'r1', 'r2'].map((rack, k) => site(`s${k}`, { rack: rackName(rack) }));
    const components = cpu.map((tenths, k) => movable(`x${k}`, `s${at[k]}`, tenths / 10));
    const asked = problem(sites, components, {
      traffic: edges.map(({ a, b, rate }) => traffic(`x${a}`, `x${b}`, rate)),
    });
    const best = leastPoints(asked);
    const got = pointsOf(plan(asked).after, asked.policy);
    expect(got).toBeGreaterThanOrEqual(best - 1e-6);
    found += got;
    least += best;
  }
  expect(found / least).toBeLessThan(1.005);
});

const full = ['a', 'b', 'c'].map((name) => movable(name, 's1', 2));

test('an overloaded site is relieved, and says that it was', () => {
  const made = plan(problem([site('s1'), site('s2')], full));
  expect(made.moves).toHaveLength(1);
  expect(made.moves[0]).toMatchObject({ from: 's1', to: 's2', reason: 'relieve' });
  expect(made.before.overload).toBe(1);
  expect(made.after.overload).toBe(0);
  expect(made.moves[0]?.gain).toBeGreaterThan(1_000);
});

test('a site that draws more than it is worth is emptied and sleeps', () => {
  const made = plan(problem([site('s1'), site('s2')], [movable('a', 's1', 1), movable('b', 's2', 1)]));
  expect(made.moves).toHaveLength(1);
  expect(made.moves[0]?.reason).toBe('consolidate');
  expect(made.after.energy).toBeCloseTo(150);
});

test('it is not emptied where it cannot sleep, where a component is pinned, or where the work is nearly done', () => {
  const sites = [site('s1'), site('s2')];
  const pair = (changes: Partial<Movable>) => [
    movable('a', 's1', 1, changes),
    movable('b', 's2', 1, changes),
  ];
  const awake = sites.map((one) => ({ ...one, sleeps: false }));
  expect(plan(problem(awake, pair({}))).moves).toEqual([]);
  expect(plan(problem(sites, pair({ movable: false }))).moves).toEqual([]);
  expect(plan(problem(sites, pair({ remainingMs: 5_000 }))).moves).toEqual([]);
  expect(plan(problem(sites, pair({ remainingMs: 600_000 }))).moves).toHaveLength(1);
});

test('a heavier state makes a move dearer', () => {
  const pair = [movable('a', 's1', 1, { stateBytes: 80e9 }), movable('b', 's2', 1, { stateBytes: 1e6 })];
  const made = plan(problem([site('s1'), site('s2')], pair));
  expect(made.moves.map(({ component }) => component)).toEqual(['b']);
});

test('components that talk are brought together, into one rack at least', () => {
  const sites = [site('s1'), site('s2', { rack: rackName('r2') })].map((one) => ({ ...one, sleeps: false }));
  const pair = [movable('a', 's1', 1), movable('b', 's2', 1)];
  const talk = [traffic('a', 'b', 50)];
  expect(plan(problem(sites, pair, { traffic: talk })).moves).toHaveLength(1);
  expect(plan(problem(sites, pair)).moves).toEqual([]);
  const near = pair.map((one) => ({ ...one, near: ['pair'] }));
  expect(plan(problem(sites, near)).moves).toHaveLength(1);
});

test('bytes between racks cost money', () => {
  const sites = [site('s1'), site('s2', { rack: rackName('r2') })];
  const pair = [movable('a', 's1', 3, { movable: false }), movable('b', 's2', 3)];
  const made = plan(problem(sites, pair, { traffic: [traffic('a', 'b', 0, 1e9)], policy: { movesMax: 0 } }));
  expect(made.before.cost).toBeCloseTo(36);
});

test('a draining site is emptied whatever it costs; what fits nowhere is named', () => {
  const sites = [site('s1', { draining: true }), site('s2'), site('s3')];
  const components = [
    movable('a', 's1', 3, { movedAgoMs: 1 }),
    movable('b', 's1', 3, { labels: ['gpu'] }),
    movable('c', 's2', 3.5),
  ];
  const made = plan(problem(sites, components));
  expect(made.moves.map(({ component, to, reason }) => [component, to, reason])).toEqual([
    ['a', 's3', 'drain'],
  ]);
  expect(made.stuck).toEqual([{ component: 'b', site: 's1' }]);
});

test('an exchange helps where no single move fits', () => {
  const sites = [site('s1'), site('s2')];
  const components = [
    movable('a', 's1', 2.5),
    movable('b', 's1', 2),
    movable('c', 's2', 2),
    movable('d', 's2', 1.5),
  ];
  const made = plan(problem(sites, components));
  expect(made.after.overload).toBe(0);
  expect(made.moves).toHaveLength(2);
});

/** 1 core, with quantiles as of a normal error of 0.5 cores. */
function uncertain(id: string, at: string): Movable {
  const steps = [[0.36, 1, 1.64].map((cpu) => ({ ...noResources, cpu }))];
  return movable(id, at, 1, { demand: { levels: [0.1, 0.5, 0.9], steps } });
}

test('risk is of the sum: the sum of high quantiles would be too careful', () => {
  // Two of them on 3 cores: the sum of the 90 % quantiles is 3.28, the 90 % quantile of the sum is 2.9.
  const sites = ['s1', 's2'].map((id) => site(id, { capacity: { cpu: 3, memory: 0, io: 0, network: 0 } }));
  const pair = [uncertain('a', 's1'), uncertain('b', 's2')];
  const policy = { overloadMsPerSite: 0, unservedMsPerCore: 0 };
  expect(plan(problem(sites, pair, { policy })).moves).toHaveLength(1);
  expect(plan(problem(sites, pair, { policy: { ...policy, correlation: 0.9 } })).moves).toEqual([]);
});

test('demand that peaks at different times shares a site; demand that peaks together does not', () => {
  const profile = (id: string, at: string, first: number, second: number) =>
    movable(id, at, 0, {
      demand: { levels: [0.5], steps: [[{ ...noResources, cpu: first }], [{ ...noResources, cpu: second }]] },
    });
  const sites = [site('s1'), site('s2'), site('s3')];
  const made = plan(
    problem(sites, [profile('a', 's1', 3, 1), profile('b', 's2', 3, 1), profile('c', 's3', 1, 3)]),
  );
  expect(made.moves).toHaveLength(1);
  const places = placesAfter(
    problem(sites, [profile('a', 's1', 3, 1), profile('b', 's2', 3, 1), profile('c', 's3', 1, 3)]),
    made.moves,
  );
  expect(places['a']).not.toBe(places['b']);
});

const lies: readonly [string, (site: Site) => Site][] = [
  ['a capacity that is NaN', (one) => ({ ...one, capacity: { ...one.capacity, cpu: Number.NaN } })],
  ['a negative capacity', (one) => ({ ...one, capacity: { ...one.capacity, memory: -1 } })],
  ['no CPU at all', (one) => ({ ...one, capacity: { ...one.capacity, cpu: 0 } })],
  ['negative use', (one) => ({ ...one, base: { ...one.base, cpu: -100 } })],
  ['use that is NaN', (one) => ({ ...one, base: { ...one.base, memory: Number.NaN } })],
  ['a negative price', (one) => ({ ...one, pricePerHour: -1_000 })],
  ['infinite capacity', (one) => ({ ...one, capacity: { ...one.capacity, cpu: Infinity } })],
];

test.each(lies)('nothing is moved to a site that reports %s', (_, lie) => {
  const sites = [site('s1'), lie(site('s2')), site('s3')];
  const made = plan(problem(sites, full));
  expect(made.moves.map(({ to }) => to)).toEqual(['s3']);
  expect(made.ignored[0]).toContain('s2');
});

test('lies about components and traffic change nothing for the others', () => {
  const sites = [site('s1'), site('s2')];
  const honest = plan(problem(sites, full));
  const lying = movable('z', 's2', Number.NaN, { stateBytes: -1 });
  const made = plan(
    problem(sites, [...full, lying, movable('a', 's2', 1), movable('w', 'nowhere', 1)], {
      traffic: [traffic('a', 'b', Number.NaN), traffic('a', 'c', -7), traffic('a', 'stranger', 100)],
      latencies: [
        { from: rackName('r1'), to: rackName('r1'), p50Ms: Number.NaN, p95Ms: 1, ageMs: 0 },
        { from: rackName('r1'), to: rackName('r1'), p50Ms: 5, p95Ms: 1, ageMs: 0 },
        { from: rackName('r1'), to: rackName('r1'), p50Ms: 900, p95Ms: 900, ageMs: 1e9 },
      ],
    }),
  );
  expect(made.moves.map(({ component, to }) => [component, to])).toEqual(
    honest.moves.map(({ component, to }) => [component, to]),
  );
  expect(made.ignored).toHaveLength(8);
});

test('a power model that cannot be true is as good as none', () => {
  for (const idleW of [Number.NaN, -1e9]) {
    const liar = site('s2', { power: { kind: 'linear', idleW, peakW: 200 } });
    const made = plan(problem([site('s1'), liar], full));
    expect(made.moves).toHaveLength(1);
    expect(made.after.energy).toBeLessThan(500);
  }
});

test('a component that claims to have moved in the future stays', () => {
  const pair = [movable('a', 's1', 1, { movedAgoMs: -5 }), movable('b', 's2', 1, { movedAgoMs: Number.NaN })];
  expect(plan(problem([site('s1'), site('s2')], pair)).moves).toEqual([]);
});

test('question and answer are JSON', () => {
  const asked = problem([site('s1'), site('s2')], full);
  const made = plan(asked);
  expect(JSON.parse(JSON.stringify(asked))).toEqual(asked);
  expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  expect(made.moves[0]?.component).toBe(executionId(made.moves[0]?.component ?? ''));
});
