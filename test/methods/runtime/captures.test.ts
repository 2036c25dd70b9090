import { expect, test } from 'vitest';
import { epoch, executionId, generation } from '../../../src/core/ids.ts';
import { encodeArgs } from '../../../src/methods/runtime/index.ts';
import { load, runMovable, runNative, tenure, Workshop, writeModules } from './workshop.ts';

const id = tenure.execution;

async function modules(source: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = writeModules(
    { ...more, 'm.ts': `"use movable";\n${source}` },
    { movable: true, dense: true },
  );
  await load(folder, 'm.ts');
  return folder;
}

test('code that is not ours on the stack holds a capture up, and never runs twice', async () => {
  const source = `
    function spin(log: string[], name: string): number { let i = 0; while (i < 3) i += 1; log.push(name); return i; }
    export function main(): unknown {
      const log: string[] = [];
      const o = { m: () => 1 };
      const trapped: any = new Proxy({ p: 1 }, { get: (t: any, k) => (k === 'p' ? spin(log, 'trap') : t[k]) });
      const conv = { valueOf: () => spin(log, 'valueOf'), toString: () => 's' + spin(log, 'toString'), toJSON: () => spin(log, 'toJSON') };
      const getter = Object.defineProperty({}, 'run', { get: () => { spin(log, 'getter'); return spin; } }) as any;
      const list = [3, 1, 2].sort((a, b) => spin(log, 'sort') - 3 + a - b).map((x) => spin(log, 'map') + x);
      return [o.m(), trapped.p, (conv as any) + 1, \`\${conv}\`, JSON.stringify(conv), getter.run(log, 'called'), list, log];
    }`;
  const folder = await modules(source);
  const native = writeModules({ 'm.ts': source }, { movable: false });
  const { outcome, moved } = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(outcome).toEqual(await runNative(native, 'm.ts', 'main', []));
  // Only where `main` is entered, in its one plain call of `spin`, and where that comes back, nothing native is in between;
  // and while the Proxy is still needed, the callbacks of `sort` and `map` are pinned.
  expect(moved).toBe(8);
});

test('while a job is preempted no reaction of the same execution runs', async () => {
  const folder = await modules(`
    async function set(box: { x: number }) { box.x = 1; await null; box.x = 2; }
    export async function main() { const box = { x: 0 }; set(box); let s = 0; for (let i = 0; i < 200; i++) { s += box.x; if (i < 0) s = 0; } await null; await null; return [s, box.x]; }`);
  const { outcome } = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(outcome).toEqual({ ok: true, value: [200, 2] });
});

test('mutual recursion, 20,000 deep, moved on the way down and up, then an error through every frame', async () => {
  const source = `
    interface Shared { self?: Shared; count: number }
    function a(s: Shared, n: number, stop: boolean): number { if (s.self !== s) throw new Error('split'); s.count += 1; if (n === 0) { if (stop) throw new Error('bottom'); return 0; } const r = b(s, n - 1, stop); s.count -= 1; return r + 1; }
    function b(s: Shared, n: number, stop: boolean): number { const r = a(s, n, stop); return r + (s.self === s ? 1 : 0); }
    export function main(n: number): unknown {
      const s: Shared = { count: 0 };
      s.self = s;
      const r = a(s, n, false);
      try { a(s, n, true); } catch (e) { return [r, s.count, (e as Error).message]; }
      return null;
    }`;
  const folder = await modules(source);
  let ticks = 0;
  let slices = 0;
  const { outcome, moved } = await runMovable(
    folder,
    'm.ts#main',
    [10_000],
    () => (slices += 1) % 15 === 7,
    () => (ticks += 1) % 500 === 0,
  );
  expect(outcome).toEqual({ ok: true, value: [20_000, 10_002, 'bottom'] });
  expect(moved).toBeGreaterThan(1);
});

