/** Programs with classes. `main` takes nothing, and returns plain data. */
export interface ClassProgram {
  readonly name: string;
  readonly source: string;
}

/** Two functions to stand in: a loop that can be left, and a call of that. */
const given = `"use movable";
function f(n: any): any { let s = 0; for (let i = 0; i < 3; i++) s += i; return n; }
function g(n: any): any { return f(n); }
`;

export const classProgram = (name: string, source: string): ClassProgram => ({
  name,
  source: given + source,
});

/** Elements, accessors, `super` and constructors. */
export const classPrograms: readonly ClassProgram[] = [
  classProgram(
    'fields, static blocks and computed keys come in their order',
    `export function main() {
      const order: string[] = [];
      const note = (x: string) => {
        order.push(x);
        return x;
      };
      class A {
        [note('k1')] = note('v1');
        static [note('k2')] = note('s2');
        a = note('a');
        static {
          note('block');
        }
        b = note(this.a + 'b');
        'quoted key' = 1;
        12 = 3;
        static 'x y' = 2;
      }
      const a = new A();
      f(1);
      const later = new A();
      f(2);
      return [
        order,
        Object.keys(later),
        Object.keys(a),
        { ...a },
        Object.getOwnPropertyNames(A),
        (A as any).k2,
        Object.getOwnPropertyDescriptor(a, 'b'),
      ];
    }`,
  ),
  classProgram(
    'private fields, methods and accessors',
    `class Counter {
      #n = 0;
      #log: number[] = [];
      #bump(by: number) {
        this.#n += by;
        this.#log.push(this.#n);
        return g(this.#n);
      }
      get #double() {
        return f(this.#n * 2);
      }
      set #double(v: number) {
        this.#n = v / 2;
      }
      static #secret(c: Counter) {
        return c.#n;
      }
      static read(o: object) {
        return #n in o ? this.#secret(o as Counter) : -1;
      }
      go() {
        this.#bump(2);
        this.#double = 10;
        this.#n++;
        this.#n **= 2;
        const x = this.#double;
        [this.#n] = [f(5)];
        ({ a: this.#n } = { a: f(this.#n) + 1 });
        return [x, this.#n, this.#log, this?.#n];
      }
      each() {
        return [1, 2].map((v) => {
          const h = (w: number) => this.#bump(w + v);
          return h(1);
        });
      }
    }
    export function main() {
      const c = new Counter();
      const r: unknown[] = [c.go(), c.each(), Counter.read(c), Counter.read({})];
      try {
        (Counter.prototype.go as any).call({});
      } catch (e) {
        r.push((e as Error).constructor.name);
      }
      return r;
    }`,
  ),
  classProgram(
    'accessors, static ones too',
    `export function main() {
      const log: any[] = [];
      class A {
        #v = 1;
        get v() {
          return this.#v;
        }
        set v(x) {
          log.push(x);
          this.#v = x;
        }
        static get s() {
          return 's';
        }
        static set s(x) {
          log.push(['s', x]);
        }
        get [Symbol.toStringTag]() {
          return 'Tag';
        }
      }
      const a = new A();
      a.v = f(4);
      a.v += f(2);
      (A as any).s = f(1);
      const d = Object.getOwnPropertyDescriptor(A.prototype, 'v')!;
      f(0);
      return [
        a.v,
        log,
        A.s,
        String(a),
        d.enumerable,
        d.configurable,
        d.get!.name,
        d.set!.name,
        d.get!.call(a),
        Object.getOwnPropertyNames(A.prototype),
      ];
    }`,
  ),
  classProgram(
    'super in methods, arrows, async methods and generators',
    `class A {
      n = 1;
      m(x: number) {
        return ['A.m', this.n, g(x)];
      }
      get p() {
        return f(this.n) + 10;
      }
      set p(v) {
        this.n = v;
      }
      static s(x: number) {
        return [this.name, g(x)];
      }
    }
    class B extends A {
      m(x: number): any {
        const arrow = (y: number) => [super.m(y), super.p];
        const r = [super.m(x), arrow(f(2)), super['m'](f(9))];
        super.p = f(7);
        (super.p as any) += 1;
        return [...r, this.n, super.p];
      }
      static s(x: number): any {
        const inner = () => () => super.s(x + 1);
        return [super.s(f(x)), inner()()];
      }
      async later(x: number) {
        await null;
        const a = super.m(x);
        await null;
        return [
          a,
          await (async () => {
            await null;
            return super.m(f(3));
          })(),
        ];
      }
      *gen(): any {
        yield super.p;
        yield* [super.m(f(1))];
        yield (() => super.p)();
      }
      opt() {
        return [super.m?.(f(1)), super['nope' as 'm']?.(2)];
      }
    }
    export async function main() {
      const b = new B();
      return [b.m(5), B.s(1), await b.later(2), [...b.gen()], b.opt()];
    }`,
  ),
  classProgram(
    'constructors, what they return, and what they may not do',
    `export function main() {
      const log: any[] = [];
      class A {
        a: any;
        constructor(x: any, { y = f(2) } = {} as any, ...rest: any[]) {
          log.push(new.target.name, rest);
          this.a = [x, y];
          f(1);
        }
      }
      class B extends A {
        b = this.a.length;
        constructor(...args: any[]) {
          const t = f(args.length);
          super(t, ...(args as [any]));
          log.push(this.b);
        }
      }
      class C extends B {
        c = log.length;
      }
      class D extends A {
        constructor() {
          super(1);
          return f({ own: 1 }) as any;
        }
      }
      class E2 extends A {
        constructor() {
          return { e: 1 } as any;
        }
      }
      class F extends A {
        constructor() {
          f(0);
        }
      }
      class R extends A {
        constructor() {
          f(1);
          try {
            return f(0) as any;
          } catch (e) {
            log.push('caught');
            super(1);
          }
        }
      }
      class W extends A {
        constructor() {
          super(3);
          for (const k of [1, 2]) {
            try {
              if (f(k) === 2) return;
            } finally {
              log.push(f('finally'));
            }
          }
        }
      }
      class G extends A {
        constructor() {
          super(1);
          return 5 as any;
        }
      }
      const r: any[] = [
        new A(1, { y: 3 }, 4, 5).a,
        JSON.stringify([new B(1, 2), new C(7), new D(), new E2()]),
        A.length,
        B.length,
        C.length,
        C.prototype.constructor === C,
      ];
      for (const make of [
        () => new (F as any)(),
        () => new G(),
        () => new R(),
        () => new W(),
        () => (A as any)(),
        () => {
          class H extends A {
            constructor() {
              super(1);
              super(2);
            }
          }
          return new H();
        },
      ]) {
        try {
          r.push(typeof make());
        } catch (e) {
          r.push((e as Error).constructor.name, (e as Error).message);
        }
      }
      return [r, log];
    }`,
  ),
  classProgram(
    'static elements',
    `export function main() {
      const r: any[] = [];
      class A {
        static #n = 1;
        static a = 1;
        static {
          this.a = 5;
          let k = 2;
          (this as any).inc = () => ++k;
        }
        static bump() {
          this.#n += f(1);
          A.a++;
          return [this.#n, A.a, (A as any).inc()];
        }
        static get n() {
          return A.#n;
        }
      }
      class B extends A {
        static b = super.n;
        static c() {
          return [super.n, this.b, f(super.bump.call(A))];
        }
      }
      r.push(A.bump(), A.bump());
      f(1);
      r.push(B.c(), B.a, Object.getOwnPropertyNames(B), A.n);
      try {
        (B as any).bump();
      } catch (e) {
        r.push((e as Error).constructor.name);
      }
      return r;
    }`,
  ),
];
