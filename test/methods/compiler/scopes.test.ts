import { runInThisContext } from 'node:vm';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { type Binding, resolveScopes, type Scopes } from '../../../src/methods/compiler/scopes.ts';
import type { Node } from '../../../src/methods/compiler/syntax.ts';
import { renamed } from './renaming.ts';

type Kind = 'module' | 'script';

function scopesOf(source: string, sourceType: Kind = 'module'): { program: Node; scopes: Scopes } {
  const { program, errors } = parseSync('a.js', source, { sourceType, lang: 'js' });
  if (errors.length > 0) throw new Error(`${errors[0]?.message}\n${source}`);
  return { program: program as unknown as Node, scopes: resolveScopes(program as unknown as Node) };
}

function bindingOf(scopes: Scopes, name: string, kind: string | null = null): Binding {
  const found = scopes.bindings.find(
    (binding) => binding.name === name && (kind ?? binding.kind) === binding.kind,
  );
  if (found === undefined) throw new Error(`nothing declares ${name}`);
  return found;
}

function run(source: string): string {
  const result: unknown = runInThisContext(`(function () {${source}\n})()`);
  return JSON.stringify(result);
}

// Each program's result must stay the same when every variable gets a name of its own, by what its references are.
test.each([
  [
    'parameters see each other, not the body',
    'const x = 1; return ((a = () => x, b = a()) => { var x = 2, a; return [b, a(), x]; })();',
  ],
  [
    'a body variable starts as its parameter',
    'return ((a, b = () => a) => { var a; const old = a; a = 5; return [old, a, b()]; })(3);',
  ],
  [
    'a function in the body is not its parameter',
    'return ((f = 1, g = () => f) => { function f() {} return [typeof f, g()]; })();',
  ],
  ['a simple parameter is its var', 'return ((a) => { var a = a + 1; function b() {} return a; })(1);'],
  [
    'a catch parameter hides a var',
    'const e = 0; try { throw 1; } catch (e) { e += 1; var f = e; { let e = 5; f += e; } } return [e, f];',
  ],
  [
    'a pattern in catch',
    'try { throw { a: [1] }; } catch ({ a: [b], c = b }) { let d = c; { let c = 7; d += c; } return d; }',
  ],
  [
    'loops have scopes',
    'const i = 9, out = []; for (let i = 0, n = 2; i < n; i++) { let i = 5; out.push(i); } for (const i of [i => i]) out.push(i(3)); return [out, i];',
  ],
  [
    'the head of for-of is dead in what it walks',
    'const x = [1]; try { for (const x of x) return 1; } catch (e) { return e.name; }',
  ],
  [
    'a switch is one scope',
    'const a = 1, b = 2; try { switch (a) { case 0: let b; case 1: b = 3; } } catch (e) { return [e.name, b]; }',
  ],
  ['the subject of a switch is outside', 'const a = 1; switch (a) { case 1: let a = 2; return a; }'],
  [
    'a function expression knows itself',
    'const f = function g(n) { return n > 0 ? g(n - 1) + 1 : 0; }; const h = function g() { var g = 4; return g; }; return [f(3), h()];',
  ],
  [
    'a class knows itself',
    'let C = class D { static own = D; m() { return D; } }; const E = C; C = 1; return [E.own === E, new E().m() === E];',
  ],
  [
    'a declared class has two names',
    'class C { static get() { return C; } } const D = C; C = 5; return [C, D.get() === D];',
  ],
  [
    'static blocks and fields are functions',
    'const r = []; class A { static x = (() => { var q = 1; return q; })(); static { var q = 2; r.push(q); } y = r.length; [r.push(3)] = 4; } return [r, new A().y, A.x];',
  ],
  ['labels are no names', 'const a = 1; a: for (;;) { break a; } return a;'],
  [
    'hoisting',
    'return [typeof f, typeof v, g()]; function f() {} var v = 1; function g() { return typeof v; } function f() {}',
  ],
  [
    'patterns of all sorts',
    'let a, b, rest, o = {}; ({ a, b: [b, o.p = a] = [2], ...rest } = { a: 1, c: 3 }); [a, ...[o.q]] = [b, a]; return [a, b, rest, o];',
  ],
  [
    'shorthands',
    'const a = 1; { const a = 2; var o = { a, b: a, c() { return a; } }; } const { a: c = a, ...d } = o; return [a, o.a, o.c(), c, Object.keys(d)];',
  ],
  [
    'keys that are computed',
    'const k = "x"; { const k = "y"; var o = { [k]: k, k: 1, get [k + 1]() { return k; } }; class A { [k]() { return k; } static [k + k] = k; } var p = [new A().y(), A.yy]; } return [o, p, k];',
  ],
  [
    'arrows take arguments along',
    'return (function (a) { return (() => (() => arguments[0] + a)())(); })(4);',
  ],
  [
    'a var is one of its function',
    'var out = []; for (var i = 0; i < 2; i++) { var j = i; out.push(() => [i, j]); } return out.map((f) => f());',
  ],
  [
    'a let is one of its iteration',
    'var out = []; for (let i = 0; i < 2; i++) { let j = i; out.push(() => [i, j++]); } return out.map((f) => f());',
  ],
  [
    'generators',
    'function* g(a, b = a) { for (const a of [b]) yield a; try { yield a; } finally { var c = a; } return c; } return [...g(3)];',
  ],
])('%s', (_, source) => {
  for (const prefix of ['', '"use strict";\n']) {
    const changed = renamed(prefix + source);
    expect(changed).not.toBe(prefix + source);
    expect(run(changed)).toBe(run(prefix + source));
  }
});

