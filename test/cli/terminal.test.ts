import { expect, test } from 'vitest';
import { table } from '../../src/cli/table.ts';
import { cut, wrapped, wrappedLines } from '../../src/cli/terminal.ts';
import { jsonValue, valueText, ValueNotJsonError } from '../../src/cli/value-text.ts';

test('a line is cut and wrapped to the width of a terminal', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdefg', 6)).toBe('abcde…');
  expect(wrapped('one two three', 8, 2)).toBe('one two\n  three');
  expect(wrapped('unbreakable word', 4, 2)).toBe('unbreakable\n  word');
  expect(wrappedLines('head\n  one two three', 10)).toBe('head\n  one two\n    three');
});

test('the widest column of a table gives way', () => {
  const rows = [
    ['x-1', 'a-method-with-a-long-name'],
    ['x-2', 'short'],
  ];
  expect(table(['ID', 'METHOD'], rows, Number.POSITIVE_INFINITY)).toBe(
    'ID   METHOD\nx-1  a-method-with-a-long-name\nx-2  short',
  );
  expect(table(['ID', 'METHOD'], rows, 15)).toBe('ID   METHOD\nx-1  a-method-…\nx-2  short');
});

test('a result is shown whole, whatever it is', () => {
  const cyclic: { self: unknown } = { self: null };
  cyclic.self = cyclic;
  expect(valueText('as it is')).toBe('as it is');
  expect(valueText({ a: [1] })).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(valueText(undefined)).toBe('undefined');
  expect(valueText({ a: Number.NaN })).toBe('{ a: NaN }');
  expect(valueText([undefined])).toBe('[ undefined ]');
  expect(valueText(cyclic)).toBe('<ref *1> { self: [Circular *1] }');
  expect(jsonValue(undefined)).toBe(null);
  expect(jsonValue({ m: new Map([[1n, new Set(['a'])]]), f: new Float64Array([0.5]) })).toEqual({
    m: [['1n', ['a']]],
    f: [0.5],
  });
  expect(() => jsonValue(cyclic)).toThrow(ValueNotJsonError);
});
