import { expect, test } from 'vitest';
import { executionId, generation, incarnationId } from '../../../src/core/ids.ts';
import type { EffectContext } from '../../../src/methods/runtime/api.ts';
import { encodeArgs } from '../../../src/methods/runtime/index.ts';
import { encodeValue } from '../../../src/methods/snapshot/index.ts';
import { captured, id, modules, moved } from './dealing-modules.ts';
import { load, runMovable, tenure, testPackage, Workshop } from './workshop.ts';

// Promise 6 of docs/semantics.md.

const outside = globalThis as unknown as {
  godwitTest: (context: EffectContext, value?: unknown) => unknown;
};

const nativeTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const effectSource = `export async function main(n: number) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await effect('ask', {}, (c) => (globalThis as any).godwitTest(c));
  return sum;
}`;

const awaitingSource = `export async function main() {
  return await effect('ask', {}, (c) => (globalThis as any).godwitTest(c));
}`;

/** The outside answers 7, but never to the first call. @returns the keys of all calls */
function answeredAtTheSecondCall(): readonly string[] {
  const keys: string[] = [];
  outside.godwitTest = ({ key }) => {
    keys.push(key);
    return keys.length === 1 ? new Promise(() => undefined) : 7;
  };
  return keys;
}

test('effects have a key, a fence and a number; their outcomes are values', async () => {
  const folder = await modules(effectSource);
  const keys: string[] = [];
  outside.godwitTest = ({ key, fence, sequence }) => {
    keys.push(`${key} ${fence}`);
    return Promise.resolve(sequence);
  };
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [3]);
  while (workshop.outcome === null) {
    workshop.runtime.step();
    await nativeTurn();
  }
  expect(workshop.outcome).toEqual({ ok: true, value: 6 });
  expect(keys).toEqual(['x-1:1:1 1', 'x-1:1:2 1', 'x-1:1:3 1']);
});

test('the outcome of an effect follows an execution that has left', async () => {
  const folder = await modules(effectSource);
  let answer: (value: number) => void = () => undefined;
  outside.godwitTest = () => new Promise<number>((resolve) => (answer = resolve));
  const { source, target } = moved(folder, [1]);
  source.runtime.discard(id);
  answer(42);
  await nativeTurn();
  const event = source.events.find(({ kind }) => kind === 'effectOutcome');
  expect(event).toMatchObject({ kind: 'effectOutcome', execution: id, outcome: { sequence: 1, ok: true } });
  target.runtime.step();
  expect(target.outcome).toBeNull();
  if (event?.kind === 'effectOutcome') target.runtime.settleEffect(id, event.outcome);
  target.runtime.step();
  expect(target.outcome).toEqual({ ok: true, value: 42 });
});

test('a lost effect is started again by the frame that awaits it', async () => {
  const folder = await modules(`export async function main(a: number) {
    const b = a * 2;
    return b + (await effect('ask', {}, (c) => (globalThis as any).godwitTest(c)));
  }`);
  const keys = answeredAtTheSecondCall();
  const { target } = moved(folder, [5]);
  target.runtime.effectsLost(id, incarnationId('h1.1'));
  target.runtime.step();
  expect(target.outcome).toEqual({ ok: true, value: 17 });
  expect(keys).toEqual(['x-1:1:1', 'x-1:1:1']);
});

test('an effect that is lost twice over is started again once', async () => {
  const folder = await modules(awaitingSource);
  const keys = answeredAtTheSecondCall();
  const { target } = moved(folder);
  target.runtime.effectsLost(id, incarnationId('h1.1'));
  target.runtime.effectsLost(id, incarnationId('h1.1'));
  target.runtime.step();
  expect(target.outcome).toEqual({ ok: true, value: 7 });
  expect(keys).toEqual(['x-1:1:1', 'x-1:1:1']);
});

test('a lost effect is called again under its key, whatever outcome comes before that', async () => {
  const folder = await modules(awaitingSource);
  const keys = answeredAtTheSecondCall();
  const { target } = moved(folder);
  target.runtime.effectsLost(id, incarnationId('h1.1'));
  const outcome = { sequence: 1, generation: tenure.generation, ok: true, value: encodeValue(7) };
  target.runtime.settleEffect(id, outcome);
  target.runtime.step();
  expect(target.outcome).toEqual({ ok: true, value: 7 });
  expect(keys).toEqual(['x-1:1:1', 'x-1:1:1']);
});

