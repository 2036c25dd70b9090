import { expect, test } from 'vitest';
import {
  beginSchedule,
  hurry,
  isDue,
  planFor,
  randomPlan,
  settle,
  passPoints,
  type ScheduleState,
  settlePoint,
} from '../../src/verify/schedule.ts';

/** Points that are moved at, of a run that passes so many one by one. */
function moved(begin: ScheduleState, points: number): readonly number[] {
  const found: number[] = [];
  let state = begin;
  for (let point = 1; point <= points; point += 1) {
    state = passPoints(state, 1);
    if (!isDue(state)) continue;
    found.push(point);
    // Goes through JSON, as it does on its way.
    state = JSON.parse(JSON.stringify(settlePoint(state, true))) as ScheduleState;
  }
  return found;
}

test('the first points all, later ones ever fewer, and marked ones in any case', () => {
  const plan = { kind: 'thinned', allUntil: 100, ratio: 1.1 } as const;
  const found = moved(beginSchedule(plan, 1_000, [7_001, 3_003]), 10_000);
  expect(found.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  expect(found).toContain(3_003);
  expect(found).toContain(7_001);
  // Log(10,000 / 100) / log(1.1) is 48.
  expect(found.length).toBeGreaterThan(140);
  expect(found.length).toBeLessThan(155);
});

test('each so many-th point, up to the most', () => {
  expect(moved(beginSchedule({ kind: 'every', points: 30 }, 4), 1_000)).toEqual([30, 60, 90, 120]);
  expect(moved(beginSchedule({ kind: 'never' }, 4), 1_000)).toEqual([]);
});

test('chance is seeded, and thins', () => {
  const random = (seed: number) =>
    moved(beginSchedule({ kind: 'random', seed, ratio: 1.04 }, 10_000), 20_000);
  expect(random(1)).toEqual(random(1));
  expect(random(1)).not.toEqual(random(2));
  const found = random(3);
  expect(found.filter((point) => point <= 100).length).toBeGreaterThan(20);
  expect(found.filter((point) => point > 10_000).length).toBeLessThan(60);
  expect(found.length).toBeGreaterThan(100);
});

test('who is late thins more', () => {
  const plan = { kind: 'thinned', allUntil: 1_000, ratio: 1.02 } as const;
  const late = hurry({ ...beginSchedule(plan, 1_000), point: 500, next: 501 }, 2);
  expect(late.next).toBe(1_002);
  expect(moved({ ...late, point: 0, next: 1 }, 1_000)).toEqual([1, 4, 10, 22, 46, 94, 190, 382, 766]);
});

test('who is very late moves at the marks alone', () => {
  const late = settle({ ...beginSchedule({ kind: 'every', points: 10 }, 1_000, [77, 400]), point: 100 });
  expect(late.next).toBe(400);
  expect(moved({ ...late, point: 0, next: 1 }, 1_000)).toEqual([1, 77, 400]);
});

test('a point at which nothing could move costs no move', () => {
  const begin = passPoints(beginSchedule({ kind: 'every', points: 10 }, 1), 10);
  const pinned = settlePoint(begin, false);
  expect(pinned).toMatchObject({ point: 10, next: 20, moves: 0 });
  expect(isDue(passPoints(pinned, 10))).toBe(true);
});

test('fewer moves than the default plan takes are spread over the run', () => {
  expect(planFor(500, 5_000)).toEqual({ kind: 'thinned', allUntil: 1_000, ratio: 1.02 });
  expect(planFor(1e9, 5_000)).toEqual({ kind: 'thinned', allUntil: 1_000, ratio: 1.02 });
  const spread = moved(beginSchedule(planFor(10_000, 60), 60), 10_000);
  expect(spread).toHaveLength(59);
  expect(spread.filter((point) => point > 5_000).length).toBeGreaterThan(25);
  const random = moved(beginSchedule(randomPlan(5, 60), 60), 100_000);
  expect(random.length).toBeGreaterThan(30);
  expect(random.at(-1)).toBeGreaterThan(50_000);
});
