import { classProgram, type ClassProgram } from './class-programs.ts';

/** Where classes meet the rest of the language. */
export const cornerPrograms: readonly ClassProgram[] = [
  classProgram(
    'a class for each round of a loop',
    `export function main() {
      const made: any[] = [];
      for (let i = 0; i < 3; i++) {
        class K {
          #v = i;
          static id = i;
          get() {
            return this.#v + i;
          }
          add() {
            i += 10;
            return f(i);
          }
          same(o: object) {
            return #v in o;
          }
        }
        made.push(new K(), K);
        i += f(0);
      }
      f(0);
      return [
        made.filter((_, i) => i % 2 === 0).map((k) => [k.get(), k.add(), k.get()]),
        made[0].same(made[2]),
        made[0].same(made[0]),
        made[0].constructor === made[1],
        made[1].id,
        made[5].id,
      ];
    }`,
  ),
  classProgram(
    'frozen instances and classes',
    `export function main() {
      class P {
        #s = 1;
        x = 2;
        constructor() {
          Object.freeze(this);
        }
        s() {
          return this.#s;
        }
        set(v: number) {
          this.#s = f(v);
          return this;
        }
      }
      const p = new P();
      f(1);
      p.set(4);
      const r: any[] = [p.s(), Object.isFrozen(p)];
      try {
        (p as any).x = 3;
      } catch (e) {
        r.push((e as Error).constructor.name);
      }
      Object.freeze(P);
      class Q extends P {
        #q = 3;
        y = f(2);
        q() {
          return this.#q;
        }
      }
      try {
        new Q();
      } catch (e) {
        r.push((e as Error).constructor.name);
      }
      return r;
    }`,
  ),
  classProgram(
    'symbols that the language asks for',
    `export function main() {
      const log: any[] = [];
      class E0 {
        static [Symbol.hasInstance](v: any) {
          log.push('has');
          return v === 1;
        }
        [Symbol.toPrimitive](h: string) {
          return h === 'number' ? f(42) : 'prim';
        }
        valueOf() {
          return 7;
        }
        toJSON() {
          return f({ j: 1 });
        }
        static of() {
          return new this();
        }
      }
      class Sub extends E0 {}
      return [
        (1 as any) instanceof E0,
        (2 as any) instanceof E0,
        +(new E0() as any),
        \`\${new E0()}\`,
        JSON.stringify(new E0()),
        E0.of().constructor.name,
        Sub.of().constructor.name,
        log,
      ];
    }`,
  ),
  classProgram(
    'classes that fail to come to be',
    `export function main() {
      const r: any[] = [];
      try {
        new (K as any)();
      } catch (e) {
        r.push((e as Error).message);
      }
      class K {
        static self = K;
        m() {
          return K;
        }
      }
      f(1);
      const L = K;
      r.push(new L().m() === K, K.self === K);
      try {
        class X extends (5 as any) {
          [f('k')]() {}
        }
      } catch (e) {
        r.push((e as Error).message);
      }
      try {
        class Y {
          static z = (() => {
            throw new Error('init');
          })();
        }
      } catch (e) {
        r.push((e as Error).message);
      }
      class T {
        a = 1;
        b = this.fail();
        fail(): any {
          throw new Error('in field');
        }
      }
      try {
        new T();
      } catch (e) {
        r.push((e as Error).message);
      }
      return r;
    }`,
  ),
  classProgram(
    'new.target',
    `class Shape {
      kind: string;
      constructor() {
        if (new.target === Shape) throw new TypeError('abstract');
        this.kind = g(new.target.name);
      }
      static create(...a: any[]) {
        return Reflect.construct(this, a);
      }
    }
    class Sq extends Shape {
      n = 1;
      t() {
        return new.target;
      }
      arrow() {
        return (() => new.target)();
      }
    }
    export function main() {
      const r: any[] = [new Sq().kind, Sq.create().kind, new Sq().t(), new Sq().arrow()];
      try {
        new Shape();
      } catch (e) {
        r.push((e as Error).message);
      }
      class Other {}
      r.push(Reflect.construct(Shape, [], Other) instanceof Other);
      return r;
    }`,
  ),
  classProgram(
    'async members',
    `class Repo {
      #items = new Map<string, number>();
      #lock = Promise.resolve();
      async add(k: string, v: number) {
        await null;
        this.#items.set(k, f(v));
        return this;
      }
      async all() {
        const out = [];
        for (const [k, v] of this.#items) {
          await null;
          out.push(k + v);
        }
        return out;
      }
      #p = async () => {
        await null;
        return this.#items.size;
      };
      size() {
        return this.#p();
      }
      static async open() {
        const r = new this();
        await r.add('x', 1);
        return r;
      }
    }
    class Sub extends Repo {
      async add(k: string, v: number) {
        await super.add(k.toUpperCase(), v);
        return super.add(k, v * 2);
      }
    }
    export async function main() {
      const r = await Sub.open();
      await Promise.all([r.add('b', 2), r.add('c', 3)]);
      return [
        await r.all(),
        await r.size(),
        (r.add as any).constructor.name,
        Object.getOwnPropertyNames(r.add),
      ];
    }`,
  ),
  classProgram(
    'arrow functions made before there is a this',
    `class Base {
      h: any;
      constructor(h: any) {
        this.h = h;
        f(1);
        try {
          h();
        } catch (e) {
          this.h = [h, (e as Error).constructor.name];
        }
      }
    }
    class D extends Base {
      v = 5;
      constructor() {
        const early = () => this.v;
        f(2);
        super(() => {
          const deep = () => [early(), this.v];
          return deep();
        });
        f(3);
        const late = () => this.v + f(1);
        this.v = late() + early();
      }
    }
    class E2 extends Base {
      v = 7;
      constructor(x: boolean) {
        if (x) {
          super(() => 1);
        } else super(() => this.v);
        const g = () => this.v;
        this.v += g();
      }
    }
    export function main() {
      const d = new D();
      return [d.v, d.h[0](), d.h[1], new E2(true).v, new E2(false).h[1], new E2(false).v];
    }`,
  ),
  classProgram(
    'what TypeScript adds to classes',
    `abstract class Base<T> {
      protected abstract area(): number;
      constructor(
        protected readonly name: string,
        private n = f(1),
      ) {}
      describe(): string {
        return \`\${this.name} \${this.area()} \${this.n}\`;
      }
      accessor temp = 3;
      declare ghost: number;
    }
    class Circle extends Base<number> {
      constructor(private r: number) {
        super('circle');
      }
      protected area(): number {
        return f(this.r * 3);
      }
      get [\`key\${1}\`]() {
        return 1;
      }
      overload(a: string): void;
      overload(a: number): void;
      overload(a: any) {
        return a;
      }
    }
    export function main() {
      const c = new Circle(2);
      c.temp += f(4);
      return [c.describe(), c.temp, Object.keys(c), (c as any).key1];
    }`,
  ),
  classProgram(
    'small objects in a hot loop',
    `class V {
      constructor(
        public x: number,
        public y: number,
      ) {}
      add(o: V) {
        return new V(this.x + o.x, this.y + o.y);
      }
      get len() {
        return this.x * this.x + this.y * this.y;
      }
      static zero = () => new V(0, 0);
    }
    export function main() {
      let v = V.zero();
      const one = new V(1, 2);
      for (let i = 0; i < 50; i++) v = v.add(one);
      const a = [new V(1, 1), new V(2, 2)];
      return [v.len, a.map((p) => p.add(v).x), [...a].sort((p, q) => q.len - p.len)[0]!.x];
    }`,
  ),
];
