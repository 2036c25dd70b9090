import { expect, test } from 'vitest';
import { RealmState } from '../../../src/verify/process/realm-state.ts';

test('what a program makes of its realm is found, taken back, and made again elsewhere', () => {
  const here = new RealmState();
  expect(here.changes()).toEqual([]);
  const realm = globalThis as Record<string, unknown>;
  const prototype = Array.prototype as unknown as Record<string, unknown>;
  const { half } = Math as unknown as Record<string, unknown>;
  const last = function (this: unknown[]): unknown {
    return this.at(-1);
  };
  const { fround } = Math;
  try {
    realm['verified'] = { list: [1] };
    Object.defineProperty(prototype, 'last', { value: last, configurable: true });
    Reflect.deleteProperty(Math, 'fround');
    Math.max = () => 7;
    const changes = here.changes();
    expect(changes.map(({ object, key }) => `${object}.${String(key)}`).sort()).toEqual([
      'Array.prototype.last',
      'Math.fround',
      'Math.max',
      'globalThis.verified',
    ]);

    here.reset();
    expect([realm['verified'], prototype['last'], Math.max(1, 2), Math.fround, half]).toEqual([
      undefined,
      undefined,
      2,
      fround,
      undefined,
    ]);
    expect(here.changes()).toEqual([]);

    here.apply(changes);
    expect(([1, 5] as unknown as { last(): number }).last()).toBe(5);
    expect([Math.max(1, 2), Math.fround]).toEqual([7, undefined]);
    expect(Object.keys(Array.prototype)).toEqual([]);
  } finally {
    here.reset();
  }
});

test('what Node.js itself keeps on the global object is none of the program', async () => {
  const here = new RealmState();
  // Nobody listens there: what counts is that Node.js gets ready for it.
  await fetch('http://127.0.0.1:1').catch(() => null);
  expect(Object.getOwnPropertySymbols(globalThis).map(Symbol.keyFor)).toContain('undici.globalDispatcher.1');
  expect(here.changes()).toEqual([]);
});
