import { expect, test } from 'vitest';
import { reportText } from '../../src/simulator/cluster/report.ts';
import { runScenario } from '../../src/simulator/cluster/run.ts';
import type { Scenario } from '../../src/simulator/cluster/scenario.ts';
import { scriptedDrivers } from '../../src/testing/simulated-drivers.ts';

const quiet = {
  children: null,
  sendTo: [],
  sendEvery: 0,
  effectEvery: 0,
  sleepEvery: 0,
  sleepMs: 5,
} as const;

/** Courses that once led to harm, made small; each with what went wrong in it. */
const found: Readonly<Record<string, Omit<Scenario, 'seed'>>> = {
  'the kept copy of an execution that had ended goes on, and gives its result': {
    hosts: 2,
    works: [{ atMs: 0, on: 0, until: 60, bytes: 100, durable: false, deals: null }],
    moves: [{ atMs: 800, work: 0, to: 1 }],
    faults: [
      // Its result cannot be stored before it leaves,
      { trigger: { kind: 'time', atMs: 300 }, mishap: { kind: 'fullDisk', forMs: 900 } },
      // and its new owner is lost at once, with the result and without a checkpoint.
      {
        trigger: { kind: 'phase', phase: 'target resumed', nth: 1, afterMs: 0 },
        mishap: { kind: 'crash', host: 'self', restartMs: 4_000 },
      },
    ],
    activeMs: 1_500,
  },
  'an effect runs on in a lane that its execution has left, and the lane dies': {
    hosts: 2,
    works: [
      {
        atMs: 0,
        on: 0,
        until: 90,
        bytes: 100,
        durable: false,
        deals: { children: null, sendTo: [], sendEvery: 0, effectEvery: 7, sleepEvery: 0, sleepMs: 0 },
      },
    ],
    moves: [
      { atMs: 120, work: 0, to: 1 },
      { atMs: 160, work: 0, to: 1 },
      { atMs: 200, work: 0, to: 1 },
    ],
    // The host lives on: its lease does not say that the outcome will never come.
    faults: [
      {
        trigger: { kind: 'phase', phase: 'copy retained', nth: 1, afterMs: 0 },
        mishap: { kind: 'laneDeath', host: 'self' },
      },
    ],
    activeMs: 600,
  },
  // What it had to acknowledge waited for checkpoints all the time, and so did what it had to repeat.
  'a durable execution that hears something all the time never repeats what was lost': {
    hosts: 3,
    works: [
      {
        atMs: 0,
        on: 1,
        until: null,
        bytes: 100,
        durable: false,
        deals: { ...quiet, sendTo: [1, 2], sendEvery: 1 },
      },
      {
        atMs: 0,
        on: 2,
        until: null,
        bytes: 100,
        durable: false,
        deals: { ...quiet, sendTo: [0], sendEvery: 4 },
      },
      {
        atMs: 0,
        on: 1,
        until: 178,
        bytes: 100,
        durable: true,
        deals: { ...quiet, sendTo: [1], sendEvery: 1, effectEvery: 7, sleepEvery: 5 },
      },
    ],
    moves: [
      { atMs: 663, work: 1, to: 0 },
      { atMs: 831, work: 1, to: 2 },
      { atMs: 902, work: 1, to: 0 },
      { atMs: 982, work: 2, to: 0 },
      { atMs: 1_004, work: 1, to: 2 },
      { atMs: 1_540, work: 0, to: 0 },
    ],
    faults: [],
    activeMs: 648,
  },
  // A renewal was answered late, and the answer was taken up later still: the store's clock seemed to be behind.
  'a timer fires early, when the clock is put right': {
    hosts: 2,
    works: [
      {
        atMs: 730,
        on: 1,
        until: 100,
        bytes: 100,
        durable: false,
        deals: { children: null, sendTo: [], sendEvery: 0, effectEvery: 0, sleepEvery: 5, sleepMs: 150 },
      },
    ],
    moves: [],
    faults: [
      { trigger: { kind: 'time', atMs: 520 }, mishap: { kind: 'storeStall', forMs: 225 } },
      { trigger: { kind: 'time', atMs: 660 }, mishap: { kind: 'pause', host: 1, forMs: 225 } },
    ],
    activeMs: 700,
  },
  // A lane that had nothing to run saw its deadline only after the suspend, and the thread that knew of it stood still.
  'a host that was suspended while it started an execution runs it beyond its lease': {
    hosts: 2,
    works: [{ atMs: 0, on: 1, until: 213, bytes: 100, durable: false, deals: null }],
    moves: [],
    faults: [
      {
        trigger: { kind: 'phase', phase: 'start claiming', nth: 1, afterMs: 0 },
        mishap: { kind: 'suspend', host: 'self', forMs: 900 },
      },
      { trigger: { kind: 'time', atMs: 920 }, mishap: { kind: 'stall', host: 1, forMs: 1_600 } },
    ],
    activeMs: 1_000,
  },
  // Its host remembered that it had told it, and not that it was set back since.
  'a parent is set back twice within half a second, and told only once that its child has ended': {
    hosts: 2,
    works: [
      {
        atMs: 0,
        on: 1,
        until: null,
        bytes: 100,
        durable: false,
        deals: { ...quiet, children: { every: 3, childrenMax: 3, until: 17 } },
      },
    ],
    moves: [],
    faults: [
      { trigger: { kind: 'time', atMs: 300 }, mishap: { kind: 'laneDeath', host: 1 } },
      { trigger: { kind: 'time', atMs: 500 }, mishap: { kind: 'laneDeath', host: 1 } },
    ],
    activeMs: 1_700,
  },
};

test.each(Object.entries(found))('%s', async (_name, course) => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const scenario = { ...course, seed };
    const outcome = await runScenario(scenario, { drivers: scriptedDrivers, traced: true });
    expect(outcome.violations, reportText(scenario, outcome)).toEqual([]);
  }
});