test('a value that cannot move pins, with method, line, variable and path', async () => {
  Reflect.set(globalThis, 'godwitConnect', () => new (class Connection {})());
  const folder = await modules(`
    export async function main() {
      const state = { list: [1], conn: new Headers() };
      await null;
      return state.list.length + (state.conn ? 1 : 0);
    }`);
  const workshop = new Workshop(folder, { interrupt: () => true });
  workshop.start('m.ts#main', []);
  // Its start, and the await.
  workshop.runtime.step();
  workshop.runtime.step();
  const outcome = workshop.runtime.freeze(id);
  expect(outcome).toMatchObject({
    kind: 'pinned',
    pin: { method: 'm.ts#main', line: 5, path: 'state.conn' },
  });
  expect(outcome.kind === 'pinned' ? outcome.pin.reason : '').toMatch(
    /^pinned: m\.ts:5 'state\.conn' \(.*Headers.*\) is live\. Write: /,
  );
  workshop.runtime.step();
  expect(workshop.outcome).toEqual({ ok: true, value: 2 });
});

test('a promise from outside pins until it settles', async () => {
  const folder = await modules(`export async function main(n: number) {
      const r = await (globalThis as any).godwitForeign();
      return r + n;
    }`);
  let settle: (value: number) => void = () => undefined;
  (globalThis as unknown as Record<string, unknown>)['godwitForeign'] = () =>
    new Promise<number>((r) => (settle = r));
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [1]);
  workshop.runtime.step();
  expect(workshop.runtime.freeze(id)).toMatchObject({ kind: 'pinned', pin: { line: 3 } });
  settle(5);
  await new Promise((resolve) => setImmediate(resolve));
  const outcome = workshop.runtime.freeze(id);
  if (outcome.kind !== 'captured') throw new Error('still pinned');
  const target = new Workshop(folder, {}, 'h2');
  target.restore(outcome.capture.bytes);
  target.runtime.step();
  expect(target.outcome).toEqual({ ok: true, value: 6 });
});

test('calls across files move; frozen constants keep their identity', async () => {
  const folder = await modules(
    `import { walk, directions } from './lib/walk.ts';
     export async function main(n: number) { const d = directions[0]; let s = 0; for (let i = 0; i < n; i++) s += walk(i); await null; return [s, d === directions[0]]; }`,
    {
      'lib/walk.ts': `"use movable";
        export const directions = Object.freeze([Object.freeze([0, 1]), Object.freeze([1, 0])]);
        export function walk(n: number): number { let s = 0; for (const [x] of directions) for (let i = 0; i < n; i++) { s += x!; if (s > 1e9) s = 0; } return s; }`,
    },
  );
  const { outcome, moved } = await runMovable(folder, 'm.ts#main', [5], () => true);
  expect(outcome).toEqual({ ok: true, value: [10, true] });
  expect(moved).toBeGreaterThan(5);
});

test('other code refuses a snapshot, and says which method', async () => {
  const source = 'export function main(n: number) { let s = 0; while (s < n) s += 1; return s; }';
  const folder = await modules(source);
  const other = await modules(source.replace('+= 1', '+= 2'));
  const workshop = new Workshop(folder, { interrupt: () => true });
  workshop.start('m.ts#main', [9]);
  workshop.runtime.step();
  const outcome = workshop.runtime.freeze(id);
  if (outcome.kind !== 'captured') throw new Error('not captured');
  const target = new Workshop(other, {}, 'h2');
  expect(target.runtime.restore(tenure, outcome.capture.bytes)).toMatchObject({
    kind: 'refused',
    reason: expect.stringMatching(
      /The snapshot runs m\.ts#main with code [0-9a-f]+, this host has [0-9a-f]+/,
    ),
  });
  expect(
    target.runtime.restore(
      tenure,
      outcome.capture.bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
    ).kind,
  ).toBe('refused');
  // The source still holds it, and may go on.
  workshop.runtime.run(tenure);
  while (workshop.outcome === null) workshop.runtime.step();
  expect(workshop.outcome).toEqual({ ok: true, value: 9 });
});

