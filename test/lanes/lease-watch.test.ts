import { expect, test } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import { LeaseWatch } from '../../src/lanes/lease-watch.ts';
import { createShared, SharedWords } from '../../src/lanes/shared.ts';

// Promise 1 of docs/semantics.md.

function watch() {
  const now = { monotonicMs: 1000, bootMs: 5000 };
  const clock: Clock = {
    monotonicMs: () => now.monotonicMs,
    bootMs: () => now.bootMs,
    wallMs: () => 0,
    after: () => () => undefined,
  };
  const words = new SharedWords(createShared());
  return { now, words, lease: new LeaseWatch(clock, words) };
}

test('no act before the first lease', () => {
  expect(watch().lease.mayAct()).toBe(false);
});

test('acts end exactly at the deadline, and go on when it is moved', () => {
  const { now, words, lease } = watch();
  words.extendLease(1010, 5010);
  now.monotonicMs = 1009.999;
  expect(lease.mayAct()).toBe(true);
  now.monotonicMs = 1010;
  expect(lease.mayAct()).toBe(false);
  words.extendLease(1020, 5020);
  expect(lease.mayAct()).toBe(true);
});

test('a deadline that passed while the machine was suspended counts no more, whenever it is looked at', () => {
  const { now, words, lease } = watch();
  words.extendLease(2000, 6000);
  expect(lease.mayAct()).toBe(true);
  now.monotonicMs += 25;
  now.bootMs += 60_025;
  expect(lease.mayAct()).toBe(false);
  words.extendLease(2001, 66_001);
  expect(lease.mayAct()).toBe(true);
});

test('whoever has looked at a deadline only after a suspend knows of it all the same', () => {
  const { now, words, lease } = watch();
  words.extendLease(2000, 6000);
  now.bootMs += 60_000;
  expect(lease.mayAct()).toBe(false);
});

test('the coarse steps of the boot clock are no suspend', () => {
  const { now, words, lease } = watch();
  words.extendLease(2000, 6000);
  for (let step = 0; step < 100; step += 1) {
    now.monotonicMs += 2.5;
    now.bootMs = 5000 + Math.floor((now.monotonicMs - 1000) / 10) * 10;
    expect(lease.mayAct()).toBe(true);
  }
});
