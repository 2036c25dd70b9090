import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { missingPoint, type OfferedPoints } from '../../../src/verify/points/point-comparison.ts';
import {
  counterName,
  countPoints,
  namesOfScript,
  type SourcePoint,
} from '../../../src/verify/points/source-points.ts';

interface Counted {
  readonly text: string;
  readonly points: readonly SourcePoint[];
}

function count(text: string, isWhole = true): Counted {
  const points: SourcePoint[] = [];
  return { text: countPoints(text, { file: 'a.mjs', format: 'module', isWhole }, points), points };
}

/** How often each point is passed, as `kind:line`, when the text runs as a script. */
function passed(text: string): {
  readonly value: unknown;
  readonly counts: Readonly<Record<string, number>>;
} {
  const counted = count(text);
  const counts: Record<string, number> = {};
  const note = (index: number): void => {
    const { kind, line } = counted.points[index] as SourcePoint;
    counts[`${kind}:${line}`] = (counts[`${kind}:${line}`] ?? 0) + 1;
  };
  const counter = {
    entered: note,
    went: (index: number) => (note(index), true),
    passed: (index: number, value: unknown) => (note(index), value),
    returned: (index: number, value: unknown) => (note(index), value),
    calls: () => undefined,
  };
  return { value: runInNewContext(counted.text, { [counterName]: counter }), counts };
}

test('every kind of loop goes round as often as it does, and does what it did', () => {
  const { value, counts } = passed(`let log = '';
for (let i = 0, j = 9; i < 3; i += 1, j -= 1) log += i + j;
let n = 4; while (n > 0) if (n-- === 2) continue; else log += n;
do log += n; while (n++ < 2)
for (const x of 'abc') { if (x === 'b') break; log += x; }
outer: for (const k in { p: 1, q: 2 }) for (;;) { log += k; continue outer; }
log;`);
  expect(value).toBe('999320012apq');
  expect(counts).toEqual({ 'round:2': 3, 'round:3': 4, 'round:4': 2, 'round:5': 2, 'round:6': 4 });
});

test('functions of all kinds, and calls of what the program has made', () => {
  const { value, counts } = passed(`'use strict'
function f() { 'use strict'
  return g(1); }
const g = (x) => (x)
class A { #v = [1].map((e) => e); constructor(v) { this.v = v } get w() { return g(this.v) } static of(v) { return new A(v) } }
class B extends A { constructor() { super(f()) } m() { return super.constructor.of(3).w + Math.max(1, g(2)) } }
const t = (parts, value) => parts[0] + value;
t\`a\${new B().m()}\` + [new B()?.m(), JSON.stringify({ b: g(1) })].join();`);
  expect(value).toBe('a55,{"b":1}');
  expect(counts).toEqual({
    'entry:2': 2,
    'return:3': 2,
    'entry:4': 7,
    'entry:5': 12,
    'return:5': 4,
    'entry:6': 4,
    'return:6': 6,
    'entry:7': 1,
    // A call within an optional chain is left out.
    'return:8': 3,
  });
});

test('lines stay where they were, and types are no places', () => {
  const text = `const a = <T,>(x: T): T => {
  type U = ReturnType<typeof a>;
  return x as unknown as T;
};
export const b = a<(f: () => void) => void>((f) => f());`;
  const points: SourcePoint[] = [];
  const counted = countPoints(text, { file: 'a.ts', format: 'module', isWhole: true }, points);
  expect(counted.split('\n')).toHaveLength(5);
  expect(points.map(({ kind, line }) => `${kind}:${line}`)).toEqual([
    'entry:1',
    'return:5',
    'entry:5',
    'return:5',
  ]);
});

test('without --all only what is marked counts; what effect and packages run does not', () => {
  const { points } = count(
    `import { effect } from 'godwit';
import { other } from 'other';
function native() { return 1; }
async function marked() { 'use movable';
  await effect('e', {}, async () => { await null; });
  return other(native());
}`,
    false,
  );
  expect(points.map(({ kind, line }) => `${kind}:${line}`)).toEqual(['entry:4', 'await:5', 'return:6']);
});

test('a point that was passed natively and offered nothing is missing, one for one on each line', () => {
  const point = (kind: SourcePoint['kind'], line: number): SourcePoint => ({
    kind,
    file: 'a.ts',
    line,
    callee: null,
  });
  const points = [point('entry', 1), point('return', 2), point('return', 2), point('round', 3)];
  const offered: OfferedPoints[] = [
    { kind: 'entry', file: 'a.ts', line: 1, count: 1 },
    { kind: 'return', file: 'a.ts', line: 2, count: 1 },
    { kind: 'round', file: 'b.ts', line: 3, count: 1 },
  ];
  expect(missingPoint(points, [0, 2], offered)).toBe(null);
  expect(missingPoint(points, [0, 1, 2], offered)).toBe('a.ts:2 the return to a function offers no capture');
  expect(missingPoint(points, [3], offered)).toBe('a.ts:3 the back-edge of a loop offers no capture');
});

test('a function that is found as a property of the global object gives no return; one of another script does', () => {
  const text =
    'globalThis.far = () => 1;\nnear();\nfar();\nshared();\nmade = () => 2;\nmade();\nfunction near() {}';
  const lines = (format: 'module' | 'script', elsewhere: readonly string[]): readonly string[] => {
    const points: SourcePoint[] = [];
    const options = { file: 'a.js', format, isWhole: true, elsewhere: new Set(elsewhere) } as const;
    countPoints(text, options, points);
    return points.filter(({ kind }) => kind === 'return').map(({ line }) => String(line));
  };
  expect(lines('module', [])).toEqual(['2']);
  expect(lines('script', [])).toEqual(['2', '6']);
  expect(lines('script', [...namesOfScript('var shared = () => 3;', 'b.js')])).toEqual(['2', '4', '6']);
});