const facts = ['isCaptured', 'isAssigned', 'maybeEarly', 'needsBox'] as const;

// What closures need to know of the variable x.
test.each([
  ['function f() { const x = 1; return () => x; }', ['isCaptured']],
  ['function f() { let x = 1; x = 2; return x; }', ['isAssigned']],
  ['function f() { let x; x = 1; return () => x; }', ['isCaptured', 'isAssigned', 'needsBox']],
  ['function f() { let x = 0; return () => x++; }', ['isCaptured', 'isAssigned', 'needsBox']],
  ['function f(x) { return () => x; }', ['isCaptured']],
  ['function f(x) { x += 1; return () => x; }', ['isCaptured', 'isAssigned', 'needsBox']],
  ['function f(x, g = () => x) { return g; }', ['isCaptured']],
  ['function f(g = () => x, x) { return g; }', ['isCaptured', 'maybeEarly', 'needsBox']],
  ['function f(y = x, x) { return y; }', ['maybeEarly']],
  ['function f() { g(() => x); const x = 1; }', ['isCaptured', 'maybeEarly', 'needsBox']],
  ['function f() { const x = g(() => x); }', ['isCaptured', 'maybeEarly', 'needsBox']],
  ['function f() { const x = () => x(); }', ['isCaptured', 'needsBox']],
  ['function f() { const x = { a() { return x; } }; }', ['isCaptured', 'needsBox']],
  ['function f() { const x = { [k]() { return x; } }; }', ['isCaptured', 'maybeEarly', 'needsBox']],
  ['function f() { const a = () => x(); const b = 1, x = () => a(); }', ['isCaptured', 'needsBox']],
  [
    'function f() { const a = () => x(); a(); const x = () => a(); }',
    ['isCaptured', 'maybeEarly', 'needsBox'],
  ],
  ['function f() { const x = 1; return g(); function g() { return x; } }', ['isCaptured', 'needsBox']],
  ['function f() { g(); const x = 1; function g() { return x; } }', ['isCaptured', 'maybeEarly', 'needsBox']],
  [
    'function f() { g(); const x = 1; function g() { h(); } function h() { g(); x; } }',
    ['isCaptured', 'maybeEarly', 'needsBox'],
  ],
  [
    'function f() { const x = 1; g(); function g() { h(); } function h() { g(); x; } }',
    ['isCaptured', 'needsBox'],
  ],
  ['function f() { x; let x = 1; }', ['maybeEarly']],
  ['function f() { let x = x + 1; }', ['maybeEarly']],
  ['function f(k) { switch (k) { case 0: let x = 1; break; case 1: return x; } }', ['maybeEarly']],
  ['function f(k) { switch (k) { case 0: let x = 1; return () => x; } }', ['isCaptured']],
  [
    'function f(k) { switch (k) { case 0: let x = 1; break; case 1: return () => x; } }',
    ['isCaptured', 'maybeEarly', 'needsBox'],
  ],
  ['function f() { for (const x of [1]) g(() => x); }', ['isCaptured']],
  ['function f() { for (const x of g(() => x)); }', ['isCaptured', 'maybeEarly', 'needsBox']],
  ['function f() { for (let x = 0; x < 3; x++) g(() => x); }', ['isCaptured', 'isAssigned', 'needsBox']],
  ['function f() { for (let i = 0; i < 3; i++) { const x = i; g(() => x); } }', ['isCaptured']],
  ['function f() { for (;;) { var x = 1; g(() => x); } }', ['isCaptured', 'isAssigned', 'needsBox']],
  ['function f() { var x = 1; return () => x; }', ['isCaptured']],
  ['function f() { var x = 1; var x = 2; return () => x; }', ['isCaptured', 'isAssigned', 'needsBox']],
  ['function f() { const g = () => x; var x = 1; }', ['isCaptured', 'needsBox']],
  ['function f() { for (var x of [1, 2]) g(() => x); }', ['isCaptured', 'isAssigned', 'needsBox']],
  ['function f() { class x { m() { return 1; } } return () => x; }', ['isCaptured']],
  ['function f() { new x(); class x {} }', ['maybeEarly']],
  ['function f() { try {} catch (x) { return () => x; } }', ['isCaptured']],
  [
    'function f() { try {} catch (x) { var x = 1; return () => x; } }',
    ['isCaptured', 'isAssigned', 'needsBox'],
    'catch',
  ],
  [
    'function f(x) { arguments[0] = 2; return () => x; }',
    ['isCaptured', 'isAssigned', 'needsBox'],
    'parameter',
    'script',
  ],
  ['function f(x) { "use strict"; return [arguments, () => x]; }', ['isCaptured'], 'parameter', 'script'],
  ['const g = class x extends h(() => x) {}', ['isCaptured', 'maybeEarly', 'needsBox']],
  ['const g = class x { static s = x; m() { return x; } }', ['isCaptured']],
  ['class C { static { const x = 1; this.f = () => x; } }', ['isCaptured']],
] as const)('%s', (source, expected, kind: string | null = null, sourceType: Kind = 'module') => {
  const x = bindingOf(scopesOf(source, sourceType).scopes, 'x', kind);
  expect(facts.filter((fact) => x[fact])).toEqual(expected);
});

