import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Bytes } from '../../src/actors/ports.ts';
import type { HistoryStore } from '../../src/forecasting/history/contract.ts';
import type { Store } from '../../src/store/contract.ts';
import { vaultHistory } from '../../src/store/history.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { clock, random } from './ports.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const startMs = 473_000 * hourMs;
const nowMs = startMs + 2 * hourMs;
const always = { fromMs: startMs, toMs: startMs + 100 * hourMs };
const options = { ...storeOptions({ clock, random }), callTimeoutMs: 30_000 };

let folder = '';
const stores: Store[] = [];

/** A session of its own, as each host has one. */
async function session(): Promise<Bytes> {
  const store = await openStore(`lmdb:${folder}`, options);
  stores.push(store);
  const { vault } = store;
  return {
    put: async (key, bytes) => void (await vault.put(key, bytes)),
    get: (key) => vault.get(key),
    delete: (key) => vault.delete(key),
    list: (prefix) => vault.list(prefix),
  };
}

let vault: Bytes;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-history-'));
  vault = await session();
});
afterEach(async () => {
  for (const key of await vault.list('history/')) await vault.delete(key);
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await rm(folder, { recursive: true });
});

function fill(history: HistoryStore, key: string, fromMinute: number, toMinute: number, value = 1): void {
  for (let minute = fromMinute; minute < toMinute; minute += 1) {
    history.append(key, startMs + minute * minuteMs, value * minute, nowMs);
  }
}

const seen = (history: HistoryStore, key: string): readonly number[] =>
  history.buckets(key, always, minuteMs).map(({ mean }) => mean);
const numbers = (from: number, to: number, value = 1): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => value * (from + index));

/** What the next holder finds. */
async function successor(term: number): Promise<HistoryStore> {
  const history = vaultHistory(await session(), { term });
  await history.load(nowMs);
  return history;
}

test('what was saved, in several steps, is there after a restart; what was not is lost', async () => {
  const first = vaultHistory(vault, { term: 1 });
  expect(await first.load(nowMs)).toEqual({ series: 0, buckets: 0, skipped: [] });
  fill(first, 'host/a/cpu', 0, 30);
  await first.save(nowMs);
  fill(first, 'host/a/cpu', 30, 40);
  fill(first, 'host/b/cpu', 0, 5);
  await first.save(nowMs);
  fill(first, 'host/b/cpu', 5, 9);
  const second = vaultHistory(await session(), { term: 2 });
  expect(await second.load(nowMs)).toMatchObject({ series: 2, skipped: [] });
  expect(seen(second, 'host/a/cpu')).toEqual(numbers(0, 40));
  expect(seen(second, 'host/b/cpu')).toEqual(numbers(0, 5));
  expect(second.keys('host/b')).toEqual(['host/b/cpu']);
  fill(second, 'host/a/cpu', 40, 45);
  expect(seen(second, 'host/a/cpu')).toEqual(numbers(0, 45));
});

test('a failed-over holder that saves too late changes nothing of what its successor saved', async () => {
  const former = vaultHistory(vault, { term: 4 });
  fill(former, 'a', 0, 20);
  await former.save(nowMs);
  const holder = await successor(5);
  fill(holder, 'a', 20, 30);
  await holder.save(nowMs);
  fill(former, 'a', 20, 60, -1);
  await former.save(nowMs);
  former.forget('a');
  await former.save(nowMs);
  expect(seen(await successor(6), 'a')).toEqual(numbers(0, 30));
});

test('many saves keep a bounded number of values; what was forgotten and cut off stays so', async () => {
  const holder = vaultHistory(vault, { term: 1 });
  for (let minute = 0; minute < 110; minute += 1) {
    fill(holder, 'a', minute, minute + 1);
    await holder.save(nowMs);
  }
  expect((await vault.list('history/')).length).toBeLessThanOrEqual(65);
  fill(holder, 'b', 0, 5);
  await holder.save(nowMs);
  holder.forget('b');
  // The clock is set back by an hour and a half.
  fill(holder, 'a', 20, 24, -1);
  await holder.save(nowMs);
  const next = await successor(2);
  expect(next.keys('')).toEqual(['a']);
  expect(seen(next, 'a')).toEqual([...numbers(0, 20), -22, -23]);
  expect(await vault.list('history/')).toHaveLength(1);
});

