import { expect, test } from 'vitest';
import { incarnationId } from '../../../src/core/ids.ts';
import type { EffectContext } from '../../../src/methods/runtime/api.ts';
import { id, moved } from './dealing-modules.ts';
import { load, Workshop, writeModules } from './workshop.ts';

// Promise 5 of docs/semantics.md.

const outside = globalThis as unknown as { godwitTest: (context: EffectContext) => unknown };

/** A method that awaits one effect with these options, and shows its error. */
async function asking(options: string): Promise<string> {
  const folder = writeModules(
    {
      'm.ts': `"use movable";\nimport { effect } from 'godwit';
        export async function main() {
          try { return await effect('ask', ${options}, (c) => (globalThis as any).godwitTest(c)); }
          catch (e) { return (e as Error).message; }
        }`,
    },
    { movable: true },
  );
  await load(folder, 'm.ts');
  return folder;
}

const nativeTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets native promises settle, the method run, and one timer fire. */
async function round(workshop: Workshop): Promise<void> {
  await nativeTurn();
  workshop.runtime.step();
  if (workshop.outcome === null) workshop.passTime();
}

test('a failed effect is attempted again after growing pauses, under the same key', async () => {
  const workshop = new Workshop(await asking('{ retry: { initialMs: 100, jitter: 0 } }'));
  const attempts: (readonly [key: string, attempt: number, atMs: number])[] = [];
  outside.godwitTest = ({ key, attempt }) => {
    attempts.push([key, attempt, workshop.nowMs]);
    if (attempt < 4) throw new Error('not yet');
    return Promise.resolve('done');
  };
  workshop.start('m.ts#main', []);
  for (let rounds = 0; workshop.outcome === null && rounds < 10; rounds += 1) await round(workshop);
  expect(workshop.outcome).toEqual({ ok: true, value: 'done' });
  expect(attempts).toEqual([
    ['x-1:1:1', 1, 0],
    ['x-1:1:1', 2, 100],
    ['x-1:1:1', 3, 300],
    ['x-1:1:1', 4, 700],
  ]);
});

test('the last attempt decides; errors that are named, or final, are not retried', async () => {
  for (const [options, thrown, calls] of [
    ['{ retry: { attempts: 3 } }', new Error('again'), 3],
    ["{ retry: { unless: ['RangeError'] } }", new RangeError('named'), 1],
    ["{ retry: { unless: ['ENOENT'] } }", Object.assign(new Error('by code'), { code: 'ENOENT' }), 1],
    ['{ retry: {} }', Object.assign(new Error('final'), { retryable: false }), 1],
    ['{}', new Error('once'), 1],
  ] as const) {
    let count = 0;
    outside.godwitTest = () => {
      count += 1;
      return Promise.reject(thrown);
    };
    const workshop = new Workshop(await asking(options));
    workshop.start('m.ts#main', []);
    for (let rounds = 0; workshop.outcome === null && rounds < 10; rounds += 1) await round(workshop);
    expect([workshop.outcome, count]).toEqual([{ ok: true, value: thrown.message }, calls]);
  }
});

test('an attempt whose time is over is told so by its signal, and has failed', async () => {
  const signals: AbortSignal[] = [];
  outside.godwitTest = ({ signal }) => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  const workshop = new Workshop(await asking('{ timeoutMs: 40, retry: { attempts: 2 } }'));
  workshop.start('m.ts#main', []);
  await round(workshop);
  expect([workshop.nowMs, signals.map(({ aborted }) => aborted)]).toEqual([40, [true]]);
  for (let rounds = 0; workshop.outcome === null && rounds < 10; rounds += 1) await round(workshop);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(workshop.outcome).toMatchObject({
    value: expect.stringContaining('attempt 2 of at most 2 took longer than its timeoutMs of 40 ms'),
  });
});

test('a key of the author’s own is handed on', async () => {
  outside.godwitTest = ({ key }) => key;
  const workshop = new Workshop(await asking("{ key: 'order-7' }"));
  workshop.start('m.ts#main', []);
  workshop.runtime.step();
  expect(workshop.outcome).toEqual({ ok: true, value: 'order-7' });
});

test('options that are wrong are an error of the method, which says which', async () => {
  outside.godwitTest = () => 1;
  const workshop = new Workshop(await asking('{ retry: { attempts: 0 } } as any'));
  workshop.start('m.ts#main', []);
  workshop.runtime.step();
  expect(workshop.outcome).toMatchObject({
    value: expect.stringContaining("effect('ask'): retry.attempts is 0"),
  });
});

test('all attempts are made where the effect started, wherever the execution is', async () => {
  const folder = await asking('{ retry: { initialMs: 10 } }');
  let aborted = false;
  let calls = 0;
  outside.godwitTest = ({ signal, attempt }) => {
    calls += 1;
    aborted ||= signal.aborted;
    return attempt === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve(`attempt ${attempt}`);
  };
  const { source, target } = moved(folder);
  source.runtime.discard(id);
  await nativeTurn();
  source.passTime();
  await nativeTurn();
  const event = source.events.find(({ kind }) => kind === 'effectOutcome');
  if (event?.kind !== 'effectOutcome') throw new Error('no outcome');
  target.runtime.settleEffect(id, event.outcome);
  target.runtime.step();
  expect(target.outcome).toEqual({ ok: true, value: 'attempt 2' });
  expect([calls, aborted]).toEqual([2, false]);
});

test('no attempt begins while the lease is not surely valid', async () => {
  let calls = 0;
  outside.godwitTest = () => {
    calls += 1;
    if (calls === 1) throw new Error('not yet');
    return 'done';
  };
  const workshop = new Workshop(await asking('{ retry: { initialMs: 10 } }'));
  workshop.start('m.ts#main', []);
  workshop.runtime.step();
  workshop.mayAct = false;
  workshop.passTime();
  workshop.passTime();
  expect(calls).toBe(1);
  workshop.mayAct = true;
  workshop.passTime();
  workshop.runtime.step();
  expect([calls, workshop.outcome]).toEqual([2, { ok: true, value: 'done' }]);
});

test('a lost effect begins anew where it is called again: all its attempts, the same key', async () => {
  const folder = await asking('{ retry: { attempts: 2, initialMs: 10 } }');
  const attempts: string[] = [];
  outside.godwitTest = ({ key, attempt }) => {
    attempts.push(`${key} ${attempt}`);
    return Promise.reject(new Error('down'));
  };
  const { target } = moved(folder);
  target.runtime.effectsLost(id, incarnationId('h1.1'));
  for (let rounds = 0; target.outcome === null && rounds < 10; rounds += 1) await round(target);
  expect(attempts).toEqual(['x-1:1:1 1', 'x-1:1:1 1', 'x-1:1:1 2']);
});
