import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId } from '../../../src/core/ids.ts';
import type { CutEdge } from '../../../src/placement/orchestration/min-cut.ts';
import { leastCut, leastCutBetween } from '../../../src/placement/orchestration/min-cut.ts';
import type { PartMember } from '../../../src/placement/orchestration/parts.ts';
import { choosePart } from '../../../src/placement/orchestration/parts.ts';

const graphs = fc.integer({ min: 2, max: 9 }).chain((nodes) => {
  const node = fc.integer({ min: 0, max: nodes - 1 });
  const edge = fc.record({ a: node, b: node, weight: fc.integer({ min: 0, max: 20 }) });
  return fc.record({ nodes: fc.constant(nodes), edges: fc.array(edge, { maxLength: 20 }) });
});

function weightOf(edges: readonly CutEdge[], inside: (node: number) => boolean): number {
  return edges.reduce((sum, { a, b, weight }) => sum + (inside(a) === inside(b) ? 0 : weight), 0);
}

/** The least weight of all ways to part the nodes that are allowed. */
function leastOfAll(nodes: number, edges: readonly CutEdge[], allowed: (set: number) => boolean): number {
  let least = Infinity;
  for (let set = 1; set < 2 ** nodes; set += 1) {
    if (allowed(set))
      least = Math.min(
        least,
        weightOf(edges, (node) => ((set >> node) & 1) === 1),
      );
  }
  return least;
}

test('the least cut of any two is what trying all finds', () => {
  fc.assert(
    fc.property(graphs, ({ nodes, edges }) => {
      const cut = leastCut(nodes, edges);
      expect(cut?.weight).toBe(leastOfAll(nodes, edges, (set) => set < 2 ** nodes - 1));
      expect(weightOf(edges, (node) => cut?.side[node] === true)).toBe(cut?.weight);
    }),
    { numRuns: 200, seed: 7 },
  );
});

test('the least cut between two nodes is what trying all finds', () => {
  fc.assert(
    fc.property(graphs, ({ nodes, edges }) => {
      const arcs = edges.flatMap(({ a, b, weight }) => [
        { from: a, to: b, capacity: weight },
        { from: b, to: a, capacity: weight },
      ]);
      const cut = leastCutBetween(nodes, arcs, 0, nodes - 1);
      const parted = (set: number) => (set & 1) === 1 && ((set >> (nodes - 1)) & 1) === 0;
      expect(cut.weight).toBe(leastOfAll(nodes, edges, parted));
      expect(weightOf(edges, (node) => cut.side[node] === true)).toBe(cut.weight);
    }),
    { numRuns: 200, seed: 7 },
  );
});

test('so is the least cut between two nodes of a directed graph', () => {
  fc.assert(
    fc.property(graphs, ({ nodes, edges }) => {
      const arcs = edges.map(({ a, b, weight }) => ({ from: a, to: b, capacity: weight }));
      let least = Infinity;
      for (let set = 1; set < 2 ** nodes; set += 2) {
        const inside = (node: number) => ((set >> node) & 1) === 1;
        if (inside(nodes - 1)) continue;
        const across = edges.filter(({ a, b }) => inside(a) && !inside(b));
        least = Math.min(
          least,
          across.reduce((sum, { weight }) => sum + weight, 0),
        );
      }
      expect(leastCutBetween(nodes, arcs, 0, nodes - 1).weight).toBe(least);
    }),
    { numRuns: 1_000, seed: 7 },
  );
});

test('a flow that went a short way is sent back where a longer one makes room', () => {
  // 0 to 7: the shortest way, 0 1 4 7, is in the way of the two that fit together.
  const ways = ['01', '14', '47', '15', '56', '67', '02', '23', '34'];
  const arcs = ways.map((way) => ({ from: Number(way[0]), to: Number(way[1]), capacity: 1 }));
  expect(leastCutBetween(8, arcs, 0, 7).weight).toBe(2);
});

function member(name: string, demand: number, anchor: PartMember['anchor'] = 'free'): PartMember {
  return { execution: executionId(name), demand, anchor };
}

function link(a: string, b: string, weight: number) {
  return { a: executionId(a), b: executionId(b), weight };
}

