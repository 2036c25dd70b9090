/** Programs whose TypeScript exists at run time. Each exports what it shows as `shown`. */
export const programs: Readonly<Record<string, string>> = {
  enums: `
    enum Plain { A, B = 5, C, 'quoted-name', D = "text", E = \`t\${1}\`, F = A | B, G = -1, H, I = ~1, K, J = 1 << 4, L }
    const base = 7;
    enum Computed { A = base, B, C = "abc".length, D = (A + 1) * 2, E = Plain.C, F, G = Plain.D, H = Plain['B'] }
    const enum Constant { X = 'x', Y = 3 }
    declare enum Outside { Z }
    enum Special { N = NaN, I = Infinity, T = 'a' + 'b', U = 'u' + base.toFixed(1), V = \`v\${base.toFixed(1)}\`, W = -'3' as any, X = 2 ** 3 % 5, Y }
    export const shown = [Plain, Computed, Constant.Y, Constant.X, Special, Object.keys(Plain), Plain[6],
      Object.getOwnPropertyDescriptor(Plain, 'A')];`,
  merged: `
    enum E { A, B }
    enum E { C = 2, D = A + 10, Same = B }
    namespace E { export function twice(e: E): number { return e * 2; } export const zero = E.A; }
    function f() { return f.value; }
    namespace f { export let value = 1; value += 2; }
    class C { static own = 1; m() { return C.extra; } }
    namespace C { export const extra = 'more'; export type T = number; }
    export const shown = [E, E.twice(E.C), f(), f.value, new C().m(), Object.keys(C), Object.keys(E)];`,
  scoped: `
    function g(depth: number) {
      enum Local { A = depth as any, B = 'b' }
      enum Twice { A = 1 }
      enum Twice { B = 2 }
      if (depth > 0) { enum Local { Inner = 1 } return [Local, g(depth - 1), () => Local.Inner]; }
      switch (depth) { case 0: enum InCase { Z } return [Local, Twice, InCase]; }
      return [];
    }
    const arrow = () => { enum InArrow { Q = 9 } return InArrow; };
    class K { static { enum InBlock { R } K.seen = InBlock; } static seen: any; }
    export const shown = [g(0), g(1), (g(1)[2] as any)(), arrow(), K.seen];`,
  usedBefore: `
    export const early = (() => { try { return typeof Late; } catch (e) { return (e as Error).name; } })();
    function later() { return Late.A; }
    enum Late { A = 4 }
    function inside() { try { return [typeof Local]; enum Local { A } } catch (e) { return (e as Error).name; } }
    export const shown = [early, later(), inside()];`,
  namespaces: `
    let log: unknown[] = [];
    namespace N {
      export const x = 1, y: number = 2;
      export let z: number, w = 3;
      export const { a, b: [c], ...rest } = { a: 10, b: [20], d: 30 };
      export const [p = 5, ...q] = [undefined, 6, 7];
      const hidden = x + y;
      export function f(by = x): number { w += by; z = w; return hidden + w; }
      export async function g() { return { x, y, w }; }
      export abstract class Shape<T> { constructor(readonly side: T) {} area() { return side2(this.side as any); } }
      function side2(n: number) { return n * n + x; }
      export class Square extends Shape<number> {}
      export enum Color { Red, Green = Red + 5 }
      export namespace Inner { export const deep = x + 100; export let counter = 0; export function up() { return ++counter; } }
      export namespace Inner { export const again = deep + counter; export const via = up(); }
      namespace Types { export interface I { x: number } }
      export import Alias = Inner.deep;
      import Hidden = Inner.up;
      log.push(Hidden(), Alias, Color.Green);
      ({ x: w } = { x: 50 });
      [z] = [w + 1];
      for (w of [51, 52]) log.push(w);
      export const arrow = () => x, named = function () { return y; };
      log.push(arrow.name, named.name, f.name);
    }
    namespace N { export const more = x + f(1); log.push(Inner.counter, Color.Red, new Square(3).area()); export declare const ghost: number; }
    namespace OnlyTypes { export type T = 1; }
    declare namespace Ambient { const q: number; }
    namespace A.B.C { export const v = 'abc'; export const w = v + 1; }
    namespace A.B { export const sibling = C.v; }
    export namespace Out { export const o = 1; }
    export namespace Out { export const o2 = o + 1; }
    import Short = A.B.C;
    import Unused = A.B;
    export import Public = A.B.C.v;
    export const shown = [N, log, A, Out, Short.v, typeof OnlyTypes0, Object.keys(N)];
    var OnlyTypes0: undefined;`,
  shadowed: `
    namespace S { export const S = 1; export const t = S + 1; export namespace T { export const T = t; export function f(S: number) { return S + T; } } }
    namespace M { export enum M { M, N = M + 1 } export const two = M.N; }
    enum Z { Z = 3, Y = Z + 1, W = ((Z: number) => Z)(9) }
    namespace P { export let count = 0; export const bump = (count: number) => { { let count = 5; P.count += count; } return count; };
      export const both = () => { count++; return { count, other: count }; }; }
    P.bump(1);
    export const shown = [S, S.T.f(4), M, Z, P.both(), P.count];`,
  classes: `
    class Point { constructor(public x: number, protected readonly y = x * 2, plain: number = 3, private z?: string) { this.sum += x + plain; } sum = 1; }
    class Base { constructor(...args: unknown[]) { this.given = args; } given: unknown; }
    class Derived extends Base {
      own = 'own';
      constructor(readonly first: string, public second: number) {
        'use strict';
        const before = first + '!';
        super(before, second)
        this.own += this.first;
      }
    }
    class Strict { constructor(public a: number) { "use strict"; a += 1; this.b = a; } b: number; declare c: number; d!: string; e?: number }
    const Expression = class { constructor(private readonly inner: { a: number }) { { let inner = 1; void inner; } } };
    abstract class Abstract { abstract m(): void; abstract x: number; private constructor(public made = 'made') {} static make() { return new (this as any)(); } }
    export const shown = [new Point(1), new Derived('f', 2), new Strict(1), new Expression({ a: 1 }), Object.keys(new Point(1)),
      Object.keys(new Derived('a', 1)), Abstract.make(), Point.length, Derived.length];`,
};

/** The same for what Node.js itself cannot run, so that only a lowered text says what it means. */
export const accessorProgram = `
  class A {
    accessor x = 1
    accessor y: number;
    static accessor z = 'z';
    accessor #p = 5;
    private accessor 'with space' = 2;
    both() { return [this.x, this.#p++, this.#p]; }
  }
  class B extends A { get x() { return super.x + 10; } set x(v) { super.x = v; } }
  const b = new B(); b.x = 4; B.z = 'changed';
  export const shown = [new A().both(), b.x, b.y, A.z, Object.keys(b), Object.getOwnPropertyNames(A.prototype),
    typeof Object.getOwnPropertyDescriptor(A, 'z')!.get];`;
