/** Small programs, each about one corner of the language. `main` takes one number, and returns plain data. */
export interface Program {
  readonly name: string;
  readonly source: string;
}

const of = (name: string, source: string): Program => ({ name, source: `"use movable";\n${source}` });

export const programs: readonly Program[] = [
  of(
    'nested loops, of each kind',
    `export function main(n: number): number[] {
      const out: number[] = [];
      for (let i = 0; i < n; i++) for (let j = i; j >= 0; j -= 2) out.push(i * j);
      let k = 0;
      while (k < n) { k += 1; if (k % 3 === 0) continue; if (k > 20) break; out.push(k); }
      do { k -= 1; out.push(-k); } while (k > 2);
      for (;;) { if (k++ > 6) break; }
      out.push(k);
      return out;
    }`,
  ),
  of(
    'a counted loop of odd bounds and steps',
    `export function main(n: number): unknown[] {
      const out: unknown[] = [];
      for (let i = 0; i <= 3000; i += 7) if (i % 1000 === 0) out.push(i);
      for (let i = 5000; i > 0; i -= 3) if (i % 1000 === 2) out.push(i);
      for (let b = 0n; b < 5n; b++) out.push(b);
      const step = n / 4;
      for (let x = 0.5; x < 5; x += step) out.push(x);
      const list = [1, 2, 3];
      for (let i = 0; i < list.length; i++) { if (list.length < 2000) list.push(i); }
      out.push(list.length);
      let sum = 0;
      for (let i = 0, j = 10; i < j; i++, j--) sum += i * j;
      outer: for (let i = 0; i < 2500; i++) { for (let j = 0; j < 2500; j++) { if (j > i) continue outer; if (i > 40) break outer; sum += j; } }
      out.push(sum);
      for (let i = NaN; i < 3; i++) out.push('never');
      let tries = 0;
      for (let i = 0; tries < 2000; i++) { tries += 1; }
      out.push(tries);
      return out;
    }`,
  ),
  of(
    'shorthand properties of variables that closures share',
    `function twice(n: number): number { let s = 0; let i = 0; while (i++ < 2) s += n; return s; }
    export async function main(n: number): Promise<unknown> {
      let shared = n + n;
      let last = 1;
      const raise = [1, 2].map((by) => (shared += by, last = by, shared));
      return { shared, first: twice(n), raised: twice(raise[1] ?? 0), last };
    }`,
  ),
  of(
    'pending operands around calls and awaits',
    `async function h(a: number[]): Promise<number> { a[0] = 100; a.push(7); return a.length; }
    function g(i: number): number { let s = 0; let k = 0; while (k++ < 3) s += i; return s; }
    export async function main(n: number): Promise<unknown> {
      const a = [1, 2, 3, 4];
      let i = 0;
      a[i++] += g(i) * (await h(a));
      let x = 5;
      x += await h(a);
      x = x + (x = g(x)) + x;
      const o = { p: 1, q: { r: 2 } };
      o.q.r += g(o.p) + (await h(a)) + o.q.r;
      o['p'] ||= await h(a);
      o.p &&= (await h(a)) + g(2);
      const t = [i, g(i), i++, await h(a), i, ...a.slice(0, 2), g(n)];
      const m = { i, [\`k\${g(1)}\`]: g(i++), ...{ z: await h(a) }, i2: i };
      return { a, i, x, o, t, m, text: \`\${i} \${g(i)} \${i++} \${await h(a)} \${i}\` };
    }`,
  ),
  of(
    'logic, conditions, chains and sequences with calls inside',
    `function t(x: unknown): unknown { let i = 0; while (i < 2) i += 1; return x; }
    export async function main(n: number): Promise<unknown[]> {
      const o: any = { f: { g: (v: number) => v * 2, h: null, t }, list: [1, 2, 3] };
      const calls: unknown[] = [];
      return [
        t(0) || t('') || t('last'), t(1) && t(0) && t('never'), t(null) ?? t(undefined) ?? t('nullish'),
        t(n > 3) ? t('yes') : t('no'), (t(1), calls.push(2), t(3)),
        o?.f?.t(5), o.f?.h?.t(6), o.none?.t(t(7)), o.f.h ?? (await t(8)), o.list?.[t(1) as number],
        typeof t('s'), -(t(4) as number), !t(0), void t(1), t(2) === t(2), o.f.t(o.f.g(t(3) as number)),
        new Array(t(2) as number, await t(3)), calls,
      ];
    }`,
  ),
  of(
    'recursion, mutual and asynchronous',
    `function even(n: number): boolean { return n === 0 ? true : odd(n - 1); }
    function odd(n: number): boolean { return n === 0 ? false : even(n - 1); }
    function ack(m: number, n: number): number { return m === 0 ? n + 1 : n === 0 ? ack(m - 1, 1) : ack(m - 1, ack(m, n - 1)); }
    async function tree(d: number): Promise<number> { if (d === 0) return 1; return (await tree(d - 1)) + (await tree(d - 1)); }
    export async function main(n: number): Promise<unknown> { return [even(n), odd(n), ack(2, 2), await tree(4)]; }`,
  ),
  of(
    'tasks without await, in native order',
    `async function step(log: string[], name: string, n: number): Promise<string> {
      for (let i = 0; i < n; i++) { log.push(name + i); await null; }
      return name;
    }
    async function relay(p: Promise<string>): Promise<string> { return p; }
    async function fails(log: string[]): Promise<never> { await 0; log.push('failing'); throw new RangeError('no'); }
    export async function main(n: number): Promise<unknown> {
      const log: string[] = [];
      const a = step(log, 'a', 3);
      const b = step(log, 'b', 5);
      const c = relay(step(log, 'c', 1));
      log.push('started');
      const f = fails(log);
      try { await f; } catch (e) { log.push(String(e)); }
      log.push(await c, await a, await b);
      log.push(await Promise.race([step(log, 'x', 3), step(log, 'y', 2)]));
      log.push(...(await Promise.all([step(log, 'p', 2), 'plain', step(log, 'q', 1)])));
      const settled = await Promise.allSettled([fails(log), step(log, 's', 1)]);
      log.push(JSON.stringify(settled.map((s) => s.status)));
      try { await Promise.any([fails(log), fails(log)]); } catch (e) { log.push((e as AggregateError).errors.length + ' errors'); }
      log.push(String(await Promise.any([fails(log), step(log, 'z', 1)])));
      return log;
    }`,
  ),
  of(
    'a settled promise stays settled while the method runs on',
    `async function set(box: { x: number }): Promise<void> { await null; box.x = 1; }
    export async function main(n: number): Promise<number> {
      const box = { x: 0 };
      const p = set(box);
      let s = 0;
      for (let i = 0; i < 5000; i++) s += box.x;
      await p;
      return s + box.x;
    }`,
  ),
  of(
    'try, catch and finally, awaiting in each part',
    `async function pause(log: string[], what: string): Promise<string> { log.push(what); await null; return what; }
    async function one(log: string[], k: number): Promise<string> {
      try {
        try {
          await pause(log, 'body' + k);
          if (k === 0) throw new Error('e' + k);
          if (k === 1) return 'returned';
          await pause(log, 'after' + k);
        } catch (e) {
          log.push('caught ' + (e as Error).message);
          if (k === 0) throw new TypeError('again');
        } finally {
          await pause(log, 'finally' + k);
          if (k === 3) throw new Error('from finally');
          if (k === 4) return 'overridden';
        }
        return 'end' + k;
      } catch ({ message }) {
        return 'outer ' + message;
      } finally {
        log.push('outermost');
      }
    }
    export async function main(n: number): Promise<unknown> {
      const log: string[] = [];
      for (let k = 0; k < 6; k++) log.push(await one(log, k));
      return log;
    }`,
  ),
  of(
    'jumps that a finally cancels',
    `async function pause(): Promise<void> { await null; }
    async function jumps(log: string[]): Promise<string> {
      outer: for (let i = 0; i < 6; i++) {
        for (let j = 0; j < 3; j++) {
          try {
            try {
              if (i === 0) throw new Error('dropped');
              if (i === 1) return 'dropped';
              if (i === 2) continue;
              if (i === 3) break;
              log.push('i' + i + j);
            } finally {
              await pause();
              log.push('f' + i + j);
              if (i < 2) continue outer;
            }
          } finally {
            await pause();
            log.push('g' + i + j);
          }
          if (i === 5) return 'done';
        }
      }
      return 'never';
    }
    export async function main(n: number): Promise<unknown> { const log: string[] = []; return [await jumps(log), log]; }`,
  ),
  of(
    'switches, with falls, defaults in the middle and awaits',
    `async function v(x: number): Promise<number> { await null; return x; }
    async function pick(x: number): Promise<string[]> {
      const out: string[] = [];
      switch (x) {
        case 0: out.push('zero'); break;
        case await v(1): out.push('one'); await v(1);
        case 2: { const y = await v(9); out.push('two' + y); }
        default: out.push('default'); if (x > 6) break; await v(0);
        case 3: out.push('three'); break;
        case 4: for (let i = 0; i < 3; i++) { if (i === 1) continue; if (i === 2) break; out.push('four' + i); }
      }
      switch ('a' + x) { case 'a1': case 'a2': out.push('low'); break; case 'a3': out.push(String(await v(3))); }
      return out;
    }
    function plain(x: number): number { switch (x) { case 1: return 10; case 2: x += 5; break; default: x = -1; } return x; }
    export async function main(n: number): Promise<unknown> {
      const all: unknown[] = [];
      for (let x = 0; x < 9; x++) all.push(await pick(x), plain(x));
      return all;
    }`,
  ),
  of(
    'for-of over arrays that change, holes, Map, Set, strings and typed arrays',
    `function slow(x: unknown): unknown { let i = 0; while (i < 2) i += 1; return x; }
    export async function main(n: number): Promise<unknown> {
      const out: unknown[] = [];
      const a = [1, , 3] as (number | undefined)[];
      for (const x of a) { out.push(slow(x)); if (a.length < 6) a.push(a.length); }
      const m = new Map<string, number>([['a', 1], ['b', 2], ['c', 3]]);
      let rounds = 0;
      for (const [k, v] of m) {
        out.push(slow(k), v);
        m.delete(k);
        if ((rounds += 1) < 6) m.set(k, v + 10);
        await null;
        if (rounds === 4) { m.clear(); m.set('fresh', 1); m.set('fresher', 2); }
      }
      const s = new Set([1, 2, 3]);
      for (const x of s) for (const y of s) { out.push([slow(x), y]); if (s.size < 5) s.add(x + y); if (y === 2) s.delete(1); }
      for (const ch of 'a😀b') out.push(slow(ch));
      for (const x of new Uint8Array([5, 6])) out.push(slow(x));
      for (const [i, x] of ['p', 'q'].entries()) out.push(i, slow(x));
      for (const k of m.keys()) out.push(slow(k));
      for (const v of m.values()) out.push(slow(v));
      for (const k of Object.keys({ x: 1, y: 2 })) out.push(slow(k));
      for (const { p, q = slow(4), ...rest } of [{ p: 1, z: 3 }, { p: 2, q: 5, w: 6 }]) out.push(p, q, rest);
      return out;
    }`,
  ),
  of(
    'for-in with deletions and prototypes',
    `function slow(x: unknown): unknown { let i = 0; while (i < 2) i += 1; return x; }
    export function main(n: number): unknown {
      const o: Record<string, number> = { a: 1, b: 2, 3: 3, c: 4 };
      const out: unknown[] = [];
      for (const k in o) { out.push(slow(k)); delete o['b']; o['late'] = 1; }
      for (const i in [7, 8]) out.push(slow(i));
      for (const k in null as unknown as object) out.push(k);
      let name = '';
      for (name in o) slow(name);
      return [out, name];
    }`,
  ),
  of(
    'destructuring with defaults, nested, with safe points inside',
    `function d(x: number): number { let i = 0; while (i < 2) i += 1; return x; }
    async function later(x: number): Promise<number> { await null; return x; }
    function f({ a, b: { c = d(3), ...more } = { c: 9, z: 1 } as any }: any, [p, , q = d(5), ...rest]: any[] = [1, 2], w = d(7)): unknown {
      return [a, c, more, p, q, rest, w];
    }
    export async function main(n: number): Promise<unknown> {
      const { x, y = await later(2), [\`k\${d(1)}\`]: k, ...others } = { x: 1, k1: 4, m: 5, o: 6 } as any;
      let i = 0;
      let j = 1;
      [i, j] = [j, i + d(4)];
      const target: any = { list: [] };
      [target.p, target.list[0] = await later(9), ...target.rest] = [1, undefined, 3, 4];
      ({ x: target.x, y: target['y'] = d(8) } = { x: 10 } as any);
      for (const [u, { v = await later(6) }] of [[1, { v: 2 }], [3, {}]] as any) target.list.push(u, v);
      const [first, ...chars] = 'hey';
      return [x, y, k, others, i, j, target, f({ a: 1 }), f({ a: 1, b: { c: 2, e: 3 } }, [9, 8, 7, 6, 5], 4), f.length, first, chars];
    }`,
  ),
  of(
    'closures over loop variables',
    `function use(fs: (() => number)[]): number[] { const out: number[] = []; for (const f of fs) out.push(f()); return out; }
    export function main(n: number): unknown {
      const result: unknown[] = [];
      {
        const fs: (() => number)[] = [];
        for (let i = 0; i < 4; i++) fs.push(() => i++);
        result.push(fs.map((f) => f()), fs.map((f) => f()));
      }
      {
        const pairs: [() => void, () => number][] = [];
        for (let i = 0; i < 9; i += 2) { let j = i; pairs.push([() => { i += 1; j *= 2; }, () => i * 100 + j]); if (i === 4) i += 1; j += 1; }
        for (const [bump] of pairs) bump();
        result.push(pairs.map(([, read]) => read()));
      }
      let total = 0;
      [1, 2, 3].forEach((x) => { total += x; });
      var late = 1;
      const readLate = [() => late];
      late = 2;
      result.push(total, readLate[0]!(), use([1, 2].map((k) => () => k + n)));
      const fact = (k: number): number => (k < 2 ? 1 : k * fact(k - 1));
      result.push(fact(5), fact.name);
      function inner(k: number): number { return k === 0 ? total : inner(k - 1) + 1; }
      result.push(inner(3), [3, 1, 2].sort((p, q) => p - q));
      return result;
    }`,
  ),
  of(
    'shadowed names, var, and names that the generated code would like',
    `const value = 'module';
    function id(x: unknown): unknown { let i = 0; while (i < 2) i += 1; return x; }
    export function main(n: number): unknown {
      const $ = 1, $pc = 2, $q = 3, $1 = 4, $e = 5;
      const out: unknown[] = [value, id(value)];
      { const value = 'block'; out.push(value, id(value)); { let value = 'inner'; value += '!'; out.push({ value }, id(value)); } }
      for (var i = 0; i < 3; i++) { var held = i; out.push(id(held)); }
      out.push(i, held);
      for (let value = 0; value < 2; value++) { let x; if (value === 0) x = 1; out.push(x, id(value)); }
      const main = 'shadow';
      return [out, main, $ + $pc + $q + $1 + $e];
    }`,
  ),
  of(
    'values of every kind, shared between frames',
    `function look(a: any, b: any): boolean { let i = 0; while (i < 2) i += 1; return a === b; }
    export async function main(n: number): Promise<unknown> {
      const shared: any = { date: new Date(5), re: /a+/g, big: 10n ** 30n, nan: NaN, zero: -0, map: new Map(), set: new Set(), undef: undefined };
      shared.self = shared;
      shared.map.set(shared, shared.set).set('k', new Uint8Array([1, 2, 3]).subarray(1));
      shared.set.add(shared.map);
      const error = new RangeError('bad', { cause: shared.date });
      const buffer = new ArrayBuffer(8);
      const views = [new Float64Array(buffer), new Uint8Array(buffer, 4)];
      views[0]![0] = Math.PI;
      const same = look(shared, shared.self) && look(views[0]!.buffer, views[1]!.buffer);
      await null;
      const symbols = [Symbol.iterator, Symbol.for('x')];
      await null;
      return [same, look(shared.map.get(shared), shared.set), shared.re.test('caat'), shared.re.lastIndex, Object.is(shared.zero, -0),
        error.message, error instanceof RangeError, error.cause === shared.date, views[1]![3], symbols[0] === Symbol.iterator, symbols[1] === Symbol.for('x'), shared.map.get('k')];
    }`,
  ),
  of(
    'functions as values',
    `function twice(x: number): number { let s = 0; let i = 0; while (i++ < 2) s += x; return s; }
    const thrice = (x: number): number => { let s = 0; while (s < 3 * x) s += x; return s; };
    function apply(f: (x: number) => number, x: number): number { return f(x) + f(x); }
    const table = Object.freeze({ twice, thrice });
    export async function main(n: number): Promise<unknown> {
      const chosen = n > 3 ? twice : thrice;
      const list = [twice, thrice, chosen];
      await null;
      const out: number[] = [];
      for (const f of list) out.push(apply(f, 5), list.indexOf(f));
      for (const name of ['twice', 'thrice'] as const) out.push(table[name](4));
      const bound = twice.bind(null, 7);
      return [out, bound(), [1, 2].map(twice), twice.name, thrice.length];
    }`,
  ),
  of(
    'errors through many frames',
    `async function deep(k: number): Promise<number> {
      if (k === 0) throw Object.assign(new RangeError('bottom'), { at: k });
      try { return (await deep(k - 1)) + 1; } finally { if (k === 3) await null; }
    }
    function sync(k: number): number { if (k === 0) throw new TypeError('sync'); return sync(k - 1) + 1; }
    export async function main(n: number): Promise<unknown> {
      const out: unknown[] = [];
      try { await deep(6); } catch (e) { out.push(String(e), (e as any).at, e instanceof RangeError); }
      try { sync(10); } catch (e) { out.push(String(e)); }
      try { (undefined as any).x; } catch (e) { out.push((e as Error).message); }
      try { null!; const q: any = {}; q.f(sync); } catch (e) { out.push((e as Error).message); }
      try { const q: any = {}; q.run(await 1); } catch (e) { out.push(e instanceof TypeError); }
      throw new Error('final ' + out.length + JSON.stringify(out));
    }`,
  ),
  of(
    'an asynchronous arrow at the top level, defaults and rest',
    `const add = async (a: number, b = a * 2, ...rest: number[]): Promise<number> => { await null; return a + b + rest.length; };
    export const main = async (n: number): Promise<unknown> => [await add(1), await add(1, 1), await add(1, undefined, 3, 4), add.length, add.name];`,
  ),
  of(
    'labels and blocks',
    `function t(): boolean { let i = 0; while (i < 2) i += 1; return i === 2; }
    export function main(n: number): unknown {
      const out: string[] = [];
      block: { out.push('in'); if (t()) break block; out.push('never'); }
      a: b: for (let i = 0; i < 3; i++) { inner: do { if (i === 1) continue a; if (t()) break inner; } while (true); out.push('i' + i); if (i === 2) continue b; }
      if (t()) lone: { break lone; } else out.push('no');
      l: switch (1) { case 1: while (t()) { break l; } }
      return out;
    }`,
  ),
];
