import { expect, test } from 'vitest';
import { LeaseCell } from '../../src/actors/lease-cell.ts';
import { hostName, incarnationId, rackName } from '../../src/core/ids.ts';
import { leaseDefaults } from '../../src/protocols/lease/timing.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';

// Rule 3 of docs/semantics.md.

const identity = { name: hostName('h1'), rack: rackName('r1'), address: 'h1:1' };

test('a lease allows acts up to its deadline, and nothing after its end', () => {
  const clock = new SimulatedClock();
  const cell = new LeaseCell({ ...identity, incarnation: incarnationId('h1.a') }, leaseDefaults, clock);
  expect(cell.isValid()).toBe(false);
  cell.extend(100, 100);
  clock.advance(99);
  expect(cell.isValid()).toBe(true);
  clock.advance(1);
  expect(cell.isValid()).toBe(false);
  cell.extend(200, 200);
  expect(cell.isValid()).toBe(true);
  cell.ended = true;
  expect(cell.isValid()).toBe(false);
});

test('a lease that ran out while the machine was suspended allows nothing, though the monotonic clock stood still', () => {
  const clock = new SimulatedClock();
  const cell = new LeaseCell({ ...identity, incarnation: incarnationId('h1.a') }, leaseDefaults, {
    monotonicMs: () => 50,
    bootMs: () => clock.bootMs(),
    wallMs: () => 0,
    after: () => () => undefined,
  });
  cell.extend(100, 100);
  clock.advance(99);
  expect(cell.isValid()).toBe(true);
  clock.advance(1);
  expect(cell.isValid()).toBe(false);
});