test('two tight loops share a thread fairly, and a command is seen within a tick', async () => {
  const folder = await modules(
    'export function main() { let s = 0; for (;;) { s = (s + 1) | 0; if (s < 0) s = 0; } }',
  );
  const workshop = new Workshop(folder);
  const start = performance.now();
  Object.defineProperty(workshop, 'nowMs', { get: () => performance.now() - start });
  workshop.start('m.ts#main', []);
  const second = { execution: executionId('x-2'), epoch: epoch(1), generation: generation(1) };
  workshop.runtime.start(second, { package: 'p'.repeat(64), method: 'm.ts#main' } as never, encodeArgs([]));
  workshop.runtime.run(second);
  for (let slice = 0; slice < 60; slice += 1) workshop.runtime.step();
  const [one, two] = workshop.runtime.traces().map(({ slices }) => slices);
  expect([one, two]).toEqual([30, 30]);
  expect(workshop.runtime.discard(second.execution)).toBe(true);
  // Alone, it runs on until the lane wants its thread back.
  workshop.attention = true;
  expect(workshop.runtime.step().ready).toBe(1);
});

test('inspect shows the live stack, with lines and locals, and disturbs nothing', async () => {
  const folder = await modules(`
    function inner(depth: number): number {
      let count = 0;
      while (count < 5) count += 1;
      return count + depth;
    }
    export async function main(n: number) {
      const label = 'outer';
      return label + inner(n);
    }`);
  const workshop = new Workshop(folder, { interrupt: () => true });
  workshop.start('m.ts#main', [7]);
  // The starts of both functions, and two rounds of the loop.
  for (let point = 0; point < 4; point += 1) workshop.runtime.step();
  expect(workshop.runtime.inspect(id)).toMatchObject({
    state: 'ready',
    tasks: [
      {
        frames: [
          {
            method: 'inner',
            file: 'm.ts',
            line: 5,
            locals: [
              { name: 'depth', preview: '7' },
              { name: 'count', preview: '1' },
            ],
          },
          { method: 'main', file: 'm.ts', line: 10, locals: [{ name: 'label' }] },
        ],
      },
    ],
  });
  while (workshop.outcome === null) workshop.runtime.step();
  expect(workshop.outcome).toEqual({ ok: true, value: 'outer12' });
});

test("an error's stack is in terms of the original file, suspended frames included", async () => {
  const folder = await modules(`
    function inner(): number {
      let count = 0;
      while (count < 2) count += 1;
      throw new Error('here');
    }
    export function main() {
      return inner() + 1;
    }`);
  const workshop = new Workshop(folder, { interrupt: () => true });
  workshop.start('m.ts#main', []);
  while (workshop.outcome === null) workshop.runtime.step();
  const event = workshop.events.at(-1);
  const stack = event?.kind === 'settled' && event.settlement.kind === 'threw' ? event.settlement.stack : '';
  expect(stack.split('\n').map((line) => line.trim())).toEqual([
    'Error: here',
    'at inner (m.ts:6)',
    'at main (m.ts:9)',
  ]);
});

test('what a loop calls of an iterator is moved in: its making, its steps and its end', async () => {
  const source = `
    function slow(x: number): number { let i = 0; while (i < 3) i += 1; return x; }
    class Few { [Symbol.iterator]() { let at = slow(0); return {
      next: () => { at += slow(1); return { done: at > 3, value: at }; }, return: () => { slow(at); return {}; } }; } }
    export function main(): unknown {
      const seen: number[] = [];
      for (const x of new Few()) seen.push(x);
      for (const x of new Few()) if (x > 1) break;
      const [first] = new Few();
      return [seen, first, ...new Few()];
    }`;
  const folder = await modules(source);
  const native = writeModules({ 'm.ts': source }, { movable: false });
  const { outcome, moved } = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(outcome).toEqual(await runNative(native, 'm.ts', 'main', []));
  // At each point: fewer where a function of the runtime in between is not known to pass captures on.
  expect(moved).toBe(130);
});
