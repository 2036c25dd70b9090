import { expect, test } from 'vitest';
import { parseSchedule, threadCpuMs } from '../src/thread-cpu.ts';

test('the account of a thread: time on a core comes first', () => {
  expect(parseSchedule('331358837 117766 7\n')).toBeCloseTo(331.358837);
  // Sandboxes that keep no account show zeros.
  expect(parseSchedule('0 0 1\n')).toBe(null);
  expect(parseSchedule('')).toBe(null);
});

test('this thread’s time grows by what it works, and never by more', () => {
  const before = threadCpuMs();
  const startMs = performance.now();
  while (performance.now() - startMs < 40);
  const after = threadCpuMs();
  const tookMs = performance.now() - startMs;
  if (before === null || after === null) {
    // Nothing but the absence can be tested here.
    expect([before, after]).toEqual([null, null]);
    return;
  }
  expect(after - before).toBeGreaterThan(0);
  expect(after - before).toBeLessThanOrEqual(tookMs + 5);
});
