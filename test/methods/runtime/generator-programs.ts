/** Programs with generators. `main` takes nothing, and returns plain data. */
const given = `"use movable";
function f(n: any): any { let s = 0; for (let i = 0; i < 3; i++) s += i; return n; }
`;

interface GeneratorProgram {
  readonly name: string;
  readonly source: string;
}

const program = (name: string, source: string): GeneratorProgram => ({ name, source: given + source });

export const generatorPrograms: readonly GeneratorProgram[] = [
  program(
    'loops, yield*, spread and destructuring go on with generators',
    `function* count(to: number): any {
      for (let i = 1; i <= to; i++) yield f(i);
      return 'end';
    }
    function* twice(source: Iterable<number>): any {
      for (const v of source) {
        yield v;
        yield f(v * 10);
      }
    }
    function* both(): any {
      const ended = yield* twice(count(2));
      const told = yield* count(3);
      return [ended, told];
    }
    export function main() {
      const seen: any[] = [];
      for (const v of twice(twice(count(2)))) seen.push(v);
      const [a, , ...rest] = count(f(5));
      const [x, y, z] = count(2);
      const g = both();
      for (let r = g.next(); ; r = g.next()) {
        seen.push(r);
        if (r.done) break;
      }
      return [seen, a, rest, x, y, z, [...count(3), ...both()], Math.max(...count(4))];
    }`,
  ),
  program(
    'what is sent, thrown and returned arrives where the body stands',
    `function* told(log: any[]): any {
      let sum = 0;
      try {
        for (;;) {
          try {
            const v: any = yield f(sum);
            sum += v;
          } catch (e) {
            log.push(['caught', String(e)]);
            yield f('after');
          }
        }
      } finally {
        log.push('finally');
        yield f('last');
        log.push('over');
      }
    }
    function* around(log: any[]): any {
      return yield* told(log);
    }
    export function main() {
      const log: any[] = [];
      const out: any[] = [];
      for (const make of [told, around]) {
        const g = make(log);
        out.push(g.next('lost'), g.next(4), g.next(f(5)), g.throw(new Error('x')), g.next(), g.next(1));
        out.push(g.return('r'), g.next(), g.next());
        const unborn = make(log);
        out.push(unborn.return(f(7)), unborn.next());
        const killed = make(log);
        try {
          killed.throw(new Error('early'));
        } catch (e) {
          out.push(String(e), killed.next());
        }
      }
      return [out, log];
    }`,
  ),
  program(
    'a generator that runs cannot be gone on with',
    `function tried(what: () => any) {
      try {
        return what();
      } catch (e) {
        return String(e);
      }
    }
    function* inner(box: any): any {
      for (let i = 0; i < 3; i++) {
        f(i);
        yield [tried(() => box.outer.next()), tried(() => box.inner.next()), tried(() => [...box.outer])];
      }
    }
    function* outer(box: any): any {
      box.inner = inner(box);
      yield* box.inner;
      for (const v of inner(box)) yield v;
    }
    export function main() {
      const box: any = {};
      box.outer = outer(box);
      return [[...box.outer], tried(() => box.outer.next()), tried(() => box.inner.return(3))];
    }`,
  ),
  program(
    'loops close what they leave, and only that',
    `function* watched(log: any[], name: string): any {
      try {
        yield f(1);
        yield f(2);
        throw new Error(name);
      } finally {
        log.push(f(name));
      }
    }
    export function main() {
      const log: any[] = [];
      for (const v of watched(log, 'break')) if (v === 1) break;
      out: for (const v of [1, 2]) {
        for (const w of watched(log, 'continue')) if (w === 2) continue out;
      }
      const leave = () => {
        for (const v of watched(log, 'return')) return f(v);
      };
      log.push(leave());
      for (const how of ['throw', 'own']) {
        try {
          for (const v of watched(log, how)) if (how === 'throw' && v === 2) throw new Error('mine');
        } catch (e) {
          log.push(String(e));
        }
      }
      const [first] = watched(log, 'pattern');
      const kept = watched(log, 'kept');
      for (const v of kept) break;
      return [log, first, kept.next()];
    }`,
  ),
  program(
    'parameters are bound by the call',
    `function* plain(noted: any, a = noted('a'), { b = noted('b') }: any = {}, [c = noted('c')]: any = [], ...rest: any[]): any {
      noted('body');
      yield [a, b, c, rest];
      yield noted(a);
    }
    async function* slow(noted: any, a = noted('s'), { b }: any = { b: noted('t') }): any {
      noted('async body');
      yield [a, b];
    }
    function* failing({ x }: any, y = f(x)): any {
      yield y;
    }
    export async function main() {
      const log: any[] = [];
      const noted = (x: any) => {
        log.push(f(x));
        return x;
      };
      const made: any[] = [plain(noted), plain(noted, 1, { b: 2 }, [3], 4, 5), slow(noted)];
      log.push('made');
      f(0);
      const values: any[] = [[...made[0]], [...made[1]]];
      for await (const v of made[2]) values.push(v);
      for (const bad of [() => failing(null), () => slow(noted, 1, null), () => plain(noted, 1, {}, 5)]) {
        try {
          bad();
          log.push('no error');
        } catch (e) {
          log.push((e as any).constructor.name);
        }
      }
      const own = function* self(n: number, back = self): any {
        yield n;
        if (n > 0) yield* back(f(n - 1));
      };
      class Box {
        #k = f(3);
        *each(to = this.#k, made = () => this.#k): any {
          for (let i = 0; i < to; i++) yield [i, made(), f(this.#k)];
        }
        static *range(n = f(2)): any {
          yield* [n, super.toString === Function.prototype.toString];
        }
      }
      const each = new Box().each();
      const shared = Object.getPrototypeOf(each) === Box.prototype.each.prototype;
      return [log, values, [...own(2)], [...each], shared, [...Box.range()]];
    }`,
  ),
  program(
    'results that others have made are handed on as they are',
    `function iterator(log: any[]): any {
      let i = 0;
      return {
        [Symbol.iterator]() {
          return this;
        },
        next(v: any) {
          log.push(['next', v]);
          i += 1;
          const own = i;
          return {
            tag: f(own),
            get done() {
              log.push('done?');
              return own > 2;
            },
            get value() {
              log.push('value?');
              return own * 10;
            },
          };
        },
        return(v: any) {
          log.push(['return', v]);
          return { done: true, value: f('closed') };
        },
      };
    }
    function* through(log: any[]): any {
      const v = yield* iterator(log);
      log.push(v);
    }
    function* twice(log: any[]): any {
      yield* through(log);
    }
    export function main() {
      const log: any[] = [];
      const g = twice(log);
      const r: any = g.next(1);
      log.push(r.tag, Object.keys(r));
      for (const v of g) log.push(['seen', v]);
      for (const v of twice(log)) {
        log.push(['left', v]);
        break;
      }
      const [a] = through(log);
      return [log, a, [...through(log)], twice(log).throw === g.throw];
    }`,
  ),
  program(
    'what a program puts in place of next and return counts',
    `function* one(): any {
      yield 1;
      yield 2;
    }
    export function main() {
      const log: any[] = [];
      const own: any = one();
      own.next = () => ({ done: log.length > 2, value: log.push('own') });
      own.return = () => {
        log.push('return');
        return {};
      };
      for (const v of own) f(v);
      for (const v of own) break;
      const left: any = one();
      left.return = () => {
        log.push('left');
        return {};
      };
      for (const v of left) break;
      const [x] = left;
      const other: any = one();
      other[Symbol.iterator] = () => one();
      for (const v of other) log.push(v);
      return [log, x];
    }`,
  ),
  program(
    'generators wait in data while others run',
    `function* tree(depth: number): any {
      if (depth === 0) return;
      yield* tree(depth - 1);
      yield f(depth);
      yield* tree(depth - 1);
    }
    function* zip(...all: any[]): any {
      for (;;) {
        const round = all.map((one) => one.next());
        if (round.some((r) => r.done)) return round;
        yield round.map((r) => r.value);
      }
    }
    export function main() {
      const shared = tree(3);
      const pairs = zip(shared, shared, tree(3));
      const first = pairs.next();
      const state: any = { pairs, shared, again: [shared] };
      const seen = [first.value];
      for (const v of state.pairs) {
        seen.push(v);
        f(v);
      }
      const fresh = tree(2);
      const begun = tree(2);
      begun.next();
      f(1);
      return [seen, state.again[0] === shared, shared.next(), [...fresh], [...begun], Object.keys(fresh)];
    }`,
  ),
  program(
    'asynchronous generators keep the order of jobs',
    `async function* numbers(log: any[], name: string, to: number): any {
      try {
        for (let i = 0; i < to; i++) {
          log.push(name + i);
          const sent = yield f(i) === 1 ? Promise.resolve(i) : i;
          if (sent !== undefined) log.push([name, sent]);
          if (i === 2) await null;
        }
      } finally {
        log.push(name + ' over');
      }
      return 'end';
    }
    async function* through(log: any[], name: string): any {
      for await (const v of numbers(log, name, 4)) yield v * 10;
      return yield* numbers(log, name + '*', 2);
    }
    async function other(log: any[], name: string) {
      for (let i = 0; i < 6; i++) {
        await f(null);
        log.push(name);
      }
    }
    async function failing(log: any[]) {
      async function* bad(): any {
        yield 1;
        await null;
        throw new Error('bad');
      }
      try {
        for await (const v of bad()) log.push(['bad', v]);
      } catch (e) {
        log.push(String(e));
      }
    }
    class Box {
      #k = 3;
      async *each(): any {
        for (let i = 0; i < this.#k; i++) yield [await f(i), this.#k];
      }
    }
    export async function main() {
      const log: any[] = [];
      for await (const v of through(log, 'a')) log.push(v);
      const beside = [other(log, 'x'), failing(log), other(log, 'y')];
      for await (const v of through(log, 'b')) log.push(v);
      await Promise.all(beside);
      const g = numbers(log, 'q', 5);
      const asked = [g.next(), g.next('two'), other(log, 'z'), g.next('three'), g.return('stop'), g.next()];
      for await (const v of numbers(log, 'c', 9)) if (v > 1) break;
      const seen: any[] = await Promise.all(asked);
      for await (const v of new Box().each()) seen.push(v);
      const shared = numbers(log, 'd', 3);
      const early = shared.next();
      for await (const v of shared) log.push(['shared', v]);
      seen.push(await early, await shared.next());
      return [log, seen];
    }`,
  ),
  program(
    'throw() into what has no throw: lists and other iterators, closed or not as the engine does',
    `
    export async function main(): Promise<unknown> {
      const out: any[] = [];
      const first = (end: any) => ({ next() { return { done: false, value: 1 }; }, return() { out.push('closed'); return end; } });
      async function* list(): any { yield* { [Symbol.iterator]: () => first({}) } as any; }
      async function* each(end: any): any { yield* { [Symbol.asyncIterator]: () => first(end) } as any; }
      async function* open(): any { yield* { [Symbol.asyncIterator]: () => ({ next: () => ({ done: false, value: 1 }) }) } as any; }
      for (const walk of [list(), each({}), each(Promise.resolve({})), each(1), each(Promise.reject(new Error('end'))), open()]) {
        await walk.next();
        try { out.push('none', await walk.throw(6)); } catch (e) { out.push(String(e)); }
        out.push(await walk.next());
      }
      async function* caught(): any { try { yield* [5, 6]; } catch (e) { out.push('in', String(e)); yield 'after'; } }
      const it = caught();
      await it.next();
      const thrown = it.throw(8).then((v: any) => out.push('thrown', v));
      for (let turn = 0; turn < 6; turn += 1) { await null; out.push(turn); }
      await thrown;
      return out;
    }`,
  ),
];