function unitOf(program: Node, scopes: Scopes, start: string, source: string): Node {
  const found = scopes.units.find((unit) => source.startsWith(start, unit.start));
  if (found === undefined) throw new Error(`no unit at ${start} in ${program.type}`);
  return found;
}

test('arrows take this, arguments, new.target and super from the function around them; others have their own', () => {
  const source = `class A extends B {
    constructor() { const one = () => { super(new.target, arguments, this); }; one(); }
    field = () => this;
    static { const two = () => this; two(); }
    method() { return function three() { return this; }; }
  }`;
  const { program, scopes } = scopesOf(source);
  const taken = (start: string): readonly string[] => {
    const captures = scopes.capturesOf(unitOf(program, scopes, start, source));
    return Object.entries(captures).flatMap(([name, value]) => (value === true ? [name] : []));
  };
  expect(taken('() => { super')).toEqual(['thisValue', 'argumentsObject', 'newTarget', 'superMember']);
  expect(taken('() => this;\n    static')).toEqual(['thisValue']);
  expect(taken('() => this; two')).toEqual(['thisValue']);
  expect(taken('function three')).toEqual([]);
  const owners = [...scopes.contexts].map(([node, unit]) => `${node.type} ${unit?.type}`);
  expect(owners).toEqual([
    'Super FunctionExpression',
    'MetaProperty FunctionExpression',
    'Identifier FunctionExpression',
    'ThisExpression FunctionExpression',
    'ThisExpression PropertyDefinition',
    'ThisExpression StaticBlock',
    'ThisExpression FunctionExpression',
  ]);
});

