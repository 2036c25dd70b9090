import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compileModule, refusalText } from '../../../src/methods/compiler/index.ts';

function compile(source: string) {
  return compileModule(`"use movable";\n${source}`, {
    path: 'm.ts',
    digest: { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') },
    runtimeSpecifier: 'godwit/runtime',
    rewriteSpecifier: (specifier) => specifier,
  });
}

function refusalOf(source: string): string {
  const outcome = compile(source);
  return outcome.kind === 'refused' ? refusalText(outcome) : '';
}

function codes(source: string): ReadonlyMap<string, string> {
  const outcome = compile(source);
  if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
  return new Map(outcome.methods.map(({ id, code }) => [id, code]));
}

test('each member is a method of its own', () => {
  const found = codes(`
    export class A {
      #p = 1; x = () => this.#p;
      constructor() {}
      m() {} static m() {} get v() { return 1; } set v(x) {} static get s() { return 1; } #q() {} static { A.m(); }
      [Symbol.iterator]() {} m2() { return class { n() {} }; }
    }`);
  expect([...found.keys()]).toEqual([
    'm.ts#A',
    'm.ts#A.x.x',
    'm.ts#A.constructor',
    'm.ts#A.m',
    'm.ts#A.static m',
    'm.ts#A.get v',
    'm.ts#A.set v',
    'm.ts#A.static get s',
    'm.ts#A.#q',
    'm.ts#A.static',
    'm.ts#A.~',
    'm.ts#A.m2',
    'm.ts#A.m2.~',
    'm.ts#A.m2.~.n',
  ]);
});

test('an edit of one member leaves the code of the others as it is', () => {
  const text = (value: string) =>
    `class A { #p = 1; a() { return this.#p + ${value}; } b() { return [1].map((x) => x + this.#p); } }
     export function main() { return new A().b(); }`;
  const before = codes(text('1'));
  const after = codes(text('2'));
  const changed = [...before].filter(([id, code]) => after.get(id) !== code).map(([id]) => id);
  expect(changed).toEqual(['m.ts#A.a']);
});

test('an edit of a field changes the class', () => {
  const text = (value: string) => `export class A { x = ${value}; m() { return this.x; } }`;
  const before = codes(text('1'));
  const after = codes(text('2'));
  expect([...before].filter(([id, code]) => after.get(id) !== code).map(([id]) => id)).toEqual(['m.ts#A']);
});

// Rule: a class that is there once is held by reference, so nothing in it may change.
test.each([
  ['class A { static n = 0; static bump() { A.n += 1; } }', "'A.n'"],
  ['class A { static n = 0; static bump() { this.n++; } }', "'A.n'"],
  ['class A { static #n = 0; static bump() { A.#n = 1; } }', "'A.#n'"],
  ['class A { static list = []; }', "'A.list'"],
  ['class A { static late; }', "'A.late'"],
  ['class A { static all = new Map(); }', "'A.all'"],
])('%s is state of the module', (source, named) => {
  expect(refusalOf(source)).toContain(named);
});

test.each([
  'class A { static n = 1; static list = Object.freeze([1]); n = 0; bump() { this.n += 1; } }',
  'class A { static n = 1; m() { const a = { n: 1 }; a.n = 2; } }',
])('%s keeps no state', (source) => {
  expect(refusalOf(source)).toBe('');
});

test.each([
  [
    'class A extends B { constructor() { const f = () => super(); f(); } } class B {}',
    "'super(…)' in an arrow",
  ],
  [
    'export function f() { return class A extends g(A) {}; } function g(x: unknown): any { return x; }',
    "class 'A'",
  ],
  ['@dec class A {} function dec(x: unknown) { return x; }', 'a decorator'],
])('%s is refused', (source, why) => {
  expect(refusalOf(source)).toContain(why);
});
