import { expect, test } from 'vitest';
import { load, runMovable, runNative, writeModules } from './workshop.ts';
// Calls of `w` are safe points: whatever stands around one is taken apart there.
const w = 'function w(x: any): any { let i = 0; while (i < 2) i += 1; return x; }\n';
const cases: [string, string][] = [
  ['hashbang', '#!/usr/bin/env node\n"use movable";\nexport function main(n: number) { return n; }'],
  [
    'names like generated',
    '"use movable";\n' +
      w +
      'function main$r(): number { return 7; }\nconst main$m = 3;\nexport function main(n: number) { return [main$r(), main$m, w(n)]; }',
  ],
  [
    'boxed compound',
    '"use movable";\n' +
      w +
      'export async function main(n: number) { let x = n; [1].forEach(() => { x += 1; }); x += w(x) * (await x); x ??= w(4); const o: any = { x }; o.y ??= w(x); return [x, o]; }',
  ],
  [
    'spread and new',
    '"use movable";\n' +
      w +
      'export function main(n: number) { const a = [1,2]; return [Math.max(...a, w(9), ...a), new Date(w(5), ...[1] as [number]).getTime() === new Date(5,1).getTime(), [...w(a), , w(1), ...a].length]; }',
  ],
  [
    'comma calls asi',
    '"use movable";\n' +
      w +
      'export function main(n: number) {\n  let y = n as number\n  ;[1, 2].forEach((v) => { y += v })\n  const z = w(y)!\n  return z\n}',
  ],
  [
    'while with await test',
    '"use movable";\n' +
      w +
      'export async function main(n: number) { let i = 0; while ((await w(i)) < n && w(true)) { if (w(i) === 3) { i += 2; continue; } i++; } do { i--; } while (w(i) > (await w(2))); for (let k = w(0); k < w(4); k += w(1)) { if (k === 2) continue; i += k; } return i; }',
  ],
  [
    'optional chains',
    '"use movable";\n' +
      w +
      'export async function main(n: number) { const o: any = { a: { f(x: any) { return x; }, g: null }, n: null }; return [o?.a?.f(w(1)), o.n?.f(w(2)), o.a.g?.(w(3)), (o.a?.f)(w(4)), o.a[w("f")]?.(5), o?.["a"]["f"](await w(6))]; }',
  ],
  [
    'catch without binding, nested',
    '"use movable";\n' +
      w +
      'export function main(n: number) { let s = ""; for (let i = 0; i < 4; i++) { try { try { if (i % 2) throw new Error("x" + i); s += w("a"); } catch { s += w("b"); if (i === 3) throw new Error("y"); } } catch (e: any) { s += e.message; } } return s; }',
  ],
  [
    'delete typeof void in',
    '"use movable";\n' +
      w +
      'export function main(n: number) { const o: any = { a: 1, b: 2 }; return [delete o[w("a")], "a" in w(o), typeof w(1), void w(1), w(o) instanceof Object, o]; }',
  ],
  [
    'update members',
    '"use movable";\n' +
      w +
      'export function main(n: number) { const o: any = { a: 1 }; const r = [w(o).a++, ++w(o)[w("a")], w(o).a -= w(1), w(o)[w("a")] **= w(2)]; return [r, o]; }',
  ],
  [
    'default params calling',
    '"use movable";\n' +
      w +
      'function f(a: number, b = w(a + 1), { c = w(b), ...d }: any = w({ e: 1 }), ...[x, y = w(3)]: number[]) { return [a, b, c, d, x, y]; }\nexport function main(n: number) { return [f(1), f(1, 2), f(1, 2, { c: 3, q: 4 }, 5), f.length]; }',
  ],
  [
    'frozen closure tables, sort, replace',
    '"use movable";\n' +
      w +
      'const cmp = (a: number, b: number) => a - b;\nexport function main(n: number) { return [[3, 1, 2].sort(cmp), "aXbX".replace(/X/g, (m) => m + w(1)), [1, 2].reduce((s, v) => s + w(v), 0)]; }',
  ],
  [
    'switch with return in async',
    '"use movable";\n' +
      w +
      'async function g(k: number) { switch (await w(k)) { case 1: return "one"; case 2: break; default: throw new Error("d" + k); } return "two"; }\nexport async function main(n: number) { const o = []; for (let k = 1; k < 4; k++) { try { o.push(await g(k)); } catch (e: any) { o.push(e.message); } } return o; }',
  ],
  [
    'for-of var and outer target',
    '"use movable";\n' +
      w +
      'export function main(n: number) { let k = 0; const o: any = {}; for (k of [1, 2]) w(k); for (o.p of [3, 4]) w(o); for (var [q] of [[5], [6]]) w(q); return [k, o, q]; }',
  ],
  [
    'types that are wrong',
    '"use movable";\n' +
      w +
      'class Rope { charCodeAt(i: number) { let s = 0; for (const x of [1, 2]) s += w(x + i); return s; } [Symbol.iterator]() { return [w(1), w(2)][Symbol.iterator](); } }\n' +
      'class Base { size() { return 1; } }\nfunction read(text: string, base: Base, list: number[]) { let t = ""; t = text; return [t.charCodeAt(1), text.charCodeAt(w(2)), base.size(), Math.max(...list)]; }\n' +
      'export function main(n: number) { const other: any = { size() { let s = 0; for (let i = 0; i < n; i++) s += w(i); return s; } }; return read(new Rope() as any, other, new Rope() as any); }',
  ],
  [
    'error messages',
    '"use movable";\n' +
      w +
      'export function main(n: number) { const out: string[] = []; const t = (f: () => void) => { try { f(); } catch (e: any) { out.push(e.message); } }; t(() => { const o: any = {}; o.foo(); }); t(() => { const q: any = null; q.x; }); return out; }',
  ],
];
test.each(cases)('%s, moved or not', async (_n, source) => {
  const native = writeModules({ 'm.ts': source }, { movable: false });
  const movable = writeModules({ 'm.ts': source }, { movable: true });
  const expected = await runNative(native, 'm.ts', 'main', [6]);
  await load(movable, 'm.ts');
  expect(
    (
      await runMovable(
        movable,
        'm.ts#main',
        [6],
        () => false,
        () => false,
      )
    ).outcome,
  ).toEqual(expected);
  expect((await runMovable(movable, 'm.ts#main', [6], () => true)).outcome).toEqual(expected);
});
