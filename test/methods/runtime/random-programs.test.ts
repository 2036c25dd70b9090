import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { chance, load, runMovable, runNative, writeModules } from './workshop.ts';

// Programs of a few asynchronous functions that log, await, start each other, loop, throw and jump. Natively and moved,
// they must log the same in the same order: so jobs run in the order of native microtasks, and nothing runs twice.

type Depth = number;

const functions = 3;

function statement(depth: Depth): fc.Arbitrary<string> {
  const log = fc.nat(99).map((n) => `log.push(name + ${n});`);
  const call = fc.nat(functions - 1).map((k) => `f${k}(log, name + '${k}', fuel - 1)`);
  const simple: fc.Arbitrary<string>[] = [
    log,
    log,
    fc.constant('await null;'),
    fc.constant('x += 1;'),
    call.map((text) => `log.push(await ${text});`),
    call.map((text) => `held.push(${text});`),
    fc.constant('x += (x++) * (await later(x)) + x;'),
    fc.constant('log.push(`${x}-${await later(x += 1)}-${x}`);'),
    fc.constant(
      'log.push(String((await Promise.allSettled(held.splice(0))).map((s: any) => s.value ?? s.reason.message)));',
    ),
    fc.constant("if (x % 3 === 1) throw new Error(name + '!');"),
    fc.constant('if (x > 5) return name;'),
    fc.constant('if (x > 3) return relay(text(x));'),
    fc.constant('held.push(relay(held[0] ?? relay(text(x))));'),
  ];
  if (depth === 0) return fc.oneof(...simple);
  const block = fc.array(statement(depth - 1), { minLength: 1, maxLength: 4 }).map((list) => list.join(' '));
  return fc.oneof(
    { weight: 5, arbitrary: fc.oneof(...simple) },
    {
      weight: 1,
      arbitrary: block.map((body) => `for (let i = 0; i < 3; i++) { ${body} if (x > 20) break; }`),
    },
    {
      weight: 1,
      arbitrary: block.map(
        (body) => `for (const y of [x, x + 1]) { x = y; if (x % 4 === 0) continue; ${body} }`,
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(block, block).map(([a, b]) => `if (x % 2 === 0) { ${a} } else { ${b} }`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(block, block)
        .map(([a, b]) => `try { ${a} } catch (e: any) { log.push(e.message); ${b} }`),
    },
    { weight: 1, arbitrary: fc.tuple(block, block).map(([a, b]) => `try { ${a} } finally { ${b} }`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(block, block)
        .map(([a, b]) => `switch (x % 3) { case 0: ${a} case 1: ${b} break; default: x += 1; }`),
    },
  );
}

const program = fc
  .array(fc.array(statement(2), { minLength: 2, maxLength: 5 }), {
    minLength: functions,
    maxLength: functions,
  })
  .map(
    (bodies) => `"use movable";
async function relay(p: Promise<string>): Promise<string> { return p; }
async function text(x: number): Promise<string> { return "t" + x; }
async function later(x: number): Promise<number> { await null; return x; }
${bodies
  .map(
    (body, k) => `async function f${k}(log: string[], name: string, fuel: number): Promise<string> {
  if (fuel < 0 || log.length > 60) return 'spent';
  const held: Promise<string>[] = [];
  let x = ${k};
  try { ${body.join('\n  ')} } finally { await Promise.allSettled(held); }
  return name + x;
}`,
  )
  .join('\n')}
export async function main(n: number): Promise<unknown> {
  const log: string[] = [];
  const all = [f0(log, 'a', n), f1(log, 'b', n), f2(log, 'c', n)];
  const ends = await Promise.allSettled(all);
  return [[...log], ends.map((end: any) => end.value ?? end.reason.message)];
}`,
  );

test.each([1, 2])(
  'random programs log the same, moved or not (SEED=%i)',
  async (seed) => {
    await fc.assert(
      fc.asyncProperty(program, fc.integer(), async (source, movesSeed) => {
        const native = writeModules({ 'm.ts': source }, { movable: false });
        const movable = writeModules({ 'm.ts': source }, { movable: true });
        const expected = await runNative(native, 'm.ts', 'main', [2]);
        await load(movable, 'm.ts');
        const next = chance(movesSeed);
        const { outcome } = await runMovable(
          movable,
          'm.ts#main',
          [2],
          () => next() < 0.1,
          () => next() < 0.5,
        );
        expect(outcome).toEqual(expected);
        // Outside an execution, too.
        expect(await runNative(movable, 'm.ts', 'main', [2])).toEqual(expected);
      }),
      { seed, numRuns: 30 },
    );
  },
  120_000,
);
