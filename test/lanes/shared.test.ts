import { expect, test } from 'vitest';
import { createShared, SharedWords } from '../../src/lanes/shared.ts';

function words(): SharedWords {
  const shared = new SharedWords(createShared());
  shared.enter('waiting');
  return shared;
}

test('host and lane see each other through one buffer', () => {
  const shared = createShared();
  const host = new SharedWords(shared);
  const lane = new SharedWords(shared);
  host.extendLease(1234.5, 2234.5);
  lane.enter('working');
  lane.addBusy(2.5);
  lane.addBusy(1);
  lane.addDemand(12);
  lane.showExecutions(3, 7);
  lane.showHeap(4096);
  lane.countTurn();
  expect(lane.leaseDeadlineMs).toBe(1234.5);
  expect(lane.leaseDeadlineBootMs).toBe(2234.5);
  expect(host.phase).toBe('working');
  expect(host.counters()).toEqual({
    busyMs: 3.5,
    demandMs: 12,
    ready: 3,
    executions: 7,
    turns: 1,
    heapBytes: 4096,
  });
});

test('a new lane holds no lease', () => {
  expect(new SharedWords(createShared()).leaseDeadlineMs).toBe(0);
});

test('attention lasts until every announced command was taken', () => {
  const shared = words();
  expect(shared.attention).toBe(false);
  shared.announce(10);
  shared.announce(11);
  shared.countTaken();
  expect(shared.attention).toBe(true);
  shared.countTaken();
  expect(shared.attention).toBe(false);
});

test('a command that is taken before its announcement is seen leaves no attention behind', () => {
  const shared = words();
  shared.announce(10);
  shared.countTaken();
  shared.rest();
  expect(shared.silentSinceMs()).toBeNull();
});

// What the lane last showed, and since when it counts as silent.
const rows: [string, (shared: SharedWords) => void, number | null][] = [
  ['starting, with a command', (shared) => (shared.enter('starting'), shared.announce(10)), null],
  ['waiting', (shared) => shared.rest(), null],
  ['waiting, with a command that nobody takes', (shared) => shared.announce(10), 10],
  ['working', (shared) => shared.beat(20), 20],
  ['working, a command came before the last tick', (shared) => (shared.announce(10), shared.beat(20)), 20],
  ['working, a command came after the last tick', (shared) => (shared.beat(20), shared.announce(25)), 25],
  [
    'the second of two commands does not renew the first',
    (shared) => (shared.announce(10), shared.announce(30)),
    10,
  ],
  ['ended', (shared) => (shared.beat(20), shared.enter('ended')), null],
];

test.each(rows)('silence: %s', (_name, act, sinceMs) => {
  const shared = words();
  act(shared);
  expect(shared.silentSinceMs()).toBe(sinceMs);
});
