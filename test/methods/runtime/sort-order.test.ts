/* oxlint-disable typescript/no-array-delete */
import { test } from 'vitest';
import { same } from './beside-native.ts';
import { chance } from './workshop.ts';

test('sorting calls the comparator as the language does, however inconsistent it is', () => {
  const random = chance(7);
  const below = (limit: number): number => Math.floor(random() * limit);
  const comparators: readonly ((a: number, b: number) => unknown)[] = [
    (a, b) => a - b,
    (a, b) => b - a,
    (a, b) => a > b,
    (a, b) => ((a * 7919 + b * 104_729) % 3) - 1,
    (a, b) => (a >> 3) - (b >> 3),
    () => Number.NaN,
    (a, b) => ({ valueOf: () => a - b }),
    (a, b) => String(a - b),
  ];
  const shapes: readonly ((index: number, length: number) => number)[] = [
    (index) => index,
    (index) => -index,
    (index) => (index % 50) * 100 + index,
    (index, length) => (below(20) === 0 ? below(length) : index),
    () => below(8),
    (_, length) => below(length),
  ];
  for (let round = 0; round < 150; round += 1) {
    const length = below(round % 40 === 0 ? 2_000 : 120);
    const shape = shapes[round % shapes.length]!;
    const list: unknown[] = Array.from({ length }, (_, index) => shape(index, length));
    if (round % 5 === 0) for (let holes = below(6); holes > 0; holes -= 1) delete list[below(length)];
    if (round % 7 === 0) list[below(length)] = undefined;
    const compare = comparators[below(comparators.length)]!;
    for (const name of ['sort', 'toSorted']) {
      const rows: object[] = [list];
      if (name in Int16Array.prototype) rows.push(Int16Array.from(list as number[]));
      for (const source of rows) {
        if (!(name in source)) continue;
        same((call, log) => {
          const copy = (source as unknown[]).slice();
          let calls = 0;
          const answer = call(copy, name, (a: number, b: number) => {
            calls += 1;
            if (calls < 300) log(a, b);
            return compare(a, b);
          });
          log(calls, answer === copy);
          return [answer, copy];
        }, `round ${round}, ${name}`);
      }
    }
  }
  same((call, log) => {
    const list = [3, 1, 2];
    const answer = call(list, 'sort', (a: number, b: number) => (list.push(9), a - b));
    log(list);
    return answer;
  }, 'a list that grows while it is sorted');
});