test('the part is the side of the least traffic that relieves enough and still fits', () => {
  // Two tight pairs with a thin thread between them, and a light hanger-on.
  const members = [member('a', 3), member('b', 3), member('c', 2), member('d', 2), member('e', 0.1)];
  const traffic = [link('a', 'b', 100), link('c', 'd', 100), link('b', 'c', 5), link('a', 'e', 1)];
  const cut = (demandMin: number, demandMax: number) =>
    choosePart({ members, traffic, demandMin, demandMax });
  expect(cut(3, 5)).toMatchObject({ kind: 'part', parts: ['c', 'd'], weight: 5, demand: 4, how: 'exact' });
  expect(cut(5, 7)).toMatchObject({ parts: ['a', 'b', 'e'], weight: 5 });
  expect(cut(0.05, 1)).toMatchObject({ parts: ['e'], weight: 1 });
  expect(cut(20, 30)).toMatchObject({ kind: 'none' });
});

test('what is anchored stays or goes', () => {
  const members = [member('a', 1, 'stays'), member('b', 1), member('c', 1), member('d', 1, 'goes')];
  const traffic = [link('a', 'b', 3), link('b', 'c', 2), link('c', 'd', 1)];
  const part = choosePart({ members, traffic, demandMin: 0, demandMax: 9 });
  expect(part).toMatchObject({ parts: ['d'], weight: 1 });
  expect(choosePart({ members, traffic, demandMin: 2, demandMax: 9 })).toMatchObject({
    parts: ['c', 'd'],
    weight: 2,
  });
});

test('traffic and demand that cannot be true are ignored', () => {
  const members = [member('a', 1), member('b', 1), member('b', 7), member('c', Number.NaN)];
  const traffic = [link('a', 'b', Number.NaN), link('a', 'c', -5), link('a', 'a', 9), link('a', 'nobody', 9)];
  const part = choosePart({ members, traffic, demandMin: 1, demandMax: 1 });
  expect(part).toMatchObject({ kind: 'part', weight: 0, demand: 1 });
  expect(part.ignored).toHaveLength(4);
});

/** Communities of four that talk among themselves, and a little with the next one. */
function communities(count: number) {
  const members: PartMember[] = [];
  const traffic = [];
  for (let k = 0; k < count; k += 1) {
    const names = [0, 1, 2, 3].map((i) => `g${String(k).padStart(3, '0')}m${i}`);
    for (const [i, name] of names.entries()) {
      members.push(member(name, 1));
      for (const other of names.slice(i + 1)) traffic.push(link(name, other, 10));
    }
    if (k > 0) traffic.push(link(`g${String(k - 1).padStart(3, '0')}m3`, names[0] ?? '', 1));
  }
  return { members, traffic };
}

test('in a large component, communities are not torn apart', () => {
  const { members, traffic } = communities(12);
  const part = choosePart({ members, traffic, demandMin: 15, demandMax: 17 });
  expect(part).toMatchObject({ kind: 'part', demand: 16, weight: 1, how: 'heuristic' });
});

test('beyond exact search, parts are close to the best of all', () => {
  let found = 0;
  let least = 0;
  const random = fc.sample(
    fc.array(fc.record({ a: fc.nat(14), b: fc.nat(14), weight: fc.integer({ min: 1, max: 20 }) }), {
      minLength: 25,
      maxLength: 40,
    }),
    { numRuns: 25, seed: 3 },
  );
  for (const edges of random) {
    const members = Array.from({ length: 15 }, (_, at) => member(String(at).padStart(2, '0'), 1 + (at % 3)));
    const traffic = edges
      .filter(({ a, b }) => a !== b)
      .map(({ a, b, weight }) => link(String(a).padStart(2, '0'), String(b).padStart(2, '0'), weight));
    const part = choosePart({ members, traffic, demandMin: 8, demandMax: 12 });
    if (part.kind === 'none') throw new Error('There is a part of every size.');
    expect(part.how).toBe('heuristic');
    found += part.weight;
    const demandOf = (set: number) =>
      members.reduce((sum, { demand }, at) => sum + (((set >> at) & 1) === 1 ? demand : 0), 0);
    least += leastOfAll(15, edges, (set) => demandOf(set) >= 8 && demandOf(set) <= 12);
  }
  expect(found / least).toBeLessThan(1.05);
});
