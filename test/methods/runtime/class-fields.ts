import type { Program } from './programs.ts';

const burn =
  'const burn = (n: number): number => { let s = 0; let i = 0; while (i++ < 3) s += n; return s; };';

const of = (name: string, source: string): Program => ({
  name,
  source: `"use movable";\n${burn}\n${source}`,
});

/** Programs about what runs while a class is made, and while an object gets its fields. */
export const fieldPrograms: readonly Program[] = [
  of(
    'fields of instances',
    `class Part { constructor(readonly n: number) { burn(n); } get twice(): number { return this.n * 2; } }
    class Whole {
      plain = 1;
      #hidden = burn(2);
      part = new Part(burn(1));
      ['key' + 'ed'] = 7;
      after = this.part.n + this.#hidden;
      arrow = (): number => this.after + burn(1);
      #later;
      empty;
      method = class { n = burn(4); };
      constructor(readonly given: number, extra = burn(given)) { this.#later = extra; }
      get all(): unknown { return [this.#hidden, this.#later, Object.keys(this), #hidden in this]; }
    }
    class Derived extends Whole {
      own = super.all;
      over = burn(5);
      override after = burn(6) + this.over;
      #more = [...new Set([burn(1)]), burn(2)];
      constructor(n: number) { burn(1); super(burn(n)); this.own = [this.own, this.#more]; }
    }
    class Implicit extends Derived { also = burn(this.given); 'quoted name' = burn(1); 12 = burn(2); }
    class Listed extends Array<number> { first = burn(1); }
    class Setters { set x(v: number) { burn(v); throw new Error('a setter'); } }
    class Defines extends Setters { x = burn(3); y = burn(4); }
    export function main(): unknown {
      const log: unknown[] = [];
      const w = new Whole(1);
      const d = new Derived(2);
      const i = new Implicit(3);
      const l = new Listed(1, 2, 3);
      const s = new Defines();
      log.push(w.all, w.arrow(), w.part.twice, d.all, d.arrow(), d.own, d.over, i.all, i.also, Object.getOwnPropertyNames(i), [...l], l.first, l.map((x) => x + 1).first);
      log.push(Object.getOwnPropertyDescriptors(s), new (w.method as any)().n, Whole.length, Derived.length, Implicit.length, new (w.method as any)().constructor.name);
      return log;
    }`,
  ),
  of(
    'static fields and blocks',
    `export async function main(): Promise<unknown> {
      const log: unknown[] = [];
      const note = <T>(x: T): T => { burn(1); log.push(x); return x; };
      const make = (name: string, base: any): any => class Made extends base {
        static before = 1;
        static first = note(name + ' first');
        static #hidden = note(name + ' hidden');
        static [note('computed ' + name)] = (): number => burn(1);
        static second = [this.first, this.#hidden, Made.before, super.inherited];
        static { const local = note('block'); for (let k = 0; k < 2; k += 1) { this.first += local + k + burn(k); } super.assigned = burn(2); }
        static arrow = () => [this.#hidden, super.inherited, note('arrow')];
        static empty;
        static #none;
        static name2 = (() => { this.#none = burn(2); return this.name + this.#none; })();
        static get hidden() { return this.#hidden; }
        static anonymous = class { static inner = note('inner'); };
        own = note(name + ' own');
        static last = new this().own;
      };
      const base = class { static inherited = note('inherited'); static get assigned() { return 'no'; } static set assigned(v) { log.push(['assigned', v, this.name]); } };
      const a = make('a', base);
      const b = make('b', a);
      log.push(a.second, b.second, a.arrow(), b.arrow(), Object.getOwnPropertyNames(a), b.hidden, b.name2, a.anonymous.name, a.anonymous.inner, a['computed a'].name, b.last, a.first);
      const failing = (): unknown => class { static one = note('one'); static two = (() => { throw new Error('two'); })(); static three = note('three'); };
      try { failing(); } catch (e) { log.push(String(e)); }
      const early = (): unknown => { class Early { static x = note(1); static y = Early.x + (this.x as number) + burn(1); static self = () => Early; } return [Early.y, Early.self() === Early]; };
      log.push(early());
      const named = { [note('k')]: class { static n = note('n' ) + this.name.length; } };
      log.push(Object.values(named).map((c: any) => [c.name.length >= 0, typeof c.n]));
      class Counter { static #n = burn(0); static next() { return ++Counter.#n; } static ids = [Counter.next(), Counter.next()]; id = Counter.next(); }
      log.push(Counter.ids, new Counter().id, new Counter().id);
      return log;
    }`,
  ),
  of(
    'private elements on objects of others',
    `class Given { constructor(o: object) { return o; } }
    class Stamp extends Given {
      #n = burn(1);
      #note: unknown;
      constructor(o: object, note: unknown) { super(o); this.#note = note; }
      static read(o: any): unknown { return #n in o ? [o.#n, o.#note, o.#sum()] : 'none'; }
      static raise(o: any): void { o.#n += burn(1); }
      #sum(): number { return this.#n + 1; }
    }
    class Second extends Stamp { #deep = { of: this }; static of(o: any): boolean { return #deep in o && o.#deep.of === o; } }
    export async function main(): Promise<unknown> {
      const plain = { a: 1 };
      const point = new (class Point { x = burn(2); })();
      for (const o of [plain, point]) new Stamp(o, [o]);
      new Second(plain.constructor === Object ? Object.create(plain) : {}, 0);
      const both = { b: 2 };
      new Second(both, 'both');
      await null;
      for (const o of [plain, both]) Stamp.raise(o);
      const seen = [plain, point, both, {}].map((o) => [burn(1), Stamp.read(o)].length + ':' + JSON.stringify((Stamp.read(o) as unknown[])[0]));
      await null;
      return [seen, Second.of(both), Second.of(plain), Object.keys(both), (Stamp.read(plain) as unknown[][])[1]?.[0] === plain, both instanceof Stamp];
    }`,
  ),
];
