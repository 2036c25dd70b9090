import { expect, test } from 'vitest';
import { hostName, incarnationId, rackName, type RackName, term } from '../../../src/core/ids.ts';
import type {
  HostLatencies,
  LatencyStatistics,
  NetworkCoordinate,
  RackLatencies,
} from '../../../src/protocols/messages/latency.ts';
import { MatrixRows } from '../../../src/protocols/probing/matrix-rows.ts';
import { fillMatrix, isHeldBack } from '../../../src/protocols/probing/matrix.ts';
import { weightedMedian } from '../../../src/protocols/probing/pooling.ts';
import { RackRow } from '../../../src/protocols/probing/rack-row.ts';

const rack = (name: string): RackName => rackName(name);
const figure = (p50Ms: number, more: Partial<LatencyStatistics> = {}): LatencyStatistics => ({
  p50Ms,
  p95Ms: p50Ms * 2,
  jitterMs: 0.5,
  lossRatio: 0,
  samples: 10,
  ageMs: 100,
  source: 'measured',
  ...more,
});
const at = (x: number, y = 0): NetworkCoordinate => ({ vectorMs: [x, y, 0], heightMs: 0, error: 0.1 });

function report(
  name: string,
  peers: readonly (readonly [rackOf: string, LatencyStatistics])[],
  more: Partial<HostLatencies> = {},
): HostLatencies {
  return {
    identity: {
      name: hostName(name),
      incarnation: incarnationId(`${name}.1`),
      rack: rack('r1'),
      address: `${name}:1`,
    },
    report: 1,
    peers: peers.map(([of, statistics], index) => ({
      host: hostName(`p${index}`),
      rack: rack(of),
      statistics,
      answersP50Ms: null,
    })),
    coordinate: at(0),
    probes: { kind: 'open', address: `${name}:1` },
    ...more,
  };
}

function rowOf(reports: readonly HostLatencies[], nowMs = 0): RackLatencies {
  const row = new RackRow(rack('r1'), term(1));
  for (const one of reports) row.take(one, 0);
  return row.read(nowMs, () => true);
}

test('a median by weight', () => {
  expect(weightedMedian([{ value: 3, weight: 1 }])).toBe(3);
  expect(weightedMedian([1, 9].map((value) => ({ value, weight: 2 })))).toBe(5);
  expect(weightedMedian([1, 9].map((value) => ({ value, weight: value })))).toBe(9);
  expect(weightedMedian([5, 1, 100].map((value) => ({ value, weight: 1 })))).toBe(5);
});

test('a rack is as its hosts measured in the middle; one that lies does not move it', () => {
  const honest = ['a', 'b', 'c'].map((name) =>
    report(name, [
      ['r2', figure(4)],
      ['r1', figure(1)],
    ]),
  );
  const liar = report('d', [['r2', figure(20_000)]]);
  const { row } = rowOf([...honest, liar]);
  expect(row[rack('r2')]).toEqual(figure(4, { samples: 40 }));
  expect(row[rack('r1')]).toEqual(figure(1, { samples: 30 }));
});

test.each([
  [{ p50Ms: Number.NaN }],
  [{ p95Ms: Number.NaN }],
  [{ p50Ms: -1 }],
  [{ p50Ms: 10, p95Ms: 5 }],
  [{ p95Ms: 1e9 }],
  [{ jitterMs: Number.POSITIVE_INFINITY }],
  [{ lossRatio: 1.5 }],
  [{ lossRatio: Number.NaN }],
  [{ samples: 0 }],
  [{ samples: 1e300 }],
  [{ ageMs: -5 }],
  [{ ageMs: Number.NaN }],
])('a figure that cannot be is as if it had not been sent: %j', (absurd) => {
  const honest = report('a', [['r2', figure(4)]]);
  const mad = report('b', [['r2', figure(8, absurd)]], { coordinate: at(Number.NaN) });
  expect(rowOf([honest, mad])).toEqual(rowOf([honest]));
  expect(rowOf([mad]).row).toEqual({});
  const { measurements } = fillMatrix([
    { ...rowOf([]), row: { [rack('r2')]: figure(8, absurd) } },
    { ...rowOf([]), rack: rack('r2') },
  ]);
  expect(measurements[rack('r1')]).toEqual({});
});

test('probes are believed before links; where there are links only, the row says so', () => {
  const link = figure(9, { source: 'link' });
  expect(rowOf([report('a', [['r2', link]]), report('b', [['r2', figure(4)]])]).row[rack('r2')]).toEqual(
    figure(4),
  );
  expect(rowOf([report('a', [['r2', link]])]).row[rack('r2')]).toEqual(link);
});

