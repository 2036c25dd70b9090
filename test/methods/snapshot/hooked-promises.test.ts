import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { decodeValue, encodeValue, type Reviver } from '../../../src/methods/snapshot/index.ts';

// What Node.js keeps on promises is of this process: it is no part of a snapshot.

const note = Symbol('note');

/** As the runtime's records do, but all alike. */
const external = (value: object) =>
  value instanceof Promise ? { kind: 'promise', record: 'a record' } : null;

const reviver: Reviver = { create: () => new Promise(() => undefined), fill: () => undefined };

function graph(): object {
  const noted = Object.assign(new Promise(() => undefined), { name: 'mine', [note]: 'kept' });
  return { plain: Promise.resolve(1), noted, frozen: Object.freeze(Promise.resolve(2)) };
}

const symbolsOf = (value: object): readonly symbol[] => Object.getOwnPropertySymbols(value);

test('promises made under async hooks have the same snapshot as others', () => {
  const expected = encodeValue(graph(), { external });
  const hook = createHook({ init: () => undefined }).enable();
  const hooked = graph() as { readonly plain: object };
  expect(symbolsOf(hooked.plain)).not.toEqual([]);
  expect(encodeValue(hooked, { external })).toEqual(expected);
  hook.disable();
});

test('the store of an AsyncLocalStorage stays where it is; what a program has put on a promise moves', () => {
  const storage = new AsyncLocalStorage<unknown>();
  storage.run({ socket: () => 'cannot move' }, () => {
    const copy = decodeValue(encodeValue(graph(), { external }), { reviver }) as {
      readonly noted: object;
      readonly plain: object;
    };
    const [symbol] = symbolsOf(copy.noted).filter(({ description }) => description === 'note');
    expect(symbol === undefined ? null : Reflect.get(copy.noted, symbol)).toBe('kept');
    expect(Reflect.get(copy.noted, 'name')).toBe('mine');
  });
  storage.disable();
});
