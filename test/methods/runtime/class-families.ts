import { classProgram, type ClassProgram } from './class-programs.ts';

/** Classes that extend others. */
export const familyPrograms: readonly ClassProgram[] = [
  classProgram(
    "classes that extend the language's own",
    `class Oops extends Error {
      code = 7;
      constructor(m: string, opts?: any) {
        super(m, opts);
        this.name = 'Oops';
        f(1);
      }
      get twice() {
        return this.code * 2;
      }
    }
    class Stack<T> extends Array<T> {
      last() {
        return this[this.length - 1];
      }
      static get [Symbol.species]() {
        return Array;
      }
    }
    class List extends Array {
      sum() {
        return this.reduce((a: number, b: number) => g(a) + b, 0);
      }
    }
    class M2 extends Map {
      #hits = 0;
      get(k: any) {
        this.#hits++;
        return super.get(f(k));
      }
      hits() {
        return this.#hits;
      }
    }
    class S2 extends Set {
      has(k: any) {
        f(0);
        return super.has(k);
      }
    }
    class D2 extends Date {
      year() {
        return f(this.getUTCFullYear());
      }
    }
    class R2 extends RegExp {
      #n = 1;
      n() {
        return this.#n++;
      }
    }
    class U2 extends Uint8Array {
      total() {
        let t = 0;
        for (const v of this) t += f(v);
        return t;
      }
    }
    class N extends null {
      static x() {
        return f(3);
      }
    }
    class F2 extends Object {
      z = 1;
    }
    export function main() {
      const e = new Oops('bad', { cause: 1 });
      const s = new Stack<number>();
      s.push(1, 2, 3);
      const l = List.from([1, 2, 3]) as List;
      const m = new M2([[1, 2]]);
      const d = new D2(0);
      const r = new R2('a+', 'g');
      const u = new U2([1, 2, 3]);
      const set = new S2([1]);
      f(0);
      m.get(1);
      r.n();
      f(0);
      return [
        e.message,
        e.name,
        e.code,
        e.twice,
        e instanceof Oops,
        e instanceof Error,
        e.cause,
        s.last(),
        s.map((x) => x).constructor.name,
        s.length,
        l.sum(),
        l.filter((x: number) => x > 1) instanceof List,
        m.get(1),
        m.hits(),
        m.size,
        d.year(),
        r.test('aa'),
        r.n(),
        r.source,
        u.total(),
        u.length,
        set.has(1),
        N.x(),
        new F2().z,
        Object.prototype.toString.call(e),
        Array.isArray(s),
        String(e),
      ];
    }`,
  ),
  classProgram(
    'classes made by functions, each with elements of its own',
    `type Ctor = new (...a: any[]) => any;
    const Named = (Base: Ctor) =>
      class extends Base {
        #name = f('n');
        get name() {
          return this.#name;
        }
        rename(n: string) {
          this.#name = g(n);
          return this;
        }
      };
    const Timed = (Base: Ctor) =>
      class Timed extends Base {
        t = 1;
        tick() {
          this.t += f(1);
          return [this.t, super.describe?.()];
        }
      };
    class Base0 {
      id: number;
      constructor(id: number) {
        this.id = f(id);
      }
      describe() {
        return f('base ' + this.id);
      }
    }
    export function main() {
      const K = Timed(Named(Base0));
      const K2 = Timed(Named(Base0));
      const k = new K(4);
      f(1);
      const X = class extends Timed(K2) {
        y = 2;
      };
      const x = new X(5);
      return [
        k.tick(),
        k.rename('z').name,
        k.describe(),
        K.name,
        Object.getPrototypeOf(K).name,
        X.name,
        x.tick(),
        x.rename('w').name,
        k instanceof K,
        k instanceof K2,
        x instanceof K2,
        Object.keys(x),
      ];
    }`,
  ),
  classProgram(
    'constructors that nobody wrote',
    `class A {
      x: any;
      constructor(x: any) {
        this.x = f(x);
        f(2);
      }
    }
    class B extends A {}
    class C extends B {
      #p = f(1);
      get() {
        return [this.#p, f(this.x)];
      }
    }
    class D extends C {
      static made = f('once');
    }
    export function main() {
      const log: any[] = ['start'];
      const base = f(3);
      class K extends B {
        static {
          log.push(f('block'), base, log[0].length);
        }
        m() {
          return super.constructor.name;
        }
      }
      class L extends K {}
      class M extends L {
        y = base + 1;
        constructor() {
          super(f(8));
        }
      }
      class N extends M {}
      const made = [new D(4), new N(), new L(5)] as any[];
      f(0);
      return [
        made[0].get(),
        made[1].x,
        made[1].y,
        made[2].x,
        made[2].m(),
        D.made,
        log,
        D.length,
        Object.getOwnPropertyNames(L),
        made.map((o) => o.constructor.name),
      ];
    }`,
  ),
  classProgram(
    'super called late, in branches and in try',
    `class A {
      x;
      constructor(fn: any) {
        this.x = fn === undefined ? 0 : 1;
        f(1);
      }
    }
    class B extends A {
      #b = f(2);
      y = this.x + 1;
      constructor(flag: boolean) {
        if (flag) {
          super(1);
        } else {
          try {
            super(undefined);
          } finally {
            f(3);
          }
        }
        f(4);
        this.y += this.#b;
      }
      b() {
        return this.#b;
      }
    }
    class C extends B {
      constructor() {
        const t = super(f(true) as boolean) as any;
        f(t);
        if (t !== this) throw 1;
        for (let i = 0; i < 2; i++) this.y += g(i);
      }
    }
    export function main() {
      return [new B(true).y, new B(false).y, new C().y, new C().b()];
    }`,
  ),
  classProgram(
    'private elements of a chain of classes',
    `class A {
      #a = 1;
      a() {
        return this.#a;
      }
      setA(v: number) {
        this.#a = f(v);
        return this;
      }
    }
    class B extends A {
      #b = 2;
      pub = 3;
      b() {
        return [this.#b, this.a(), this.pub];
      }
      #m() {
        return 9;
      }
      m() {
        return this.#m();
      }
    }
    export function main() {
      const b = new B();
      b.setA(5);
      f(1);
      return [b.b(), b.m(), Object.keys(b)];
    }`,
  ),
];
