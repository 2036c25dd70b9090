import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId, hostName, rackName } from '../../src/core/ids.ts';
import { decideRound } from '../../src/placement/affinity-round.ts';
import type { AffinityRecord } from '../../src/placement/decision-record.ts';
import { recordedMax } from '../../src/placement/decision-record.ts';
import { explain } from '../../src/placement/explanation.ts';
import type { PlacementPolicy } from '../../src/placement/placement-policy.ts';
import { utilityPolicy, weightedPolicy } from '../../src/placement/placement-policy.ts';
import { replay, unchanged } from '../../src/placement/replay.ts';
import { decider, execution, inputs, report } from './world.ts';

const policies = fc.constantFrom<PlacementPolicy>(weightedPolicy, utilityPolicy);

/** As it comes out of a store. */
function stored(record: AffinityRecord): AffinityRecord {
  return JSON.parse(JSON.stringify(record)) as AffinityRecord;
}

function firstRecord(more: Parameters<typeof inputs>[0], policy: PlacementPolicy = weightedPolicy) {
  const { records } = decideRound(inputs(more), policy, decider);
  return stored(records[0] as AffinityRecord);
}

test('every stored decision replays to itself, however much the record left out', () => {
  const hosts = fc.array(
    fc.record({
      demand: fc.double({ min: 0, max: 6, noNaN: true }),
      memoryUsage: fc.double({ min: 0, max: 0.9, noNaN: true }),
      accepting: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  );
  const executions = fc.array(
    fc.record({
      demand: fc.double({ min: 0.5, max: 1, noNaN: true }),
      executionCost: fc.double({ min: 0, max: 0.2, noNaN: true }),
    }),
    {
      minLength: 1,
      maxLength: 40,
      size: 'max',
    },
  );
  let replayed = 0;
  fc.assert(
    fc.property(hosts, executions, policies, (shapes, movers, policy) => {
      const round = decideRound(
        inputs({
          here: report('here', { demand: movers.reduce((sum, one) => sum + one.demand, 0) }),
          executions: movers.map((more, index) => execution(`x-${index}`, more)),
          candidates: shapes.map(({ memoryUsage, ...more }, index) =>
            report(`h${index}`, { ...more, resource: { memoryUsage } }),
          ),
        }),
        policy,
        decider,
      );
      for (const record of round.records.map(stored)) {
        const again = replay(record, unchanged);
        expect(again.kind).toBe('same');
        if (again.kind === 'same') expect(again.record.expected).toEqual(record.expected);
        expect(record.alternatives.length).toBeLessThanOrEqual(recordedMax);
        expect(record.inputs.candidates.length).toBeLessThanOrEqual(recordedMax);
        expect(record.inputs.executions.length).toBeLessThanOrEqual(recordedMax);
        replayed += 1;
      }
    }),
    { numRuns: 100, seed: 417 },
  );
  expect(replayed).toBeGreaterThan(50);
});

const three = {
  candidates: [report('t'), report('u', { demand: 0.5 }), report('v', { accepting: false })],
};

test('without the host that it went to, it goes to the next best; without all of them, it stays', () => {
  const record = firstRecord(three);
  expect(record.chosen).toBe('t');
  expect(replay(record, { ...unchanged, without: ['t'] })).toMatchObject({
    kind: 'otherTarget',
    record: { chosen: 'u' },
    text: expect.stringMatching(/^a would have gone to u, not to t: /) as string,
  });
  expect(replay(record, { ...unchanged, without: ['t', 'u'] })).toEqual({
    kind: 'nothingMoves',
    because: 'nowhereToGo',
    text: 'a would have stayed: no host can take it.',
  });
  expect(replay(record, { ...unchanged, without: ['here'] })).toMatchObject({ kind: 'refused' });
});

test('with other weights, the same code decides otherwise', () => {
  const declared = {
    hosts: [hostName('here')],
    racks: [],
    labels: [],
    near: [],
    apart: [],
    data: [],
    matching: 1,
    otherwise: 0.9,
  };
  const record = firstRecord({
    executions: ['a', 'b', 'c', 'd'].map((name) => execution(name, { affinity: declared })),
    ...three,
  });
  const weights = { originalAffinity: 0.95, resourceAvailability: 0.04, executionCost: 0.01 };
  expect(replay(record, { ...unchanged, weights })).toMatchObject({
    kind: 'nothingMoves',
    because: 'aboveThreshold',
  });
});

test('under the other policy, nearly finished work would have stayed, and another goes first', () => {
  const remaining = { lowMs: 1, medianMs: 5, highMs: 9, source: 'progress' } as const;
  const nearly = execution('a', { remaining });
  const alone = firstRecord({ executions: [nearly], ...three });
  expect(replay(alone, { ...unchanged, policy: utilityPolicy })).toMatchObject({
    kind: 'nothingMoves',
    because: 'cost',
  });
  const both = firstRecord({ executions: [nearly, execution('b')], ...three });
  expect(both.subject).toBe('a');
  expect(replay(both, { ...unchanged, policy: utilityPolicy })).toMatchObject({
    kind: 'otherExecution',
    record: { subject: 'b', chosen: 't' },
    text: 'b would have gone first, to t; a would have stayed: no move pays for itself.',
  });
});

test('a record of a thousand hosts keeps the best twenty, and says so', () => {
  const candidates = Array.from({ length: 1_000 }, (_, index) =>
    report(`h${index}`, { demand: index / 500 }),
  );
  const record = firstRecord({ candidates });
  expect(record.alternatives).toHaveLength(20);
  expect(record.alternatives[0]).toMatchObject({ place: 'h0', verdict: 'chosen' });
  expect(record.leftOut).toEqual({
    alternatives: 980,
    rivals: 0,
    text: 'This record keeps the best 20 of each: 980 more hosts and 0 more executions were looked at.',
  });
  expect(JSON.stringify(record).length).toBeLessThan(32_000);
});

test('an explanation tells a stranger what was compared, with the numbers', () => {
  const record = firstRecord({
    ...three,
    bounds: [{ executionId: executionId('d'), rack: rackName('r9'), endsAtMs: 2_000_000 }],
  });
  expect(explain(record)).toEqual([
    'a was asked to move from here to t at 2026-09-21T14:13:20.000Z, by host/here/affinity. The reason: ' +
      '4 executions want 1 cores: dynamic affinity 0.68 at here is below 0.7, 0.905 at t with it there.',
    'Where it was, here: original affinity 1, availability with it there 0.25, dynamic affinity 0.68, ' +
      'executions that want a core 4, CPU share 1 cores, share of memory in use 0.2.',
    expect.stringMatching(/^Where it went, with it there: t: original affinity 1, .*It scores best: 0.905, /),
    'One other place was compared, best first:',
    expect.stringMatching(
      /^- u: original affinity 1, availability with it there 0.667, .* It scores 0.805, against 0.905\.$/,
    ),
    'Ruled out: v. It accepts nothing now.',
    expect.stringMatching(
      /^Expected: it stands still for 21 ms while 100 kB are sent, and waits 3 min less /,
    ),
  ]);
});

test('an explanation by utility tells what the move saves and costs', () => {
  const texts = explain(firstRecord(three, utilityPolicy)).join('\n');
  expect(texts).toContain(
    'at t it would wait 3 min less over its remaining work than at here, and its move costs',
  );
  expect(texts).toContain('net benefit');
  expect(texts).toContain('Its net benefit is ');
});
