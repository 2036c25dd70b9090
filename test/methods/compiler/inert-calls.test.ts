import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compileModule, refusalText } from '../../../src/methods/compiler/index.ts';

/** The lines of `main` at which its calls may be captured, counted from the first line of the source. */
function callsIn(source: string, dense = false): readonly number[] {
  return mainOf(source, dense).sites.flatMap(({ kind, line }) => (kind === 'call' ? [line] : []));
}

function mainOf(source: string, dense = false) {
  const outcome = compileModule(`"use movable";${source}`, {
    path: 'm.ts',
    digest: { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') },
    runtimeSpecifier: 'godwit/runtime',
    rewriteSpecifier: (specifier) => specifier,
    dense,
  });
  if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
  const main = outcome.methods.find(({ id }) => id === 'm.ts#main');
  if (main === undefined) throw new Error('There is no main.');
  return main;
}

const functions = `
  function leaf(x: number) { return x + 1; }
  const arrow = (x: number) => leaf(x) * 2;
  function loops(x: number) { while (x > 0) x -= 1; return x; }
  function short(x: number) { for (let i = 0; i < 8; i++) x += leaf(i); return x; }
  function long(x: number) { for (let i = 0; i < 200; i++) x += short(i); return x; }
  function again(x: number): number { return x > 0 ? again(x - 1) : 0; }
  function calls(f: () => number) { return f(); }
  function walks(list: number[]) { for (const x of list) return x; return 0; }
  export function main(x: number) {
    let changed = () => 1;
    if (x > 5) changed = () => again(x);
    x += leaf(x);
    x += arrow(x);
    x += loops(x);
    x += short(x);
    x += long(x);
    x += again(x);
    x += calls(() => 1);
    x += walks([1]);
    x += changed();
    return x;
  }`;

test('a call of what soon ends, and calls nothing else, is no safe point', () => {
  const [loops, long, again, calls, walks, changed] = [15, 17, 18, 19, 20, 21];
  expect(callsIn(functions)).toEqual([loops, long, again, calls, walks, changed]);
});

test('where the source defines a safe point, a dense build has one', () => {
  expect(callsIn(functions, true)).toEqual([13, 14, 15, 16, 17, 18, 19, 20, 21]);
});

test("what a private method does is known; so is another's, unless some class may do it otherwise", () => {
  const source = (exported: string): string => `
    ${exported}class Base {
      #v = 1;
      #inert() { return this.#v; }
      small() { return 1; }
      other() { return 2; }
      via() { return this.#inert(); }
      field = () => 1;
    }
    class Derived extends Base { override other() { for (;;) return 3; } }
    export function main(base: Base, derived: Derived, any: { small(): number }) {
      base.via();
      base.small();
      derived.small();
      base.other();
      base.field();
      any.small();
      new Base();
      new Derived();
    }`;
  const [via, small, other, field, any] = [12, 13, 15, 16, 17];
  expect(callsIn(source(''))).toEqual([other, field, any]);
  // Another module may extend the one, but not the other.
  expect(callsIn(source('export '))).toEqual([via, small, other, field, any]);
});

test('what stays native is believed of a type, and of what a variable or field begins with', () => {
  const source = `
    interface Box { readonly text: string; readonly lists: readonly string[][] }
    class Holder { readonly #map = new Map<string, number[]>(); list: number[] = [];
      get(key: string) { return this.#map.get(key)?.length; } }
    export function main(text: string, box: Box, holder: Holder, any: { slice(): string }, own: Own) {
      let made = '';
      made += text.slice(1).trim();
      made.charCodeAt(0);
      box.text.split(',').push(made);
      box.lists[0]!.push(made);
      holder.list.push(1);
      holder.get('a');
      any.slice();
      own.slice();
    }
    type Own = string & { readonly own: true };`;
  const [anySlice, ownSlice] = [13, 14];
  expect(callsIn(source)).toEqual([anySlice, ownSlice]);
});

test('an edit of what it calls changes its code only where that begins or ends to be a safe point', () => {
  const source = (leaf: string): string => `
    function leaf(x: number) { ${leaf} }
    export function main(x: number) { return leaf(x); }`;
  const plain = mainOf(source('return x;')).code;
  expect(mainOf(source('return x * 2 + Math.abs(x);')).code).toBe(plain);
  expect(mainOf(source('while (x > 0) x--; return x;')).code).not.toBe(plain);
});