test('captures are those of nested functions too, without what those declare, and without the module', () => {
  const source = `const top = 1;
  function outer(a, b) { const c = 2; { let d = 3; return () => { const e = a; return () => [e, d, top, outer, c]; }; } }`;
  const { program, scopes } = scopesOf(source);
  const outer = unitOf(program, scopes, 'function outer', source);
  const [middle] = scopes.unitsIn(outer) as [Node];
  const [inner] = scopes.unitsIn(middle) as [Node];
  const names = (unit: Node): readonly string[] => scopes.capturesOf(unit).bindings.map(({ name }) => name);
  expect(names(outer)).toEqual([]);
  expect(names(middle)).toEqual(['a', 'd', 'c']);
  expect(names(inner)).toEqual(['e', 'd', 'c']);
  expect(scopes.bindingsOf(outer).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  expect(scopes.bindingsOf(null).map(({ name }) => name)).toEqual(['top', 'outer']);
  expect(scopes.parentOf(inner)).toBe(middle);
});

test('a body has variables apart from the parameters only where functions among those can tell', () => {
  const named = (source: string): readonly (readonly [string, string | null])[] => {
    const { scopes } = scopesOf(source);
    const all = scopes.bindings.filter(({ name }) => name === 'a');
    return all.map(({ kind, copyOf }) => [kind, copyOf?.kind ?? null]);
  };
  expect(named('function f(a, b = 1) { var a; }')).toEqual([['parameter', null]]);
  expect(named('function f(a, b = () => a) { var a; }')).toEqual([
    ['parameter', null],
    ['var', 'parameter'],
  ]);
  expect(named('function f(a, b = () => a) { function a() {} }')).toEqual([
    ['parameter', null],
    ['function', null],
  ]);
});

test('private names belong to the class that declares them', () => {
  const source =
    'class A { #x; m() { return class B { #y; n(o) { return (() => [o.#x, o.#y, #x in o])(); } }; } }';
  const { program, scopes } = scopesOf(source);
  const arrow = unitOf(program, scopes, '() => [', source);
  const names = scopes.capturesOf(arrow).privates.map((owner) => (owner['id'] as Node)['name']);
  expect(names).toEqual(['A', 'B']);
  const used = [...scopes.privates].map(
    ([node, owner]) => `${String(node['name'])} ${String((owner['id'] as Node)['name'])}`,
  );
  expect(used).toEqual(['x A', 'y B', 'x A']);
});

test('imports and exports by name', () => {
  const { scopes } = scopesOf(
    'import a, { b as c, default as d, "e f" as g } from "m"; import * as h from "n";\n' +
      'export { a as z, c, c as "y x" }; export default function i() {} export const { j, k: [l] } = h; export class M {}',
  );
  expect(
    scopes.bindings.map(({ name, imported, exportedAs }) => [
      name,
      imported?.source,
      imported?.name,
      ...exportedAs,
    ]),
  ).toEqual([
    ['a', 'm', 'default', 'z'],
    ['c', 'm', 'b', 'c', 'y x'],
    ['d', 'm', 'default'],
    ['g', 'm', 'e f'],
    ['h', 'n', '*'],
    ['i', undefined, undefined, 'default'],
    ['j', undefined, undefined, 'j'],
    ['l', undefined, undefined, 'l'],
    ['M', undefined, undefined, 'M'],
    ['M', undefined, undefined],
  ]);
});

test('sloppy scripts: functions in blocks, globals by assignment, what names may mean anything', () => {
  const source = `implicit = 1; implicit2 += 1; if (1) function inIf() {}
    { function inBlock() {} } { let hidden; { function hidden() {} } } label: function labelled() {}
    function strictly() { 'use strict'; { function kept() {} } }
    with (Math) floor(1); eval('1'); (0, eval)('2');`;
  const { scopes } = scopesOf(source, 'script');
  expect([...scopes.assignedGlobals]).toEqual(['implicit', 'implicit2']);
  expect([...scopes.annexB].map(([, { name, kind }]) => `${name} ${kind}`)).toEqual([
    'inIf var',
    'inBlock var',
  ]);
  expect(scopes.dynamic.map(({ type }) => type)).toEqual(['WithStatement', 'CallExpression']);
  expect(scopes.isStrict(null)).toBe(false);
  const strict = scopes.units
    .filter((unit) => scopes.isStrict(unit))
    .map((unit) => (unit['id'] as Node)['name']);
  expect(strict).toEqual(['strictly', 'kept']);
});

test('`within` names the class element whose code it is; computed keys belong to the function around', () => {
  const { scopes } = scopesOf(
    'const k = 1; function f() { return class { [k] = k; static { k; } m() { k; } }; }',
  );
  const within = bindingOf(scopes, 'k').references.map((reference) => reference.within?.type ?? null);
  expect(within).toEqual([
    null,
    'FunctionDeclaration',
    'PropertyDefinition',
    'StaticBlock',
    'FunctionExpression',
  ]);
});

test('each of thousands of functions is given its own variables only', () => {
  const functions = Array.from(
    { length: 2000 },
    (_, i) => `function f${i}(a) { const b = a; return () => b + f${i}(a); }`,
  );
  const { scopes } = scopesOf(functions.join('\n'));
  expect(scopes.units.length).toBe(4000);
  expect(new Set(scopes.units.map((unit) => scopes.bindingsOf(unit).length))).toEqual(new Set([0, 2]));
});