test('a lost effect that is awaited elsewhere rejects, and says how to write it', async () => {
  const folder = await modules(`export async function main() {
    const p = effect('ask', {}, (c) => (globalThis as any).godwitTest(c));
    try { return await p; } catch (e) { return (e as any).message; }
  }`);
  outside.godwitTest = () => new Promise(() => undefined);
  const { target } = moved(folder);
  target.runtime.effectsLost(id, incarnationId('h1.1'));
  target.runtime.step();
  expect(target.outcome).toMatchObject({
    ok: true,
    value: expect.stringContaining("Write await effect('ask', …)"),
  });
});

test('an effect waits for the lease', async () => {
  const folder = await modules(effectSource);
  let calls = 0;
  outside.godwitTest = () => (calls += 1);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [1]);
  workshop.mayAct = false;
  workshop.runtime.step();
  expect([calls, workshop.events.length]).toEqual([0, 0]);
  workshop.mayAct = true;
  workshop.runtime.step();
  expect(calls).toBe(1);
});

test('a sleep keeps its deadline when the execution moves', async () => {
  const folder = await modules('export async function main() { await sleep(100); return 1; }');
  const source = new Workshop(folder);
  source.start('m.ts#main', []);
  source.runtime.step();
  source.nowMs = 60;
  const target = new Workshop(folder, {}, 'h2');
  // The same store time on a host whose own clock shows another.
  target.nowMs = 1060;
  target.runtime.setClock(-1000);
  target.restore(captured(source));
  expect(target.runtime.step().ready).toBe(0);
  target.passTime();
  expect(target.nowMs).toBe(1100);
  target.runtime.step();
  expect(target.outcome).toEqual({ ok: true, value: 1 });
});

test('messages reach an execution in order, before and after a move', async () => {
  const folder = await modules(`
    export async function main() { const got: unknown[] = []; for (let i = 0; i < 3; i++) got.push(await receive()); return got; }
    export async function sender(to: string) { for (const m of ['a', 'b', 'c']) await send({ execution: to }, { m }); return self(); }`);
  let receiver = new Workshop(folder);
  receiver.start('m.ts#main', []);
  receiver.runtime.step();
  const sender = new Workshop(folder, {}, 'h9');
  const peer = { ...tenure, execution: executionId('x-2') };
  sender.runtime.start(peer, { package: testPackage, method: 'm.ts#sender' as never }, encodeArgs(['x-1']));
  sender.runtime.run(peer);
  let given = 0;
  for (let round = 0; round < 6; round += 1) {
    sender.runtime.step();
    const packets = sender.events.filter((event) => event.kind === 'packet');
    for (const event of packets.slice(given))
      if (event.kind === 'packet') receiver.runtime.deliver(id, event.packet);
    given = packets.length;
    receiver.runtime.step();
    if (receiver.outcome !== null) break;
    const bytes = captured(receiver);
    receiver = new Workshop(folder, {}, `h${round + 2}`);
    receiver.restore(bytes);
  }
  expect(receiver.outcome).toEqual({ ok: true, value: [{ m: 'a' }, { m: 'b' }, { m: 'c' }] });
  expect(sender.outcome).toBeNull();
  for (const event of receiver.events)
    if (event.kind === 'packet') sender.runtime.deliver(peer.execution, event.packet);
  expect(sender.outcome).toEqual({
    ok: true,
    value: { execution: 'x-2', epoch: 1, generation: 1, host: 'h9' },
  });
});

test('what cannot be read here arrives as the error that says so, and harms nobody else on the lane', async () => {
  const folder = await modules(`export async function main() {
    let caught = '';
    try { await effect('ask', {}, (c) => (globalThis as any).godwitTest(c)); } catch (e) { caught = (e as any).message; }
    return [caught, ((await receive()) as any).message];
  }`);
  outside.godwitTest = () => new Promise(() => undefined);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', []);
  workshop.runtime.step();
  const unreadable = Uint8Array.of(99);
  const from = { ...tenure, execution: executionId('x-2') };
  const message = { kind: 'message', from, to: id, number: 1, subject: 'user', body: unreadable } as const;
  workshop.runtime.deliver(id, message);
  const outcome = { sequence: 1, generation: tenure.generation, ok: true, value: unreadable };
  workshop.runtime.settleEffect(id, outcome);
  workshop.runtime.settleChild(id, from.execution, { kind: 'returned', value: unreadable });
  workshop.runtime.step();
  const says = expect.stringContaining('cannot be read here');
  expect(workshop.outcome).toEqual({ ok: true, value: [says, says] });
});

