import { expect, test } from 'vitest';
import { hasNamedProperties } from '../src/named-properties.ts';

const length = 1000;
const makers: [string, () => object][] = [
  ['array', () => Array.from({ length }, (_, index) => index)],
  ['array of strings', () => Array.from({ length }, () => 'x')],
  ['array of holes', () => Object.assign([], { length })],
  ['array with holes between', () => Object.assign([], { 3: 'x', 999: 'y' })],
  ['Uint8Array', () => new Uint8Array(length)],
  ['Float64Array at an offset', () => new Float64Array(new ArrayBuffer(8 * length + 16), 16)],
  ['BigInt64Array', () => new BigInt64Array(length)],
  ['Buffer', () => Buffer.alloc(length)],
  ['Buffer of the pool', () => Buffer.from('x'.repeat(length))],
];

test.each(makers)('%s: elements are no named properties', (_, make) => {
  expect(hasNamedProperties(make())).toBe(false);
});

test.each(makers)('%s: any other property is seen', (_, make) => {
  expect(hasNamedProperties(Object.assign(make(), { extra: 1 }))).toBe(true);
  expect(hasNamedProperties(Object.assign(make(), { '-x': 'y' }))).toBe(true);
  expect(hasNamedProperties(Object.assign(make(), { [Symbol.for('s')]: 1 }))).toBe(true);
  expect(hasNamedProperties(Object.defineProperty(make(), 'hidden', { value: 1 }))).toBe(true);
});
