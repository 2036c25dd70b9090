import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SystemClock } from '../src/clock.ts';

describe('SystemClock', () => {
  test('the monotonic clock never steps back, and has fractions of a millisecond', () => {
    const clock = new SystemClock();
    const read = Array.from({ length: 1_000 }, () => clock.monotonicMs());
    expect(read).toEqual(read.toSorted((one, other) => one - other));
    expect(new Set(read).size).toBeGreaterThan(100);
  });

  test('timers fire in order, never early, and not at all once cancelled', async () => {
    const clock = new SystemClock();
    const startMs = clock.monotonicMs();
    const fired: string[] = [];
    await new Promise<void>((resolve) => {
      clock.after(5.5, () => {
        fired.push('second');
        expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(5.5);
        resolve();
      });
      clock.after(1.2, () => {
        fired.push('first');
        expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(1.2);
      });
      clock.after(2, () => fired.push('never'))();
    });
    expect(fired).toEqual(['first', 'second']);
  });

  test('a delay beyond what Node can take does not fire at once', async () => {
    const clock = new SystemClock();
    let fired = false;
    const cancel = clock.after(2 ** 32, () => {
      fired = true;
    });
    await new Promise<void>((resolve) => clock.after(3, resolve));
    expect(fired).toBe(false);
    cancel();
  });

  test('the boot clock is read from the file of the kernel, in milliseconds', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'clock-')), 'uptime');
    writeFileSync(file, '12345.67 45678.90\n');
    const clock = new SystemClock(file);
    expect(clock.bootMs()).toBeCloseTo(12_345_670, 5);
    writeFileSync(file, '12405.67 45678.90\n');
    expect(clock.bootMs()).toBeCloseTo(12_405_670, 5);
  });

  test('without that file the boot clock is the monotonic clock', () => {
    const clock = new SystemClock('/nowhere/uptime');
    const before = clock.monotonicMs();
    expect(clock.bootMs()).toBeGreaterThanOrEqual(before);
    expect(clock.bootMs()).toBeLessThanOrEqual(clock.monotonicMs() + 1);
  });
});
