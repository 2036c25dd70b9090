import { expect, test } from 'vitest';
import { load, runMovable, runNative, writeModules } from './workshop.ts';

async function modules(source: string): Promise<string> {
  const text = `"use movable";\n${source}`;
  const folder = writeModules(
    { 'm.ts': text, 'n.ts': text.replace('use movable', 'use native') },
    { movable: true, dense: true },
  );
  await load(folder, 'm.ts');
  return folder;
}

test("the language's own iterators that are consumed where they are made hold no move up", async () => {
  const folder = await modules(`
    class Bag {
      items = new Set(['x', 'y']);
      log: string[] = [];
      get map() { this.log.push('map'); return new Map([['k', this.items.size]]); }
    }
    function own<T>(value: T): T { return value; }
    export function main(): unknown {
      const counters = own({ names: new Map([['a', 1], ['b', 2]]), list: ['p', 'q'], bytes: new Uint8Array([4, 5]) });
      const bag = own(new Bag());
      const text = own('ab');
      const gone = own(undefined as unknown as Map<string, number> | undefined);
      return [
        [...counters.names.keys()].length,
        Array.from(counters.names.values()),
        new Map(counters.names.entries()).get('b'),
        [...counters.list.entries(), ...counters.bytes.keys()],
        [...bag.map.values()],
        [...bag.items?.values(), ...(gone?.keys() ?? [])],
        Math.max(...counters.bytes['values']()),
        [...text[Symbol.iterator](), ...counters.names[Symbol.iterator](), ...counters.list[Symbol.iterator]()],
        [...(text + 1).matchAll(/[a-z]/g)].map((found) => found[0]),
        Object.fromEntries(counters.names.entries()),
        bag.log,
      ];
    }`);
  const native = await runNative(folder, 'n.ts', 'main', []);
  expect(native.ok).toBe(true);
  const { outcome, moved, pins } = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(outcome).toEqual(native);
  expect(pins).toEqual([]);
  expect(moved).toBeGreaterThan(10);
});

test('functions of the same names that a program wrote keep the points where they come back', async () => {
  const point = (name: string): string => `
    class Own { ${name}() { return [1, 2]; } }
    function own<T>(value: T): T { return value; }
    export function main(): unknown { const o: any = own(new Own()); return o.${name}().length; }`;
  const [keys, other] = await Promise.all(
    ['keys', 'other'].map(async (name) =>
      runMovable(await modules(point(name)), 'm.ts#main', [], () => true),
    ),
  );
  expect(keys?.outcome).toEqual({ ok: true, value: 2 });
  expect(keys?.moved).toBe(other?.moved);
});

test('an iterator that a compiled function gives back is held where that returns', async () => {
  const folder = await modules(`
    class Names { map = new Map([['a', 1]]); keys() { return this.map.keys(); } }
    function own<T>(value: T): T { return value; }
    export function main(): unknown { const names = own(new Names()); return [...names.keys()]; }`);
  const { outcome, pins } = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(outcome).toEqual({ ok: true, value: ['a'] });
  expect(pins).toEqual([expect.stringContaining('Map Iterator')]);
});

test('what is no function is named as its author wrote it', async () => {
  const folder = await modules(`
    export function main(): unknown {
      const o: any = { a: {} };
      const said: string[] = [];
      for (const f of [() => o.a.keys(), () => o.a[Symbol.iterator](), () => o.b.values()]) {
        try { f(); } catch (error) { said.push((error as Error).message); }
      }
      return said;
    }`);
  const { outcome } = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(outcome).toEqual(await runNative(folder, 'n.ts', 'main', []));
});
