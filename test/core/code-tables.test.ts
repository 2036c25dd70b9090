import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesIn, lineText, originsIn, originText, sitesIn, siteText } from '../../src/core/code-tables.ts';
import { vlqText, vlqValues } from '../../src/core/vlq.ts';

const line = fc.nat(100_000);

test('numbers are the same after they were text, in the form of source maps', () => {
  expect(vlqText([0, 1, -1, 15, 16, -16, 1_000])).toBe('ACDegBhBw+B');
  const numbers = fc.array(fc.integer({ min: -(2 ** 29), max: 2 ** 29 }));
  fc.assert(
    fc.property(numbers, (values) => {
      expect(vlqValues(vlqText(values))).toEqual(values);
    }),
  );
});

test('the tables of compiled code are read as they were written', () => {
  const kind = fc.constantFrom('call', 'await', 'effect', 'begin', 'yield', 'entry', 'round', 'return');
  const live = fc
    .uniqueArray(fc.nat(60), { maxLength: 8 })
    .map((slots) => slots.toSorted((one, other) => one - other));
  const sites = fc.array(fc.tuple(kind, line, fc.oneof(live, fc.constant([1, 2]))));
  fc.assert(
    fc.property(sites, (rows) => {
      expect(sitesIn(siteText(rows))).toEqual(rows);
    }),
  );
  const lines = fc.array(fc.tuple(line, fc.nat(999)));
  fc.assert(
    fc.property(lines, (rows) => {
      expect(linesIn(lineText(rows))).toEqual(rows);
    }),
  );
  const origins = fc.array(fc.oneof(line, fc.constant(0), fc.constant(7)));
  fc.assert(
    fc.property(origins, (all) => {
      expect(originsIn(originText(all))).toEqual(all);
    }),
  );
});

test('variables that stay live from one safe point to the next are named once', () => {
  const live = [3, 4, 5, 9];
  const rows = [1, 2, 3].map((at) => ['call', at, live] as const);
  const [first] = rows;
  expect(siteText(rows).length - siteText(first === undefined ? [] : [first]).length).toBe(6);
});
