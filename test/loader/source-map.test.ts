import { expect, test } from 'vitest';
import { originOf, readMap, splitInlineMap, withInlineMap, writeMap } from '../../src/loader/source-map.ts';

const lines = [
  [
    { column: 0, source: 0, line: 4, sourceColumn: 2 },
    { column: 20, source: 1, line: 0, sourceColumn: 0 },
  ],
  [],
  [{ column: 3, source: 0, line: 70_000, sourceColumn: 1 }],
  [
    { column: 0, source: 0, line: 2, sourceColumn: 0 },
    { column: 9, source: 0, line: 3, sourceColumn: 40 },
  ],
];
const map = { sources: ['a.ts', 'b.ts'], contents: ['text of a', null], lines };

test('a map that is written is read again', () => {
  expect(readMap(writeMap(map))).toEqual(map);
  expect(readMap(JSON.stringify(writeMap(map)))).toEqual(map);
});

test.each([['{'], ['null'], ['{}'], [undefined], [12]])('%s is no map', (text) => {
  expect(readMap(text)).toBeNull();
});

test('sources are found from their root', () => {
  expect(readMap({ ...writeMap(map), sourceRoot: '../src/' })?.sources).toEqual([
    '../src/a.ts',
    '../src/b.ts',
  ]);
});

test('the line that a place was made from', () => {
  const origin = originOf(map, 0);
  expect(origin?.source).toBe('text of a');
  expect(origin?.lineOf(1, 0)).toBe(5);
  // Of what came from another file, and of what came from none, the line before counts.
  expect(origin?.lineOf(1, 25)).toBe(5);
  expect(origin?.lineOf(2, 0)).toBe(5);
  // Before the first segment of a line, that one counts.
  expect(origin?.lineOf(3, 0)).toBe(70_001);
  expect(origin?.lineOf(4, 8)).toBe(3);
  expect(origin?.lineOf(4, 9)).toBe(4);
  expect(originOf(map, 1)).toBeNull();
  expect(originOf(map, null)).toBeNull();
  expect(originOf({ ...map, sources: ['a.ts'] }, null)).not.toBeNull();
});

test('inline maps', () => {
  const text = withInlineMap('code();', JSON.stringify(writeMap(map)));
  expect(splitInlineMap(text)).toEqual({ code: 'code();\n', map });
  expect(splitInlineMap('code();')).toEqual({ code: 'code();', map: null });
});
