import type { Program } from './programs.ts';

const burn =
  'const burn = (n: number): number => { let s = 0; let i = 0; while (i++ < 3) s += n; return s; };';

const of = (name: string, source: string): Program => ({
  name,
  source: `"use movable";\n${burn}\n${source}`,
});

/** Programs whose accessors run for a while: each use of theirs may be left in its middle. */
export const accessorPrograms: readonly Program[] = [
  of(
    'accessors, wherever they are read',
    `class Queue<T> {
      #items: T[] = [];
      get length(): number { return burn(this.#items.length) / 3; }
      get isEmpty(): boolean { return this.length === 0; }
      get #last(): T { burn(1); return this.#items[this.#items.length - 1] as T; }
      get peek(): (n: number) => unknown { burn(1); return (n) => [n, this.#last]; }
      get boxed(): { v: number; tag: (s: TemplateStringsArray, n: number) => unknown } { burn(1); return { v: burn(2), tag(s, n) { return [s.raw, n, this === undefined]; } }; }
      push(item: T): this { this.#items.push(item); return this; }
      shift(): T | undefined { return this.#items.shift(); }
      static get made(): number { return burn(7); }
    }
    class Longer extends Queue<number> { override get length(): number { return super.length + 100; } both(): unknown { const own = (): unknown => [super.length, this.length, super.boxed.v]; return own(); } }
    export async function main(): Promise<unknown> {
      const q = new Queue<number>().push(1).push(2).push(3);
      const log: unknown[] = [q.length, q.isEmpty, typeof q.length, !q.isEmpty, -q.length, \`\${q.length}\`, [q.length, ...[q.length]], { a: q.length, [q.length]: 1 }];
      while (!q.isEmpty && q.length > 1) log.push(q.shift());
      log.push(q.peek(5), q.peek.length, q.boxed.v, q.boxed.tag\`a\${q.length}b\`, q?.length, q?.boxed?.v, q?.peek?.(6), (q as any).none?.length, Queue.made, new Longer().both());
      const { length, isEmpty: empty = 5, boxed: { v } } = q;
      log.push(length, empty, v, q.length + (await Promise.resolve(q.length)) * q.length, q.length ? q.length : 0, q.length && q.boxed.v, 'length' in q);
      for (let k = 0; k < q.length; k += 1) log.push(k + q.length);
      for (const key in q.boxed) log.push(key);
      switch (q.length) { case q.length: log.push('same'); }
      log.push(((o) => o.length)(q), [q, new Longer()].map((o) => o.length), [1, 2].length, 'abc'.length);
      return log;
    }`,
  ),
  of(
    'accessors, wherever they are assigned',
    `export async function main(): Promise<unknown> {
      const log: unknown[] = [];
      class Cell {
        #v: any = 1;
        get value(): any { burn(1); log.push(['get', this.#v]); return this.#v; }
        set value(v: any) { burn(1); log.push(['set', v]); this.#v = v; }
        get #own(): any { return burn(this.#v); }
        set #own(v: any) { this.#v = burn(v); }
        raise(): unknown { this.#own += 1; this.#own ||= 5; return [this.#own++, --this.#own]; }
        set only(v: number) { log.push(['only', v, burn(v)]); }
      }
      const cell = new Cell();
      const at = <T,>(x: T): T => { log.push('at'); burn(1); return x; };
      log.push(cell.value = 5, (cell.value += 2), cell.value++, ++cell.value, (cell.value ||= 9), (cell.value &&= 3), (cell.value ??= 4), cell.value--);
      at(cell).value = at(7);
      at(cell).value += at(1);
      at(cell).value = await Promise.resolve(9);
      cell.value **= await Promise.resolve(2);
      cell.value = 10n;
      log.push(cell.value++, cell.value);
      [cell.value, at(cell).only] = [1, 2];
      ({ a: cell.value, ...at(cell).value } = { a: 3, b: 4 } as any);
      for (cell.value of [1, 2]) log.push('of');
      for (cell.value in { x: 1 }) log.push('in');
      cell.value = 2;
      log.push(cell.raise(), delete (cell as any).value, cell.value);
      const frozen = { get value() { return burn(1); } };
      try { (frozen as any).value = 1; } catch (e) { log.push(String(e)); }
      try { (null as any).value = at(1); } catch (e) { log.push(String(e)); }
      try { (undefined as any).value; } catch (e) { log.push(String(e)); }
      const throws = { get value(): number { burn(1); throw new Error('get'); }, set value(v: number) { burn(v); throw new RangeError('set'); } };
      for (const f of [() => throws.value, () => (throws.value = 1), () => throws.value++]) try { f(); } catch (e) { log.push(String(e)); }
      const stack = { log: [] as number[], set value(v: number) { this.log.push(burn(v)); } };
      stack.value = 1; stack.value = 2;
      return [log, stack.log];
    }`,
  ),
  of(
    'functions that belong to objects of Intl',
    `export async function main(): Promise<unknown> {
      const { compare } = new Intl.Collator('de');
      const swedish = new Intl.Collator('sv');
      const f = Intl.NumberFormat('de', { maximumFractionDigits: 1 });
      await null;
      const late = swedish.compare, g = f.format;
      await null;
      const { format } = new Intl.DateTimeFormat('en', { timeZone: 'UTC' });
      const less = (a: string, b: string): number => (burn(1), compare(a, b));
      return [compare('ä', 'z'), late('ä', 'z'), late === swedish.compare, g(1234.56), g === f.format, format(0), compare.name, compare.length, f instanceof Intl.NumberFormat, ['z', 'ä'].sort(less), ['z', 'ä'].sort(late)];
    }`,
  ),
];
