import { expect, test } from 'vitest';
import type { Tenure } from '../../../src/core/execution.ts';
import { epoch, executionId, generation } from '../../../src/core/ids.ts';
import type { EffectContext } from '../../../src/methods/runtime/api.ts';
import type { RuntimeCapture } from '../../../src/methods/runtime/index.ts';
import { encodeArgs } from '../../../src/methods/runtime/index.ts';
import { load, tenure, testPackage, Workshop, writeModules } from './workshop.ts';

// Promise 4 of docs/semantics.md.

const outside = globalThis as unknown as { godwitTest: (context: EffectContext) => unknown };
const id = tenure.execution;
const rewound: Tenure = { ...tenure, epoch: epoch(2), generation: generation(2) };

async function modules(source: string): Promise<string> {
  const folder = writeModules(
    {
      'm.ts': `"use movable";\nimport { effect, start, self, send, receive, sleep } from 'godwit';\n${source}`,
    },
    { movable: true },
  );
  await load(folder, 'm.ts');
  return folder;
}

const nativeTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function checkpoint(workshop: Workshop): RuntimeCapture {
  const outcome = workshop.runtime.checkpoint(id);
  if (outcome.kind !== 'captured') throw new Error(JSON.stringify(outcome));
  return outcome.capture;
}

function frozen(workshop: Workshop): RuntimeCapture {
  const outcome = workshop.runtime.freeze(id);
  if (outcome.kind !== 'captured') throw new Error(JSON.stringify(outcome));
  return outcome.capture;
}

/** Takes a checkpoint, and lets the register name it. */
function cover(workshop: Workshop, under = tenure): void {
  const { digest } = checkpoint(workshop);
  expect(workshop.runtime.covered(under, digest)).toBe(true);
}

/** The execution as a recovery finds it in another process: nothing of the old one acts any more. */
function recover(folder: string, { bytes }: RuntimeCapture, host = 'h2'): Workshop {
  const workshop = new Workshop(folder, {}, host);
  const admission = workshop.runtime.restore(rewound, bytes);
  if (admission.kind === 'refused') throw new Error(admission.reason);
  workshop.runtime.run(rewound);
  return workshop;
}

function kinds(workshop: Workshop): readonly string[] {
  return workshop.events.map(({ kind }) => kind);
}

const asks = `export async function main() {
  return await effect('ask', {}, (c) => (globalThis as any).godwitTest(c));
}`;

test('an effect starts once a durable checkpoint holds its number; its key survives the rewind', async () => {
  const folder = await modules(asks);
  const keys: string[] = [];
  outside.godwitTest = ({ key, fence }) => {
    keys.push(`${key} ${fence}`);
    return keys.length === 1 ? new Promise(() => undefined) : 'done';
  };
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  workshop.runtime.step();
  expect([keys, kinds(workshop)]).toEqual([[], ['checkpointWanted']]);
  const capture = checkpoint(workshop);
  expect([keys, capture.effectSequence]).toEqual([[], 1]);
  workshop.runtime.covered(tenure, capture.digest);
  expect(keys).toEqual(['x-1:1 1']);
  const other = recover(folder, capture);
  other.runtime.step();
  expect(keys).toEqual(['x-1:1 1', 'x-1:1 2']);
  // Its end waits for nothing: it has no parent to tell, and the register takes it whole.
  other.runtime.step();
  expect(other.outcome).toEqual({ ok: true, value: 'done' });
});

test('a checkpoint that was taken before the effect was called starts nothing', async () => {
  const folder = await modules(
    `export async function main() { await sleep(5); return ${'await effect("ask", {}, (c) => (globalThis as any).godwitTest(c))'}; }`,
  );
  let calls = 0;
  outside.godwitTest = () => (calls += 1);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  workshop.runtime.step();
  const early = checkpoint(workshop);
  workshop.passTime();
  workshop.runtime.step();
  workshop.runtime.covered(tenure, early.digest);
  workshop.runtime.covered({ ...tenure, generation: generation(7) }, checkpoint(workshop).digest);
  expect(calls).toBe(0);
  cover(workshop);
  expect(calls).toBe(1);
});

