import { expect, test } from 'vitest';
import type { Tenure } from '../../../src/core/execution.ts';
import type { ExecutionId } from '../../../src/core/ids.ts';
import { epoch, executionId, generation, methodId } from '../../../src/core/ids.ts';
import { decodeResult, encodeArgs } from '../../../src/methods/runtime/index.ts';
import { load, testPackage, Workshop, writeModules } from './workshop.ts';

// Promise 4 of docs/semantics.md: an execution ends when what it has sent was taken.

async function modules(source: string): Promise<string> {
  const folder = writeModules(
    { 'm.ts': `"use movable";\nimport { start, send, receive, sleep } from 'godwit';\n${source}` },
    { movable: true },
  );
  await load(folder, 'm.ts');
  return folder;
}

const a: Tenure = { execution: executionId('x-a'), epoch: epoch(1), generation: generation(1) };
const b: Tenure = { ...a, execution: executionId('x-b') };

function begin(workshop: Workshop, tenure: Tenure, method: string, args: readonly unknown[]): void {
  const ref = { package: testPackage, method: methodId(`m.ts#${method}`) };
  expect(workshop.runtime.start(tenure, ref, encodeArgs(args))).toMatchObject({ kind: 'admitted' });
  workshop.runtime.run(tenure);
}

/** Carries packets between two executions, in order, until neither has anything to say. */
class Post {
  readonly #given = new Map<Workshop, number>();

