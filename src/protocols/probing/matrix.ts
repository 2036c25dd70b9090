import { median } from 'simple-statistics';
import type { RackName } from '../../core/ids.ts';
import { textHash } from '../../core/text-hash.ts';
import type {
  LatencyStatistics,
  LearnedScore,
  LMSMeasurements,
  NetworkCoordinate,
  RackLatencies,
} from '../messages/latency.ts';
import { distanceMs, isSoundCoordinate } from './coordinates.ts';
import { isSoundStatistics } from './pooling.ts';

/** One in so many pairs of racks is kept from the coordinates, to judge them by. */
const heldBackOneIn = 8;
/** Fewer held-back pairs prove nothing. */
const judgedPairsMin = 8;
/** More prove no more, and each takes a median over two rows. */
const judgedPairsMax = 256;
/** By so much must the learned estimate's error be lower; an even match is left to the plain figure. */
const errorShareMax = 0.9;

/** Whether round trips between the two racks never move a coordinate. The same for both, and everywhere. */
export function isHeldBack(a: RackName, b: RackName): boolean {
  if (a === b) return false;
  const pair = a < b ? `${a} ${b}` : `${b} ${a}`;
  return Number.parseInt(textHash(pair).slice(8), 16) % heldBackOneIn === 0;
}

export interface LatencyMatrix {
  readonly measurements: LMSMeasurements;
  readonly score: LearnedScore;
}

type Rows = ReadonlyMap<RackName, RackLatencies>;

/**
 * The matrix of all racks that sent a row. A pair that only one side measured has that figure both ways: a round trip
 * is one. A pair that nobody measured gets an estimate, as soon as each of the two measured anything; from coordinates
 * only where these did better on the pairs held back.
 */
export function fillMatrix(reports: readonly RackLatencies[]): LatencyMatrix {
  const rows: Rows = new Map(reports.map((report) => [report.rack, report]));
  const racks = [...rows.keys()];
  const known = new Map(racks.map((rack) => [rack, figuresOf(rows, rack)]));
  const score = judge(rows, known);
  const estimates = estimator(rows, known, score.used);
  const measurements: Record<RackName, Record<RackName, LatencyStatistics>> = {};
  for (const from of racks) {
    const row: Record<RackName, LatencyStatistics> = {};
    for (const to of racks) {
      const found = from === to ? measured(rows, from, to) : known.get(from)?.byRack.get(to);
      const figure = found ?? (from === to ? null : estimates(from, to));
      if (figure !== null) row[to] = figure;
    }
    measurements[from] = row;
  }
  return { measurements, score };
}

function measured(rows: Rows, from: RackName, to: RackName): LatencyStatistics | null {
  const there = rows.get(from)?.row[to];
  if (there !== undefined && isSoundStatistics(there)) return there;
  const back = rows.get(to)?.row[from];
  return back !== undefined && isSoundStatistics(back) ? back : null;
}

/** What was measured between one rack and the others. */
interface Figures {
  readonly byRack: ReadonlyMap<RackName, LatencyStatistics>;
  /** Their medians, ascending. */
  readonly sortedMs: Float64Array;
}

function figuresOf(rows: Rows, rack: RackName): Figures {
  const byRack = new Map<RackName, LatencyStatistics>();
  for (const other of rows.keys()) {
    const statistics = other === rack ? null : measured(rows, rack, other);
    if (statistics !== null) byRack.set(other, statistics);
  }
  return { byRack, sortedMs: ascending([...byRack.values()].map(({ p50Ms }) => p50Ms)) };
}

function ascending(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

type Known = ReadonlyMap<RackName, Figures>;

/** The plain figure of a pair: the median over everything else that was measured from either rack. */
function plainMs(known: Known, a: RackName, b: RackName): number | null {
  return middle(others(known, a, b), others(known, b, a));
}

function others(known: Known, rack: RackName, besides: RackName): Float64Array {
  const figures = known.get(rack);
  if (figures === undefined) return new Float64Array();
  const own = figures.byRack.get(besides);
  if (own === undefined) return figures.sortedMs;
  const at = figures.sortedMs.indexOf(own.p50Ms);
  return figures.sortedMs.filter((_, index) => index !== at);
}

/** The median of two lists together, each ascending: of unmeasured pairs there may be thousands, with rows as long. */
function middle(a: Float64Array, b: Float64Array): number | null {
  const count = a.length + b.length;
  if (count === 0) return null;
  let [atA, atB, before, value] = [0, 0, 0, 0];
  for (let taken = 0; taken <= Math.floor(count / 2); taken += 1) {
    before = value;
    const [nextA, nextB] = [a[atA] ?? Infinity, b[atB] ?? Infinity];
    if (nextA <= nextB) atA += 1;
    else atB += 1;
    value = Math.min(nextA, nextB);
  }
  return count % 2 === 1 ? value : (before + value) / 2;
}

function learnedMs(rows: Rows, a: RackName, b: RackName): number | null {
  const [first, second] = [rows.get(a)?.coordinate ?? null, rows.get(b)?.coordinate ?? null];
  return usable(first) && usable(second) ? distanceMs(first, second) : null;
}

function usable(coordinate: NetworkCoordinate | null): coordinate is NetworkCoordinate {
  return coordinate !== null && isSoundCoordinate(coordinate);
}

function judge(rows: Rows, known: Known): LearnedScore {
  const errors: { readonly learned: number; readonly plain: number }[] = [];
  for (const [from, figures] of known) {
    for (const [other, statistics] of figures.byRack) {
      if (from > other || !isHeldBack(from, other) || statistics.p50Ms <= 0) continue;
      if (errors.length === judgedPairsMax) continue;
      const [learned, plain] = [learnedMs(rows, from, other), plainMs(known, from, other)];
      if (learned === null || plain === null) continue;
      const errorOf = (estimateMs: number): number =>
        Math.abs(estimateMs - statistics.p50Ms) / statistics.p50Ms;
      errors.push({ learned: errorOf(learned), plain: errorOf(plain) });
    }
  }
  if (errors.length === 0) return { used: false, pairs: 0, learnedError: 0, plainError: 0 };
  const learnedError = median(errors.map(({ learned }) => learned));
  const plainError = median(errors.map(({ plain }) => plain));
  const used = errors.length >= judgedPairsMin && learnedError < errorShareMax * plainError;
  return { used, pairs: errors.length, learnedError, plainError };
}

/** Estimates the middle; all else is as it commonly is between the racks that were measured. */
function estimator(
  rows: Rows,
  known: Known,
  learns: boolean,
): (a: RackName, b: RackName) => LatencyStatistics | null {
  const all = [...known.values()].flatMap(({ byRack }) => [...byRack.values()]);
  const common = (figure: (statistics: LatencyStatistics) => number): number =>
    middle(ascending(all.map(figure)), new Float64Array()) ?? 0;
  const spread = common(({ p50Ms, p95Ms }) => (p50Ms > 0 ? p95Ms / p50Ms : 1));
  const [jitterMs, lossRatio] = [common((one) => one.jitterMs), common((one) => one.lossRatio)];
  const ageMs = common((one) => one.ageMs);
  return (a, b) => {
    const plain = plainMs(known, a, b);
    const learned = learns ? learnedMs(rows, a, b) : null;
    const p50Ms = learned ?? plain;
    if (p50Ms === null) return null;
    const source = learned === null ? 'rack' : 'learned';
    return { p50Ms, p95Ms: p50Ms * Math.max(1, spread), jitterMs, lossRatio, samples: 0, ageMs, source };
  };
}
