import { expect, test } from 'vitest';
import { methodId } from '../../../src/core/ids.ts';
import { encodeArgs } from '../../../src/methods/runtime/index.ts';
import { load, tenure, testPackage, Workshop, writeModules } from './workshop.ts';

const source = `"use movable";
import { setImmediate } from 'node:timers/promises';
import { effect, sleep } from 'godwit';

export async function counts(): Promise<number> {
  let sum = 0;
  for (let i = 0; i < 1_000; i++) sum += i;
  return sum;
}
export async function sleeps(): Promise<number> {
  await sleep(1_000);
  return 7;
}
export async function asks(): Promise<number> {
  return await effect('ask', {}, async () => 8);
}
export async function waits(): Promise<number> {
  return await setImmediate(9);
}
`;

async function workshop(): Promise<Workshop> {
  const folder = writeModules({ 'm.ts': source }, { movable: true });
  await load(folder, 'm.ts');
  return new Workshop(folder);
}

/** Runs what is ready, as a lane does: it looks at who is ready before and after each step. */
function runReady({ runtime }: Workshop): number {
  let steps = 0;
  while (runtime.readyCount() > 0) {
    runtime.step();
    steps += 1;
  }
  return steps;
}

test('one that was looked at while it stood still runs as soon as it is let', async () => {
  const { runtime, ...shop } = await workshop();
  runtime.start(tenure, { package: testPackage, method: methodId('m.ts#counts') }, encodeArgs([]));
  expect(runtime.readyCount()).toBe(0);
  expect(runtime.step()).toEqual({ ready: 0, busyMs: 0 });
  runtime.run(tenure);
  expect(runtime.readyCount()).toBe(1);
  runtime.step();
  expect(shop.events.map(({ kind }) => kind)).toEqual(['settled']);
  expect(runtime.readyCount()).toBe(0);
});

test('one that was ready when it was frozen runs no more, until it is let run again', async () => {
  const shop = await workshop();
  shop.start('m.ts#counts', []);
  expect(shop.runtime.readyCount()).toBe(1);
  expect(shop.runtime.freeze(tenure.execution).kind).toBe('captured');
  expect(shop.runtime.step()).toEqual({ ready: 0, busyMs: 0 });
  expect(shop.runtime.readyCount()).toBe(0);
  expect(shop.outcome).toBeNull();
  shop.runtime.run(tenure);
  expect(runReady(shop)).toBe(1);
  expect(shop.outcome).toEqual({ ok: true, value: 499_500 });
});

test('one that was discarded is nobody to give a turn to', async () => {
  const shop = await workshop();
  shop.start('m.ts#counts', []);
  expect(shop.runtime.readyCount()).toBe(1);
  shop.runtime.discard(tenure.execution);
  expect(shop.runtime.readyCount()).toBe(0);
  expect(shop.runtime.step()).toEqual({ ready: 0, busyMs: 0 });
});

test.each([
  ['sleeps', 7],
  ['asks', 8],
  ['waits', 9],
])('%s: what it waits for makes it ready again', async (method, value) => {
  const shop = await workshop();
  shop.start(`m.ts#${method}`, []);
  runReady(shop);
  expect(shop.outcome).toBeNull();
  if (!shop.passTime()) {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(shop.runtime.readyCount()).toBe(1);
  runReady(shop);
  expect(shop.outcome).toEqual({ ok: true, value });
});