test('messages and children wait for their checkpoint, and leave in order', async () => {
  const folder = await modules(`
    export async function child() { return 1; }
    export async function main() {
      start(child, []);
      await send({ execution: 'x-2' }, 'first');
      await send({ execution: 'x-2' }, 'second');
      await receive();
    }`);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  workshop.runtime.step();
  expect(kinds(workshop)).toEqual(['checkpointWanted']);
  cover(workshop);
  expect(
    kinds(workshop)
      .filter((kind) => kind !== 'checkpointWanted')
      .slice(0, 2),
  ).toEqual(['spawn', 'packet']);
});

test('an acknowledgement waits: a message is not lost when its receiver is rewound', async () => {
  const folder = await modules(`
    export async function main() { const got = []; for (let i = 0; i < 2; i++) got.push(await receive()); return got; }
    export async function sender(to: string) { for (const m of ['a', 'b']) await send({ execution: to }, m); await receive(); }`);
  const peer = { ...tenure, execution: executionId('x-2') };
  const sender = new Workshop(folder, {}, 'h9');
  sender.runtime.start(peer, { package: testPackage, method: 'm.ts#sender' as never }, encodeArgs(['x-1']));
  sender.runtime.run(peer);
  const receiver = new Workshop(folder);
  receiver.start('m.ts#main', [], true);
  let [given, taken] = [0, 0];
  /** Carries what was sent, both ways. */
  const exchange = (at: Workshop): void => {
    sender.runtime.step();
    for (const event of sender.events.slice(given))
      if (event.kind === 'packet') at.runtime.deliver(id, event.packet);
    given = sender.events.length;
    at.runtime.step();
    for (const event of at.events.slice(taken))
      if (event.kind === 'packet') sender.runtime.deliver(peer.execution, event.packet);
    taken = at.events.length;
  };
  exchange(receiver);
  const before = checkpoint(receiver);
  receiver.runtime.covered(tenure, before.digest);
  exchange(receiver);
  exchange(receiver);
  // Both messages were taken, and nobody was told: the host dies.
  const other = recover(folder, before);
  taken = 0;
  for (let round = 0; round < 8 && other.outcome === null; round += 1) {
    sender.runtime.retransmit();
    exchange(other);
    if (!other.runtime.inspect(id)) break;
    cover(other, rewound);
  }
  expect(other.outcome).toEqual({ ok: true, value: ['a', 'b'] });
});

test('a child’s end reaches nobody before it is durable', async () => {
  const folder = await modules(`export async function main() { return 7; }`);
  const workshop = new Workshop(folder);
  const args = encodeArgs(Object.assign([], { parent: 'x-9' }) as never);
  workshop.runtime.start(tenure, { package: testPackage, method: 'm.ts#main' as never }, args, true);
  workshop.runtime.run(tenure);
  workshop.runtime.step();
  expect([workshop.outcome, kinds(workshop)]).toEqual([null, ['checkpointWanted']]);
  const capture = checkpoint(workshop);
  // It is lost before that: what was recovered comes to the same end.
  const other = recover(folder, capture);
  other.runtime.step();
  cover(other, rewound);
  const parent = { ...tenure, execution: executionId('x-9') };
  other.runtime.peerGone(id, parent.execution, 'ended');
  expect(other.outcome).toEqual({ ok: true, value: 7 });
  workshop.runtime.covered(tenure, capture.digest);
  expect([workshop.outcome, kinds(workshop)]).toEqual([null, ['checkpointWanted', 'packet']]);
  workshop.runtime.deliver(id, { kind: 'acknowledgement', from: parent, to: id, generation: 1, upTo: 1 });
  expect([workshop.outcome, kinds(workshop)]).toEqual([
    { ok: true, value: 7 },
    ['checkpointWanted', 'packet', 'settled'],
  ]);
});

