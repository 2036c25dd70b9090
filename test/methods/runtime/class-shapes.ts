import { classProgram, type ClassProgram } from './class-programs.ts';

/** Classes of many kinds, and functions that are taken from them. */
export const shapePrograms: readonly ClassProgram[] = [
  classProgram(
    'names of classes',
    `export function main() {
      const A = class {};
      const B = class Inner {
        me() {
          return Inner;
        }
        static n = Inner.name;
      };
      const o = { C: class {}, ['d' + 1]: class {} };
      class S {
        static name() {
          return 'own';
        }
      }
      class S2 {
        static name = 'field';
      }
      class S3 {
        static get name() {
          return 'g';
        }
      }
      const anon = (() => class {})();
      f(1);
      let E;
      E = class {};
      const { G = class {} } = {} as any;
      return [
        A.name,
        B.name,
        B.n,
        new B().me() === B,
        o.C.name,
        (o as any).d1.name,
        (S as any).name(),
        S2.name,
        S3.name,
        anon.name,
        Object.getOwnPropertyNames(anon),
        E.name,
        G.name,
        Object.getOwnPropertyNames(S),
        Object.getOwnPropertyNames(S2),
      ];
    }`,
  ),
  classProgram(
    'generators as members',
    `class Tree {
      left: Tree | null;
      right: Tree | null;
      v: number;
      #k = 1;
      constructor(v: number, l: Tree | null = null, r: Tree | null = null) {
        this.v = v;
        this.left = l;
        this.right = r;
      }
      *[Symbol.iterator](): Generator<number> {
        if (this.left) yield* this.left;
        yield f(this.v * this.#k);
        if (this.right) yield* this.right;
      }
      async *slow() {
        for (const v of this) {
          await null;
          yield v;
        }
      }
      *#hidden() {
        yield 1;
        yield f(2);
      }
      all() {
        return [...this.#hidden()];
      }
      static *range(n: number) {
        for (let i = 0; i < n; i++) yield i;
      }
    }
    export async function main() {
      const t = new Tree(2, new Tree(1), new Tree(3));
      const r: any[] = [[...t], t.all(), [...Tree.range(f(3))]];
      for await (const v of t.slow()) r.push(v);
      const it = t[Symbol.iterator]();
      it.next();
      f(1);
      class L {
        *[Symbol.iterator]() {
          yield f(1);
          yield 2;
        }
      }
      const l = new L()[Symbol.iterator]();
      l.next();
      f(1);
      r.push(Object.getPrototypeOf(l) === L.prototype[Symbol.iterator].prototype, [...l]);
      r.push(
        it.next(),
        Object.getPrototypeOf(it) === Tree.prototype[Symbol.iterator].prototype,
        Object.getPrototypeOf(t.slow).constructor.name,
        Object.getOwnPropertyNames(Tree.range),
      );
      return r;
    }`,
  ),
  classProgram(
    'private methods as values',
    `class Bus {
      #handlers: any[] = [];
      on(h: any) {
        this.#handlers.push(h);
        return this;
      }
      emit(v: any) {
        return this.#handlers.map((h) => f(h(v)));
      }
    }
    class Top {
      #seen: any[] = [];
      #take(v: any) {
        this.#seen.push(f(v));
        return this.#seen.length;
      }
      static #twice(v: any) {
        return f(v) * 2;
      }
      wire(bus: Bus) {
        bus.on(this.#take.bind(this)).on(Top.#twice);
        return this;
      }
      same() {
        const m = this.#take;
        f(0);
        return m === this.#take;
      }
    }
    export function main() {
      const base = f(2);
      class Local extends Top {
        #mine(v: any) {
          return f(v + base);
        }
        #log = [base];
        wire(bus: Bus) {
          super.wire(bus);
          const mine = this.#mine;
          bus.on((v: any) => mine.call(this, v));
          f(1);
          return this;
        }
        log() {
          return this.#log;
        }
      }
      const bus = new Bus();
      const a = new Top().wire(bus);
      const b = new Local().wire(bus);
      f(1);
      return [bus.emit(5), bus.emit(6), a.same(), b.same(), b.log()];
    }`,
  ),
  classProgram(
    'arrow functions in fields',
    `class Button {
      label;
      #clicks = 0;
      onClick = () => {
        this.#clicks += f(1);
        return this.label + this.#clicks;
      };
      handlers = [() => this.label, () => this.onClick()];
      static count = () => g(1);
      self = this;
      constructor(l: string) {
        this.label = l;
      }
    }
    export function main() {
      const b = new Button('x');
      const h = b.onClick;
      h();
      f(1);
      return [h(), b.handlers.map((x) => x()), Button.count(), b.onClick.name, b.self === b, Object.keys(b)];
    }`,
  ),
  classProgram(
    'members taken from their class',
    `class A {
      v = 1;
      m() {
        return f(this.v);
      }
      get p() {
        return this.v;
      }
      static s() {
        return f(2);
      }
      #q() {
        return f(this.v);
      }
      bound() {
        return this.#q.bind(this);
      }
    }
    export function main() {
      const a = new A();
      const { m } = a;
      const get = Object.getOwnPropertyDescriptor(A.prototype, 'p')!.get!;
      const { s } = A;
      const bound = a.m.bind(a);
      const map = new Map<any, any>([
        [bound, 1],
        [m, 2],
      ]);
      f(1);
      const old = A.prototype.m;
      (A.prototype as any).m = function () {
        return 'new';
      };
      f(2);
      const r = [
        m.call({ v: 9 } as any),
        get.call(a),
        s(),
        bound(),
        old.call(a),
        a.m(),
        map.get(bound),
        map.get(m),
        m === old,
        new A().v,
      ];
      A.prototype.m = old;
      return r;
    }`,
  ),
  classProgram(
    'members taken from a class made at run time',
    `export function main() {
      const base = f(3);
      class A {
        v = base;
        m() {
          return f(this.v);
        }
        get p() {
          return this.v;
        }
        static s() {
          return f(2) + base;
        }
      }
      const a = new A();
      const { m } = a;
      const get = Object.getOwnPropertyDescriptor(A.prototype, 'p')!.get!;
      const { s } = A;
      const bound = a.m.bind(a);
      f(1);
      const old = A.prototype.m;
      (A.prototype as any).m = function () {
        return 'new';
      };
      (A as any).extra = [1];
      f(2);
      return [
        m.call({ v: 9 } as any),
        get.call(a),
        s(),
        bound(),
        old.call(a),
        a.m(),
        m === old,
        (A as any).extra,
        A.prototype.constructor === A,
        Object.getOwnPropertyNames(A.prototype),
      ];
    }`,
  ),
  classProgram(
    'private names of a class around another',
    `class Outer {
      #x = f(1);
      make() {
        const o = this;
        return class Inner {
          #y = 2;
          sum() {
            return [o.#x, this.#y, f(o.#x + this.#y)];
          }
          static peek(v: Outer) {
            const h = () => v.#x;
            return f(h());
          }
          deep() {
            return class {
              z() {
                return o.#x + f(1);
              }
            };
          }
        };
      }
    }
    export function main() {
      const o = new Outer();
      const I = o.make();
      const J = o.make();
      const i = new I();
      f(0);
      return [i.sum(), I.peek(o), I === (J as any), new (i.deep())().z(), i instanceof J];
    }`,
  ),
];