test('reports age, an older one replaces none, and those of another rack or a dead host do not count', () => {
  const row = new RackRow(rack('r1'), term(3));
  row.take(report('a', [['r2', figure(4)]], { report: 7 }), 1_000);
  row.take(report('a', [['r2', figure(99)]], { report: 6 }), 1_500);
  const foreign = report('b', [['r2', figure(99)]]);
  row.take({ ...foreign, identity: { ...foreign.identity, rack: rack('r9') } }, 1_500);
  expect(row.read(3_000, () => true)).toMatchObject({ term: 3, row: { r2: figure(4, { ageMs: 2_100 }) } });
  expect(row.read(400_000, () => true).row).toEqual({});
  expect(row.read(3_000, () => false).row).toEqual({});
});

const names = Array.from({ length: 24 }, (_, index) => `rack-${index}`);

/** Racks on a circle of 100 ms; all pairs measured but those that `isKnown` leaves out. */
function circle(
  isKnown: (a: number, b: number) => boolean,
  coordinateOf: (angle: number) => NetworkCoordinate,
): readonly RackLatencies[] {
  const angle = (index: number): number => (index / names.length) * 2 * Math.PI;
  const truth = (a: number, b: number): number => 100 * Math.abs(Math.sin((angle(a) - angle(b)) / 2)) + 1;
  return names.map((name, a) => ({
    rack: rack(name),
    term: term(1),
    report: 1,
    row: Object.fromEntries(
      names.flatMap((other, b) => (a !== b && isKnown(a, b) ? [[other, figure(truth(a, b))]] : [])),
    ),
    coordinate: coordinateOf(angle(a)),
  }));
}
const gap = (a: number, b: number): boolean => !(Math.min(a, b) === 0 && Math.max(a, b) === 1);

test('one side’s measurement serves both ways; what nobody measured is estimated as racks commonly are', () => {
  const { measurements, score } = fillMatrix([
    {
      ...rowOf([
        report('a', [
          ['r2', figure(4)],
          ['r3', figure(10)],
        ]),
      ]),
      coordinate: null,
    },
    { ...rowOf([]), rack: rack('r2') },
    { ...rowOf([]), rack: rack('r3') },
  ]);
  expect(measurements[rack('r2')]?.[rack('r1')]).toEqual(figure(4));
  expect(measurements[rack('r2')]?.[rack('r3')]).toEqual(
    figure(7, { p95Ms: 14, samples: 0, source: 'rack' }),
  );
  expect(score).toEqual({ used: false, pairs: 0, learnedError: 0, plainError: 0 });
});

test('coordinates fill gaps where they do better on the pairs that were held back', () => {
  const good = fillMatrix(circle(gap, (angle) => at(50 * Math.cos(angle), 50 * Math.sin(angle))));
  expect(good.score.used).toBe(true);
  expect(good.score.learnedError).toBeLessThan(good.score.plainError / 2);
  const filled = good.measurements[rack('rack-0')]?.[rack('rack-1')];
  expect(filled).toMatchObject({ source: 'learned', samples: 0 });
  expect(Math.abs((filled?.p50Ms ?? 0) - 14.05)).toBeLessThan(2);
});

test('coordinates that do worse than the plain figure are not used', () => {
  const bad = fillMatrix(circle(gap, (angle) => at(1_000 * angle, 0)));
  expect(bad.score.used).toBe(false);
  expect(bad.score.learnedError).toBeGreaterThan(bad.score.plainError);
  expect(bad.measurements[rack('rack-0')]?.[rack('rack-1')]?.source).toBe('rack');
});

test('about one in eight pairs of racks is held back, the same both ways, and never a rack from itself', () => {
  const pairs = names.flatMap((a, index) => names.slice(0, index).map((b) => [rack(a), rack(b)] as const));
  const held = pairs.filter(([a, b]) => isHeldBack(a, b));
  expect(held.length / pairs.length).toBeGreaterThan(0.08);
  expect(held.length / pairs.length).toBeLessThan(0.18);
  for (const [a, b] of pairs) expect(isHeldBack(a, b)).toBe(isHeldBack(b, a));
  for (const name of names) expect(isHeldBack(rack(name), rack(name))).toBe(false);
});

test('of a rack’s rows the latest term counts, then the latest report; gone racks are forgotten', () => {
  const rows = new MatrixRows();
  const send = (ofTerm: number, reportNumber: number, ms: number): void =>
    rows.take(
      {
        ...rowOf([
          report('a', [
            ['r1', figure(ms)],
            ['r2', figure(3)],
          ]),
        ]),
        term: term(ofTerm),
        report: reportNumber,
      },
      0,
    );
  send(2, 5, 20);
  send(1, 9, 10);
  send(2, 4, 30);
  const read = () => rows.read(50, (name) => name === 'r1').measurements;
  expect(read()).toEqual({ r1: { r1: figure(20, { ageMs: 150 }) } });
  send(3, 1, 40);
  expect(read()[rack('r1')]?.[rack('r1')]?.p50Ms).toBe(40);
  expect(rows.read(60, () => false).measurements).toEqual({});
});
