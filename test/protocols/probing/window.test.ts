import { expect, test } from 'vitest';
import { incarnationId } from '../../../src/core/ids.ts';
import { Prober } from '../../../src/protocols/probing/prober.ts';
import { probingDefaults } from '../../../src/protocols/probing/settings.ts';
import { ProbeWindow } from '../../../src/protocols/probing/window.ts';
import { unknownCoordinate } from '../../../src/protocols/probing/coordinates.ts';

const settings = { ...probingDefaults, windowProbes: 8, answerMaxMs: 100, windowMs: 10_000, peersMax: 2 };

function probed(roundTripsMs: readonly (number | null)[]): ProbeWindow {
  const window = new ProbeWindow(settings);
  for (const [index, ms] of roundTripsMs.entries()) {
    window.sent(index + 1, index * 1_000);
    if (ms !== null) expect(window.answered(index + 1, index * 1_000 + ms)).toBe(ms);
    window.settle(index * 1_000 + settings.answerMaxMs + 1);
  }
  return window;
}

test('median, 95th percentile, jitter, loss, samples and age of a window', () => {
  expect(probed([10, 20, null, 20, 10]).statistics(4_500)).toEqual({
    p50Ms: 15,
    p95Ms: 20,
    // |20 − 10|, |20 − 20|, |10 − 20|
    jitterMs: 20 / 3,
    lossRatio: 1 - 4 / 5,
    samples: 5,
    ageMs: 500,
    source: 'measured',
  });
});

test('a probe that is still on its way is neither lost nor answered', () => {
  const window = probed([10]);
  window.sent(2, 1_000);
  window.settle(1_000 + settings.answerMaxMs);
  expect(window.statistics(1_100)?.lossRatio).toBe(0);
  window.settle(1_001 + settings.answerMaxMs);
  expect(window.statistics(1_101)).toMatchObject({ lossRatio: 0.5, samples: 2 });
});

test('an answer counts once, in time, and only to a probe that was sent', () => {
  const window = probed([]);
  window.sent(5, 0);
  expect(window.answered(4, 10)).toBeNull();
  expect(window.answered(5, 10)).toBe(10);
  expect(window.answered(5, 12)).toBeNull();
  window.sent(6, 1_000);
  expect(window.answered(6, 1_000 + settings.answerMaxMs + 1)).toBeNull();
  expect(window.statistics(1_200)?.p95Ms).toBe(10);
});

test('the window holds the latest probes only, and none that is old', () => {
  expect(probed([50, 50, 50, 50, 1, 1, 1, 1, 1, 1, 1, 1]).statistics(12_000)).toMatchObject({
    p95Ms: 1,
    samples: 8,
  });
  const window = probed([50]);
  window.settle(settings.windowMs + 1);
  expect(window.statistics(settings.windowMs + 1)).toBeNull();
});

test('a host that stood still itself counts what it missed neither as lost nor as answered', () => {
  const window = probed([10]);
  window.sent(2, 1_000);
  window.disregard();
  window.settle(9_000);
  expect(window.answered(2, 1_010)).toBeNull();
  expect(window.statistics(9_000)).toMatchObject({ lossRatio: 0, samples: 1 });
});

test('a peer that never answers has no figure, and its losses are counted', () => {
  const window = probed([null, null, null]);
  expect(window.statistics(3_000)).toBeNull();
  expect(window.lostInARow).toBe(3);
  expect(probed([null, null, 7, null]).lostInARow).toBe(1);
});

test('the peer that was probed longest ago is forgotten first, and whoever is gone at once', () => {
  const [a, b, c] = ['a.1', 'b.1', 'c.1'].map(incarnationId) as [never, never, never];
  const prober = new Prober(settings);
  for (const [index, peer] of [a, b, a, c].entries())
    prober.sent(peer, { number: index + 1, sentAtMs: index });
  expect(prober.peers()).toEqual([c, a]);
  const answer = { number: 4, from: c, arrivedAtMs: 9, coordinate: unknownCoordinate };
  expect(prober.answered({ ...answer, from: a })).toBeNull();
  expect(prober.answered(answer)).toBe(6);
  prober.settle(10, (peer) => peer !== c);
  expect(prober.peers()).toEqual([a]);
});
