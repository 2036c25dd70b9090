import { expect, test } from 'vitest';
import { formatAddress, isLoopback, parseAddress } from '../../src/wire/address.ts';

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['localhost', true],
  ['127.0.0.1.example.org', false],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
  ['::', false],
  ['', false],
])('%s is on loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each([
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
  ['localhost:0', null],
  ['localhost:65536', null],
  ['localhost', null],
  ['', null],
  ['::1:80', null],
])('%s is read as %o', (text, expected) => {
  expect(parseAddress(text)).toEqual(expected);
  if (expected !== null) expect(formatAddress(expected.host, expected.port)).toBe(text);
});
