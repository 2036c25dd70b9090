import type { Program } from './programs.ts';

const of = (name: string, source: string): Program => ({ name, source: `"use movable";\n${source}` });

const burn =
  'const burn = (n: number): number => { let s = 0; let i = 0; while (i++ < 3) s += n; return s; };';

/** Programs about what comes first: targets, keys, elements and defaults; what a walk visits. */
export const orderPrograms: readonly Program[] = [
  of(
    'array patterns take, assign and close in the order of the language',
    `${burn}
    function* source(log: string[], box: { x?: unknown }): Generator<number | undefined> {
      try {
        for (const value of [11, undefined, 33, 44, 55]) { log.push('yields ' + value + ' ' + String(box.x)); burn(1); yield value; }
      } finally { log.push('closed'); burn(1); }
    }
    export async function main(): Promise<unknown> {
      const log: string[] = [];
      const box: Record<string, unknown> = {};
      const at = (key: string): Record<string, unknown> => { log.push('at ' + key); burn(1); return box; };
      [at('x').x, at('y').y = await Promise.resolve(22), ...at('z').z] = source(log, box) as Iterable<unknown>;
      [at('a').a, [at('b').b] = [burn(3)]] = source(log, box) as never;
      let k: unknown;
      let late: unknown;
      const set = (): unknown => (k = 'set');
      [k, { length: late } = String(set())] = source(log, box) as never;
      try { [at('e').e = (() => { throw new Error('default'); })()] = [undefined] as never; } catch (e) { log.push(String(e)); }
      try { [at('f').f, at('g').g = (() => { throw new Error('default'); })()] = source(log, box) as never; } catch (e) { log.push(String(e)); }
      const list = [1, 2, 3];
      [list[burn(0)], list[1], ...list[2] as never] = [list[1], list[0], 7] as never;
      [list[0], list[burn(1) - 2]] = list as never;
      const first = ([a = burn(2), [b, c = burn(a as number)] = 'pq' as never, ...rest]: unknown[]): unknown => [a, b, c, rest];
      return [log, box, k, late, list, first([]), first([1, new Set([4]), 5, 6]), first(new Map([[1, 2]]) as never)];
    }`,
  ),
  of(
    'an iterator without a second value, one that fails, one that ends early',
    `${burn}
    export function main(): unknown {
      const log: string[] = [];
      const make = (steps: number, fails: number) => ({
        [Symbol.iterator]() {
          let n = 0;
          return {
            next() { burn(1); n += 1; log.push('next ' + n); if (n === fails) throw new Error('next ' + n); return { value: n, done: n > steps }; },
            return() { burn(1); log.push('return'); return {}; },
          };
        },
      });
      const o: Record<string, unknown> = {};
      const key = (k: string): string => { log.push('key ' + k); burn(1); return k; };
      [o[key('a')], o[key('b')], o[key('c')]] = make(1, 0) as never;
      try { [o[key('d')], o[key('e')]] = make(5, 2) as never; } catch (e) { log.push(String(e)); }
      [o[key('f')], ...o[key('g')]] = make(3, 0) as never;
      try { [o[key('h')], ...o[key('i')]] = make(3, 3) as never; } catch (e) { log.push(String(e)); }
      [] = make(3, 0) as never;
      const locked = Object.freeze({ no: 1 }) as Record<string, unknown>;
      try { [locked[key('no')]] = make(3, 0) as never; } catch (e) { log.push((e as Error).name); }
      try { [o[key('j')]] = 5 as never; } catch (e) { log.push((e as Error).name); }
      return [log, o];
    }`,
  ),
  of(
    'for-in: order, shadows, deleted and added keys, what is inherited',
    `${burn}
    export function main(): unknown {
      const log: string[] = [];
      const base = { shared: 1, hidden: 2, inherited: 3, 5: 'five' };
      const o = Object.create(base, { hidden: { value: 0, enumerable: false } }) as Record<string, unknown>;
      Object.assign(o, { z: 1, 10: 'ten', a: 2, 2: 'two', shared: 0, gone: 1 });
      for (const key in o) { burn(1); log.push(key); if (key === 'z') { delete o['gone']; o['added'] = 1; } if (key === 'a') delete (base as Record<string, unknown>)['inherited']; }
      const list = Object.assign(['p', , 'q'], { extra: 1 });
      for (const key in list) { burn(1); log.push(key); list.push('more'); }
      for (const key in 'hi' as never) log.push(key + burn(1));
      for (const key in null as never) log.push('never' + key);
      for (const key in 7 as never) log.push('never' + key);
      const into: Record<string, unknown> = {};
      for (into[log.length] in { one: 1, two: 2 }) burn(1);
      return [log, into];
    }`,
  ),
  of(
    'super in methods of object literals',
    `${burn}
    export async function main(): Promise<unknown> {
      const log: unknown[] = [];
      const base = { step(n: number) { return burn(n) + 1; }, get at() { burn(1); return [this.name]; }, set at(v) { burn(1); log.push(['set', this.name, v]); }, name: 'base', tag(s: TemplateStringsArray, ...v: unknown[]) { return [this.name, s.raw, v]; } };
      const other = { step(n: number) { return -burn(n); }, name: 'other' };
      const key = (k: string): string => { log.push(k); burn(1); return k; };
      const await_ = (x: unknown): unknown => burn(1) + String(x);
      const make = (name: string, proto: object): any => ({
        __proto__: proto, name, [key('early')]: await_(name),
        step(n: number) { const own = (): unknown => [super.step(n), super['st' + 'ep'](n + 1), super.none?.(n), super.step?.(2)]; return own(); },
        get at() { return [super.at, 'over']; },
        set at(v) { super.at = v; super.fresh = v; super[key('deep') as 'deep'] ??= v; super.count = 1; super.count += 2; super.count++; },
        async later(n: number) { await null; const { step } = super.step === base.step ? base : other; return [super.step(n), step === super.step, await Promise.resolve(super.name)]; },
        *every() { yield super.step(1); const f = (): unknown => super.name; yield f(); },
        [key('late')]() { [super.p, { q: super.q = burn(1) }] = [1, {}] as never; for (super.r in { one: 1 }) burn(1); return super.tag === undefined ? 0 : super.tag\`a\${burn(1)}b\`; },
        nested() { return { __proto__: other, step: (n: number): unknown => [super.step(n), { step(): unknown { return this; } }.step() !== this] }.step(3); },
      });
            const a = make('a', base);
      const b = make('b', base);
      a.at = 5;
      log.push(a.step(3), a.at, await a.later(4), [...a.every()], a.late(), a.nested(), Reflect.ownKeys(a), a.fresh, a.deep, a.count, a.p, a.q, a.r);
      Object.setPrototypeOf(b, other);
      log.push(b.step(3), await b.later(1), [...b.every()], b.late());
      const borrowed = { __proto__: b, name: 'borrowed', step: a.step, later: a.later };
      log.push(borrowed.step(1), await borrowed.later(2));
      const frozen = Object.freeze(make('f', base));
      try { frozen.at = 1; } catch (e) { log.push(String(e)); }
      try { ({ __proto__: null, m() { return (super.x as any).y; } } as any).m(); } catch (e) { log.push((e as Error).name); }
      return log;
    }`,
  ),
  of(
    'prototypes that functions were given',
    `${burn}
    export async function main(): Promise<unknown> {
      const out: unknown[] = [];
      function Shape(this: any) { this.made = burn(1); }
      function Circle(this: any) { (Shape as any).call(this); }
      Circle.prototype = Object.create(Shape.prototype);
      Circle.prototype.constructor = Circle;
      Shape.prototype.area = function () { return [burn(this.made), this.constructor === Circle]; };
      function Failure(this: any, m: string) { this.message = m; }
      Failure.prototype = Object.assign(Object.create(Error.prototype), { constructor: Failure, name: 'Failure' });
      function Borrowed() {}
      Borrowed.prototype = Shape.prototype;
      function Listed() {}
      Listed.prototype = Object.assign([1, 2], { constructor: Listed });
      function Bare() {}
      Bare.prototype = Object.assign(Object.create(null), { constructor: Bare });
      const C = Circle as any, F = Failure as any, B = Borrowed as any, L = Listed as any, N = Bare as any;
      for (let k = 0; k < 2; k += 1) {
        const c = new C();
        await null;
        const f = new F('no');
        out.push(c.area(), c instanceof Shape, c instanceof C, String(f), f instanceof Error, new B().area(), new B() instanceof Shape);
        await null;
        out.push(new L().length, new L()[1], Array.isArray(L.prototype), Object.getPrototypeOf(N.prototype), new N() instanceof N, Object.keys(c), Object.keys(Circle.prototype));
      }
      return out;
    }`,
  ),
  of(
    'functions among the defaults of parameters share parameters that come later',
    `function first(get: any = () => x, x: any = 5): unknown { return get(); }
    function self(f: any = () => f): unknown { return f() === f; }
    function dead(a: any = (() => a)()): unknown { return a; }
    function pattern({ a, b = () => c }: any = {}, [c]: any = [7]): unknown { return [a, b()]; }
    function shared(set: any = (v: any) => { x = v; }, x: any = 1): unknown { set(9); return x; }
    function* walk(get: any = () => x, x: any = 5): any { yield get(); yield x; }
    async function later(get: any = async () => { await null; return x; }, x: any = 6): Promise<unknown> { return get(); }
    class Kept {
      get: any;
      constructor(get: any = () => [x, rest], x: any = 5, ...rest: any[]) { this.get = get; }
      method(f: any = () => this, g: any = () => f): boolean { return g()() === this; }
    }
    export async function main(): Promise<unknown> {
      const log: unknown[] = [first(), first(undefined, 3), first(() => 1), self(), pattern(), pattern({ a: 2 }), shared()];
      log.push(first.length, [...walk()], await later(), new Kept().get(), new Kept(undefined, 1, 2, 3).get(), new Kept().method());
      try { log.push(dead()); } catch (e) { log.push(String(e)); }
      return log;
    }`,
  ),
];