test('what was held when it moved is held, and done, at the target; at the source nothing of it', async () => {
  const folder = await modules(`
    export async function child() { return 1; }
    export async function main() {
      start(child, []);
      return await effect('ask', {}, (c) => (globalThis as any).godwitTest(c));
    }`);
  const keys: string[] = [];
  outside.godwitTest = ({ key }) => {
    keys.push(key);
    return 'done';
  };
  const source = new Workshop(folder);
  source.start('m.ts#main', [], true);
  source.runtime.step();
  const capture = frozen(source);
  source.runtime.covered(tenure, capture.digest);
  const moved: Tenure = { ...tenure, epoch: epoch(2) };
  const target = new Workshop(folder, {}, 'h2');
  target.runtime.restore(moved, capture.bytes);
  target.runtime.run(moved);
  target.runtime.step();
  expect([keys, kinds(source), kinds(target)]).toEqual([[], ['checkpointWanted'], ['checkpointWanted']]);
  cover(target, moved);
  target.runtime.step();
  expect([keys, kinds(target).includes('spawn'), kinds(source)]).toEqual([
    ['x-1:2'],
    true,
    ['checkpointWanted'],
  ]);
});

test('a copy that thaws goes on with what it held', async () => {
  const folder = await modules(asks);
  let calls = 0;
  outside.godwitTest = () => (calls += 1);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  workshop.runtime.step();
  const { digest } = frozen(workshop);
  workshop.runtime.covered(tenure, digest);
  expect(calls).toBe(0);
  workshop.runtime.run(tenure);
  expect(calls).toBe(1);
});

test('an effect that nobody awaits in place keeps it from leaving, until it has started', async () => {
  const folder = await modules(`export async function main() {
    const asked = effect('ask', {}, (c) => (globalThis as any).godwitTest(c));
    await sleep(1);
    return await asked;
  }`);
  outside.godwitTest = () => 'done';
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  workshop.runtime.step();
  expect(workshop.runtime.freeze(id)).toMatchObject({
    kind: 'pinned',
    pin: { reason: expect.stringContaining("effect 'ask' waits for its checkpoint") },
  });
  cover(workshop);
  expect(workshop.runtime.freeze(id).kind).toBe('captured');
});

test('a request that came to nothing is made again', async () => {
  const folder = await modules(asks);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  workshop.runtime.step();
  workshop.runtime.retransmit();
  checkpoint(workshop);
  workshop.runtime.retransmit();
  expect(kinds(workshop)).toEqual(['checkpointWanted', 'checkpointWanted', 'checkpointWanted']);
});

test('a message that was lost is repeated by a sender that always holds another one back', async () => {
  const folder = await modules(`export async function main() {
    await send({ execution: 'x-2' }, 'a');
    for (;;) { await sleep(1); await send({ execution: 'x-2' }, 'b'); }
  }`);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  const numbers = (): readonly number[] =>
    workshop.events.flatMap((event) =>
      event.kind === 'packet' && event.packet.kind === 'message' ? [event.packet.number] : [],
    );
  const round = (): void => {
    workshop.passTime();
    workshop.runtime.step();
  };
  workshop.runtime.step();
  cover(workshop);
  expect(numbers()).toEqual([1]);
  round();
  workshop.runtime.retransmit();
  workshop.runtime.retransmit();
  // The second one is not to be seen before a checkpoint covers it, and so is nothing that follows it.
  expect(numbers()).toEqual([1]);
  cover(workshop);
  expect(numbers()).toEqual([1, 2, 1, 2]);
  round();
  workshop.runtime.retransmit();
  cover(workshop);
  expect(numbers()).toEqual([1, 2, 1, 2, 3, 1, 2, 3]);
});

test('an effect that a recovery calls with other options is not taken for the first one', async () => {
  const folder = await modules(`export async function main() {
    const shared = { attempts: 1 };
    const changes = (async () => { await sleep(1); shared.attempts = 2; await receive(); })();
    try { return await effect('ask', { retry: { attempts: shared.attempts } }, (c) => (globalThis as any).godwitTest(c)); }
    catch (e) { return (e as any).code; }
  }`);
  outside.godwitTest = () => new Promise(() => undefined);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [], true);
  workshop.runtime.step();
  workshop.passTime();
  workshop.runtime.step();
  const other = recover(folder, checkpoint(workshop));
  other.runtime.step();
  await nativeTurn();
  other.runtime.step();
  expect(other.outcome).toEqual({ ok: true, value: 'EFFECT_CHANGED' });
});
