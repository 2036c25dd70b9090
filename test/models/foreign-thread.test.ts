import { afterEach, expect, test } from 'vitest';
import type { FitRequest } from '../../src/models/fit-messages.ts';
import { ForeignThread } from '../../src/models/foreign-thread.ts';
import { fiveMinutesMs, seasonalWalk } from './series.ts';

const threads: ForeignThread[] = [];
afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.end())));

function open(): ForeignThread {
  const thread = new ForeignThread();
  threads.push(thread);
  return thread;
}

function request(model: FitRequest['model'], length: number): FitRequest {
  const values = seasonalWalk(length, 3).map((value) => (value - 50) / 20);
  return { model, values, startMs: 0, stepMs: fiveMinutesMs, periods: [], pathSteps: 12 };
}

const sound = request('arima', 300);
const patienceMs = 20_000;

test('a fit that takes too long is ended in the middle, with its thread only', () => {
  const thread = open();
  expect(thread.fit(sound, patienceMs).kind).toBe('fitted');
  const started = performance.now();
  // Some ten seconds of work.
  const answer = thread.fit(request('prophet', 100_000), 1);
  expect(answer).toEqual({ kind: 'broken', reason: expect.stringContaining('it took longer than 1 ms') });
  expect(performance.now() - started).toBeLessThan(patienceMs);
  expect(thread.isUsable).toBe(false);
  expect(open().fit(sound, patienceMs).kind).toBe('fitted');
});

test('a library that overruns its memory ends its thread, and the next one fits as before', () => {
  const thread = open();
  const before = thread.fit(sound, patienceMs);
  // More than fits on the stack of the library's memory.
  expect(thread.fit(request('arima', 50_000), patienceMs)).toEqual({
    kind: 'broken',
    reason: expect.stringContaining('out of bounds'),
  });
  expect(thread.isUsable).toBe(false);
  expect(open().fit(sound, patienceMs)).toEqual(before);
});

test('a library that says no stays in use', () => {
  const thread = open();
  expect(thread.fit(request('mstl', 300), patienceMs).kind).toBe('refused');
  expect(thread.fit({ ...request('prophet', 300), stepMs: 100 }, patienceMs).kind).toBe('refused');
  expect(thread.isUsable).toBe(true);
  expect(thread.fit(request('auto-ets', 300), patienceMs).kind).toBe('fitted');
});