test('an unhandled rejection ends the execution, as it would end a program', async () => {
  const folder = await modules(`async function fails() { throw new Error('nobody looks'); }
    export async function main() { fails(); await sleep(10); return 1; }`);
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', []);
  workshop.runtime.step();
  expect(workshop.outcome).toEqual({ ok: false, error: 'Error: nobody looks' });
});

test('outside an execution the API says why it does not work; effect and sleep do', async () => {
  const folder =
    await modules(`export async function main() { await sleep(1); return effect('x', {}, () => 5); }
    export async function alone() { return receive(); }`);
  const loaded = (await load(folder, 'm.ts')) as Record<string, () => Promise<unknown>>;
  expect(await loaded['main']?.()).toBe(5);
  await expect(loaded['alone']?.()).rejects.toThrow('receive() was called outside an execution');
});

test('a sleep takes any number of milliseconds, and nothing else', async () => {
  const folder = await modules(`export async function main(ms: number) {
      const first = await Promise.race([sleep(ms).then(() => 'slept'), sleep(5).then(() => 'woken')]);
      return first;
    }`);
  const expected = [
    [Infinity, { ok: true, value: 'woken' }],
    [2 ** 40, { ok: true, value: 'woken' }],
    [-1, { ok: true, value: 'slept' }],
    [
      Number.NaN,
      { ok: false, error: 'TypeError: sleep() takes a number of milliseconds, and was given NaN.' },
    ],
  ] as const;
  let round = 0;
  const alternating = (): boolean => (round += 1) % 2 === 0;
  for (const [ms, outcome] of expected) {
    const moved = await runMovable(folder, 'm.ts#main', [ms], alternating);
    expect(moved.outcome).toEqual(outcome);
  }
  const loaded = (await load(folder, 'm.ts')) as Record<string, (ms: number) => Promise<unknown>>;
  for (const ms of [Infinity, 2 ** 40]) expect(await loaded['main']?.(ms)).toBe('woken');
});

test('a recovered copy keeps its effects apart by generation', async () => {
  const folder = await modules(effectSource);
  const keys: string[] = [];
  outside.godwitTest = ({ key }) => {
    keys.push(key);
    return new Promise(() => undefined);
  };
  const source = new Workshop(folder, { interrupt: () => true });
  source.start('m.ts#main', [1]);
  const checkpoint = source.runtime.checkpoint(id);
  if (checkpoint.kind !== 'captured') throw new Error('not captured');
  const target = new Workshop(folder, {}, 'h2');
  target.runtime.restore(tenure, checkpoint.capture.bytes);
  target.runtime.run({ ...tenure, generation: generation(2) });
  target.runtime.step();
  for (let slice = 0; slice < 5; slice += 1) source.runtime.step();
  expect(keys.toSorted()).toEqual(['x-1:1:1', 'x-1:2:1']);
});

test('what awaits effects can move, however they are put together', async () => {
  const folder = await modules(`
    const ask = (value) => effect('ask', {}, (context) => (globalThis as any).godwitTest(context, value));
    async function asked(value) { return await ask(value); }
    async function handsOn(value) { return asked(value); }
    export async function main() {
      const log = [await Promise.all([asked(1), ask(2), handsOn(3), 4])];
      log.push(await Promise.race([ask(5), sleep(1e6)]), await ask(6).then((value) => value * 2).finally(() => ask(7)));
      const held = [asked(8), ask(9)];
      for (const promise of held) log.push(await promise);
      return log;
    }`);
  const pending: (() => void)[] = [];
  outside.godwitTest = (_context: EffectContext, value?: unknown) =>
    new Promise((resolve) => pending.push(() => resolve(value)));
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', []);
  let captures = 0;
  while (workshop.outcome === null) {
    workshop.runtime.step();
    if (workshop.outcome !== null) break;
    expect(workshop.runtime.checkpoint(id)).toMatchObject({ kind: 'captured' });
    captures += 1;
    pending.shift()?.();
    await nativeTurn();
  }
  expect(workshop.outcome).toEqual({ ok: true, value: [[1, 2, 3, 4], 5, 12, 8, 9] });
  expect(captures).toBe(8);
});
