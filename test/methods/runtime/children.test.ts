import { expect, test } from 'vitest';
import type { Tenure } from '../../../src/core/execution.ts';
import { epoch, executionId, generation } from '../../../src/core/ids.ts';
import { decodeResult } from '../../../src/methods/runtime/index.ts';
import { encodeValue } from '../../../src/methods/snapshot/index.ts';
import { captured, id, modules } from './dealing-modules.ts';
import { tenure, Workshop } from './workshop.ts';

// Promise 7 of docs/semantics.md.

test('a child is spawned once, and its result comes as a message', async () => {
  const folder = await modules(`
    export async function child(n: number) { if (n > 1) throw new RangeError('too much'); return n + 1; }
    export async function main(n: number) {
      const c = start(child, [n], { on: 'h2' });
      try { return [c.execution, await c.result]; } catch (e) { return (e as Error).message; }
    }`);
  for (const [n, expected] of [
    [1, 2],
    [2, 'too much'],
  ] as const) {
    const parent = new Workshop(folder);
    parent.start('m.ts#main', [n]);
    parent.runtime.step();
    const [spawn] = parent.events;
    if (spawn?.kind !== 'spawn') throw new Error('no spawn');
    expect([spawn.method.method, decodeResult(spawn.options)]).toEqual([
      'm.ts#child',
      { on: 'h2', durable: false },
    ]);
    const child = new Workshop(folder, {}, 'h2');
    const childTenure = { ...tenure, execution: spawn.child };
    child.runtime.start(childTenure, spawn.method, spawn.args);
    child.runtime.run(childTenure);
    child.runtime.step();
    for (const event of child.events) if (event.kind === 'packet') parent.runtime.deliver(id, event.packet);
    parent.runtime.step();
    expect(parent.outcome).toEqual({ ok: true, value: n === 1 ? [spawn.child, expected] : expected });
  }
});

const parentSource = `
  export async function child(n: number) { return n + 1; }
  export async function main(n: number) {
    const c = start(child, [n]);
    return (await c.result) * 10;
  }`;

/** A parent that waits for its child, as it comes to another process under this tenure. */
async function parentAt(under: Tenure): Promise<{ readonly parent: Workshop; readonly child: typeof id }> {
  const folder = await modules(parentSource);
  const before = new Workshop(folder);
  before.start('m.ts#main', [4]);
  before.runtime.step();
  const spawn = before.events.find(({ kind }) => kind === 'spawn');
  if (spawn?.kind !== 'spawn') throw new Error('no spawn');
  const parent = new Workshop(folder, {}, 'h2');
  parent.runtime.restore(under, captured(before));
  parent.runtime.run(under);
  parent.runtime.step();
  return { parent, child: spawn.child };
}

const moved: Tenure = { ...tenure, epoch: epoch(2) };
const recovered: Tenure = { ...moved, generation: generation(2) };

test.each([
  ['recovered', recovered],
  ['moved', moved],
])('a %s parent asks for its child again: the host that heard it may be gone', async (_how, under) => {
  const { parent, child } = await parentAt(under);
  const spawns = (): readonly string[] =>
    parent.events.flatMap((event) => (event.kind === 'spawn' ? [event.child] : []));
  expect(spawns()).toEqual([child]);
  expect(parent.runtime.freeze(id).kind).toBe('captured');
  parent.runtime.run(under);
  parent.runtime.step();
  expect(spawns()).toEqual([child]);
});

test('a rewound parent learns from the register how its child ended, once', async () => {
  const { parent, child } = await parentAt(recovered);
  const settlement = { kind: 'returned', value: encodeValue(5) } as const;
  parent.runtime.settleChild(id, executionId('x-other'), settlement);
  parent.runtime.settleChild(id, child, settlement);
  parent.runtime.settleChild(id, child, { kind: 'returned', value: encodeValue(6) });
  parent.runtime.step();
  expect(parent.outcome).toEqual({ ok: true, value: 50 });
});