test('a series that was forgotten does not come back, however little was saved since', async () => {
  const holder = vaultHistory(vault, { term: 1 });
  fill(holder, 'a', 0, 5);
  fill(holder, 'b', 0, 5);
  await holder.save(nowMs);
  holder.forget('b');
  fill(holder, 'a', 5, 6);
  await holder.save(nowMs);
  expect((await successor(2)).keys('')).toEqual(['a']);
});

test('what a clock said that was ahead does not come back', async () => {
  const holder = vaultHistory(vault, { term: 1 });
  fill(holder, 'a', 0, 110);
  await holder.save(nowMs);
  fill(holder, 'a', 20, 24, -1);
  await holder.save(nowMs);
  expect(seen(await successor(2), 'a')).toEqual([...numbers(0, 20), -22, -23]);
});

test('a large history takes several values; all of them count, or none', async () => {
  const holder = vaultHistory(vault, { term: 1 });
  for (let series = 0; series < 1200; series += 1) fill(holder, `series/${series}`, 0, 2, series);
  await holder.save(nowMs);
  const whole = await vault.list('history/');
  expect(whole.length).toBeGreaterThan(1);
  expect(seen(await successor(2), 'series/1199')).toEqual([0, 1199]);
  // The write after the first is broken off: its holder dies.
  const broken: Bytes = {
    ...vault,
    put: (key, bytes) => (/-1of/.test(key) ? Promise.reject(new Error('gone')) : vault.put(key, bytes)),
  };
  const dying = vaultHistory(broken, { term: 4 });
  for (let series = 0; series < 1200; series += 1) fill(dying, `series/${series}`, 50, 52, series);
  await expect(dying.save(nowMs)).rejects.toThrow('gone');
  const next = vaultHistory(await session(), { term: 4 });
  expect(await next.load(nowMs)).toMatchObject({ series: 1200, skipped: [] });
  expect(seen(next, 'series/7')).toEqual([0, 7]);
  await next.save(nowMs);
  expect(await vault.list('history/')).toHaveLength(whole.length);
});

test('a save that failed loses nothing: the next one writes it', async () => {
  let isAway = false;
  const shaky: Bytes = {
    ...vault,
    put: (key, bytes) => (isAway ? Promise.reject(new Error('away')) : vault.put(key, bytes)),
  };
  const holder = vaultHistory(shaky, { term: 1 });
  fill(holder, 'a', 0, 10);
  await holder.save(nowMs);
  isAway = true;
  fill(holder, 'a', 10, 20);
  await expect(holder.save(nowMs)).rejects.toThrow('away');
  isAway = false;
  fill(holder, 'b', 0, 3);
  // Two at once take turns.
  await Promise.all([holder.save(nowMs), holder.save(nowMs)]);
  const next = await successor(2);
  expect(seen(next, 'a')).toEqual(numbers(0, 20));
  expect(seen(next, 'b')).toEqual(numbers(0, 3));
});

test('a value that is no history is named, and costs only what it held', async () => {
  const holder = vaultHistory(vault, { term: 1 });
  fill(holder, 'a', 0, 10);
  await holder.save(nowMs);
  await vault.put('history/0000000001-0000000009-0of1', new TextEncoder().encode('a poem'));
  await vault.put('history/notes', new Uint8Array(3));
  const next = vaultHistory(await session(), { term: 2 });
  expect(await next.load(nowMs)).toMatchObject({
    series: 1,
    skipped: [
      { key: 'history/0000000001-0000000009-0of1', reason: expect.stringContaining('another format') },
    ],
  });
  expect(seen(next, 'a')).toEqual(numbers(0, 10));
  await vault.delete('history/notes');
});