  carry(...ends: readonly (readonly [Workshop, ExecutionId])[]): void {
    for (let isNew = true; isNew;) {
      isNew = false;
      for (const [from] of ends) {
        while (from.runtime.step().ready > 0);
        const events = from.events.slice(this.#given.get(from) ?? 0);
        this.#given.set(from, from.events.length);
        for (const event of events) {
          if (event.kind !== 'packet') continue;
          isNew = true;
          for (const [to, execution] of ends)
            if (execution === event.packet.to) to.runtime.deliver(execution, event.packet);
        }
      }
    }
  }
}

const source = `
  export async function tell(to: string, times: number) {
    for (let n = 0; n < times; n += 1) await send({ execution: to }, n);
    return 'told';
  }
  export async function tellAtOnce(to: string, times: number) {
    for (let n = 0; n < times; n += 1) void send({ execution: to }, n);
    return 'told';
  }
  export async function hear(times: number) {
    const heard = [];
    while (heard.length < times) heard.push(await receive());
    return heard;
  }
  export async function large() { return 'x'.repeat(2 ** 21); }
  export async function main(method: number, ...args: unknown[]) {
    const child = start(method === 0 ? large : tellAtOnce, args);
    const heard = [];
    for (let n = 0; n < (args[1] ?? 0); n += 1) heard.push(await receive());
    try { return [heard.length, await child.result]; } catch (error) { return (error as Error).message; }
  }
  export async function tries(to: string) {
    const outcomes = [];
    for (let n = 0; n < 258; n += 1) {
      try { await send({ execution: to }, n); outcomes.push('sent'); } catch (error) { outcomes.push((error as Error).message); }
    }
    return outcomes.slice(255);
  }`;

test('it has ended once its messages were taken, wherever it is by then', async () => {
  const folder = await modules(source);
  const first = new Workshop(folder);
  begin(first, a, 'tell', ['x-b', 3]);
  first.runtime.step();
  expect(first.outcome).toBeNull();
  expect(first.runtime.inspect(a.execution)).toMatchObject({
    state: 'ending',
    tasks: [{ waitsFor: 'x-b to take 3 messages', frames: [] }],
  });
  const frozen = first.runtime.freeze(a.execution);
  if (frozen.kind !== 'captured') throw new Error(JSON.stringify(frozen));
  first.runtime.discard(a.execution);

  // What it sent from the first place is lost; the copy elsewhere sends it again.
  const second = new Workshop(folder, {}, 'h2');
  const moved = { ...a, epoch: epoch(2) };
  expect(second.runtime.restore(moved, frozen.capture.bytes)).toMatchObject({ kind: 'admitted' });
  second.runtime.run(moved);
  const receiver = new Workshop(folder, {}, 'h3');
  begin(receiver, b, 'hear', [3]);
  second.runtime.step();
  expect(second.outcome).toBeNull();
  new Post().carry([second, a.execution], [receiver, b.execution]);
  expect([second.outcome, receiver.outcome]).toEqual([
    { ok: true, value: 'told' },
    { ok: true, value: [0, 1, 2] },
  ]);
  expect(second.events.filter(({ kind }) => kind === 'settled')).toHaveLength(1);
});

test('two that end with messages for each other take them, however many there are', async () => {
  const folder = await modules(source);
  const [one, other] = [
    new Workshop(folder, { mailboxMax: 2 }),
    new Workshop(folder, { mailboxMax: 2 }, 'h2'),
  ];
  begin(one, a, 'tellAtOnce', ['x-b', 300]);
  begin(other, b, 'tellAtOnce', ['x-a', 300]);
  new Post().carry([one, a.execution], [other, b.execution]);
  expect([one.outcome, other.outcome]).toEqual([
    { ok: true, value: 'told' },
    { ok: true, value: 'told' },
  ]);
});

test('whoever does not read keeps its senders waiting, until it ends itself', async () => {
  const folder = await modules(`${source}
    export async function dawdle() { await sleep(1000); return 'done'; }`);
  const [sender, dawdler] = [new Workshop(folder), new Workshop(folder, { mailboxMax: 2 }, 'h2')];
  begin(sender, a, 'tell', ['x-b', 5]);
  begin(dawdler, b, 'dawdle', []);
  const post = new Post();
  const ends = [
    [sender, a.execution],
    [dawdler, b.execution],
  ] as const;
  post.carry(...ends);
  expect(sender.outcome).toBeNull();
  dawdler.passTime();
  post.carry(...ends);
  sender.runtime.retransmit();
  post.carry(...ends);
  expect([sender.outcome, dawdler.outcome]).toEqual([
    { ok: true, value: 'told' },
    { ok: true, value: 'done' },
  ]);
});

test('a child’s sends that wait for room come before its end', async () => {
  const folder = await modules(source);
  const [parent, child] = [new Workshop(folder), new Workshop(folder, {}, 'h2')];
  begin(parent, a, 'main', [1, 'x-a', 600]);
  parent.runtime.step();
  const spawn = parent.events.find((event) => event.kind === 'spawn');
  if (spawn?.kind !== 'spawn') throw new Error('no spawn');
  child.runtime.start({ ...a, execution: spawn.child }, spawn.method, spawn.args);
  child.runtime.run({ ...a, execution: spawn.child });
  new Post().carry([parent, a.execution], [child, spawn.child]);
  expect(parent.outcome).toEqual({ ok: true, value: [600, 'told'] });
  expect(child.outcome).toEqual({ ok: true, value: 'told' });
});

test('a parent hears of a result that is too large to be sent', async () => {
  const folder = await modules(source);
  const [parent, child] = [new Workshop(folder), new Workshop(folder, {}, 'h2')];
  begin(parent, a, 'main', [0]);
  parent.runtime.step();
  const spawn = parent.events.find((event) => event.kind === 'spawn');
  if (spawn?.kind !== 'spawn') throw new Error('no spawn');
  child.runtime.start({ ...a, execution: spawn.child }, spawn.method, spawn.args);
  child.runtime.run({ ...a, execution: spawn.child });
  new Post().carry([parent, a.execution], [child, spawn.child]);
  expect(parent.outcome).toMatchObject({
    ok: true,
    value: expect.stringMatching(
      /^The message to x-a was not sent: it has 209\d+ bytes, at most 1048576/,
    ) as string,
  });
  const settled = child.events.find((event) => event.kind === 'settled');
  expect(settled?.kind === 'settled' && decodeResult(settled.settlement.value)).toHaveLength(2 ** 21);
});

test('what is owed to somebody who has ended is owed no more, and later sends are refused', async () => {
  const folder = await modules(source);
  const sender = new Workshop(folder);
  begin(sender, a, 'tries', ['x-b']);
  while (sender.runtime.step().ready > 0);
  expect(sender.outcome).toBeNull();
  // The 257th waits for room.
  sender.runtime.peerGone(a.execution, b.execution, 'ended');
  while (sender.runtime.step().ready > 0);
  const refused = 'The message to x-b was not sent: it has ended.';
  expect(sender.outcome).toEqual({ ok: true, value: ['sent', refused, refused] });
});

test('what is owed to nobody is owed no more; what comes later is sent anew', async () => {
  const folder = await modules(source);
  const sender = new Workshop(folder);
  begin(sender, a, 'tries', ['x-b']);
  while (sender.runtime.step().ready > 0);
  sender.runtime.peerGone(a.execution, b.execution, 'absent');
  while (sender.runtime.step().ready > 0);
  expect(sender.outcome).toBeNull();
  const last = sender.events.findLast((event) => event.kind === 'packet');
  expect(last).toMatchObject({ packet: { kind: 'message', to: 'x-b', number: 1 } });
  sender.runtime.peerGone(a.execution, b.execution, 'absent');
  const refused = 'The message to x-b was not sent: there is no such execution.';
  expect(sender.outcome).toEqual({ ok: true, value: ['sent', refused, 'sent'] });
});
