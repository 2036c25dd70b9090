import { runInNewContext } from 'node:vm';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { spokenIterable, spokenName } from '../../../src/methods/compiler/spoken-names.ts';
import { child, type Node, nodes } from '../../../src/methods/compiler/syntax.ts';

const around = `
  const o = { a: { b: {} }, f() { return o; }, 'k-l': {} };
  const k = 'q';
  const no = undefined;
  const g = () => o;
  const h = () => g;
  const tag = () => o;
  function F() {}
  let m = o;
  let i = 1;
`;

const expressions =
  `o | o.a | o.a.b | o[k] | o["k-l"] | o["zz"] | o[0] | o[1.5] | o[-1] | o[k+1] | o[\`t\`] | o[\`t\${k}\`] | o[no] | o[null]
  | o[true] | o.f() | o.f().z | o.f(1, 2).z | h()() | g().a | new F().z | (k ? o : no).z | (k ? o : no) | (no || o).z | (no ?? o).z
  | (o && o.a).z | (no || no || o).z | (no || (no || o)).z | (1, o).z | (1, o.z) | (1, 2, o.z) | [1,2].z | [o, k].z | [...[1]].z | [].z
  | ({}).z | ({ a: 1 }).z | ({ a: 1, b: k }).z | ({ ...o }).z | ({ f() {} }).z | "abc".z | \`abc\`.z | \`a\${k}c\`.z | \`a\${k}c\${i}\`.z
  | (5).z | 1n.z | (-1).z | (-k).z | (!k).z | (!k) | (typeof k).z | (void 0) | (void k) | (delete o.q) | (i++).z | (++i).z | (m = o).z
  | (m = o) | (m.q = o).z | (i += 1).z | (m ||= o).z | (k + 1).z | (k + 1 + 2).z | (k + k * 2).z | (k - (k - 2)).z | (k < 2).z | (k != 2).z
  | (k !== 2).z | (k in o).z | (o instanceof F).z | (k === 1).z | /re/g.z | /re/gimsuy.z | (() => 5).z | (() => 5)() | (() => { k; k; return 5; })()
  | (function () {}).z | (function () {})() | (class {}).z | o?.z | o?.a.z | o?.["z"] | o?.[k] | o.f?.().z | (o?.a).z | (o?.z) | tag\`a\`.z
  | tag\`a\${k}\`.z | h\`a\`() | null | undefined | true | 5 | "s" | (o) | (o.z) | ((o)).z | o[o.a] | o[g()] | o[g().a] | o[[1]] | o[i++]
  | o[k ? 1 : 2] | (async () => 1)().z | (function* () {})().z | Math.zz | NaN | this.zz | new.target`
    .split(/\s+\| /)
    .map((one) => one.trim());

function messageOf(source: string): string {
  return runInNewContext(
    `${around}; (function () { 'use strict'; try { ${source}; } catch (error) { return error.message; } return 'none'; }).call({})`,
  ) as string;
}

function expressionOf(source: string): Node {
  const { program, errors } = parseSync('a.js', `(function () { ${source}; })`, { sourceType: 'script' });
  if (errors.length > 0) throw new Error(`${errors[0]?.message}: ${source}`);
  const [statement] = nodes(program as unknown as Node, 'body') as [Node];
  const outer = child(statement, 'expression');
  const inside = outer.type === 'ParenthesizedExpression' ? child(outer, 'expression') : outer;
  const [first] = nodes(child(inside, 'body'), 'body') as [Node];
  const made = child(first, 'expression');
  return made.type === 'ChainExpression' ? child(made, 'expression') : made;
}

test.each(expressions)('what is called, as V8 names it: %s', (expression) => {
  const call = expressionOf(`${expression}()`);
  expect(`${spokenName(child(call, 'callee'))} is not a function`).toBe(messageOf(`${expression}()`));
});

test.each(['o', 'o.a', 'g()', 'o.f()', 'no', 'new F()', '[o][0]', '{ a: 1 }', '5', '(g())'])(
  'what is walked, as V8 names it: %s',
  (expression) => {
    const walked = expressionOf(`(${expression})`);
    expect(`${spokenIterable(walked)} is not iterable`).toBe(messageOf(`for (const q of ${expression});`));
  },
);
