import { expect, test } from 'vitest';
import { SimulatedClock } from '../../src/simulator/clock.ts';

test('timers fire by due time, then by creation, also those set up on the way, never cancelled ones', () => {
  const clock = new SimulatedClock();
  const fired: string[] = [];
  const write = (what: string) => () => fired.push(`${what}@${clock.monotonicMs()}`);
  clock.after(20, write('c'));
  clock.after(10, write('a'));
  clock.after(10, write('b'));
  const cancel = clock.after(5, write('never'));
  clock.after(12, () => {
    clock.after(3, write('nested'));
    clock.after(100, write('too late'));
  });
  cancel();
  clock.advance(20);
  expect(fired).toEqual(['a@10', 'b@10', 'nested@15', 'c@20']);
  expect(clock.nextDueMs()).toBe(112);
});

test('a suspend shows as a jump between the boot clock and the monotonic clock', () => {
  const clock = new SimulatedClock(1_000);
  const fired: number[] = [];
  clock.after(10, () => fired.push(clock.monotonicMs()));
  clock.suspend(60_000);
  expect([clock.monotonicMs(), clock.bootMs(), fired]).toEqual([1_000, 61_000, []]);
  clock.advance(10);
  expect([clock.monotonicMs(), clock.bootMs(), fired]).toEqual([1_010, 61_010, [1_010]]);
});
