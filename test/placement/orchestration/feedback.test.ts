import fc from 'fast-check';
import { expect, test } from 'vitest';
import { executionId, rackName } from '../../../src/core/ids.ts';
import type { DirectiveEffect, FeedbackState } from '../../../src/placement/orchestration/feedback.ts';
import {
  feedbackPolicy,
  learn,
  noFeedback,
  permits,
  recalibrated,
} from '../../../src/placement/orchestration/feedback.ts';

const x = executionId('x');
const a = rackName('a');
const expected = { benefit: 100, pauseMs: 10, bytes: 1e6, durationMs: 50 };

function effect(changes: Partial<DirectiveEffect> = {}): DirectiveEffect {
  return {
    component: x,
    rack: a,
    atMs: 0,
    expected,
    measured: expected,
    situation: { source: 0.9, target: 0.4 },
    ...changes,
  };
}

function learnTimes(times: number, one: DirectiveEffect): FeedbackState {
  let state = noFeedback;
  for (let k = 0; k < times; k += 1) state = learn(state, one, feedbackPolicy);
  return state;
}

test('estimates approach what is measured', () => {
  const state = learnTimes(
    60,
    effect({ measured: { benefit: 50, pauseMs: 20, bytes: 3e6, durationMs: 50 } }),
  );
  const corrected = recalibrated(state, expected);
  expect(corrected.benefit).toBeCloseTo(50, 0);
  expect(corrected.pauseMs).toBeCloseTo(20, 0);
  expect(corrected.bytes / 1e6).toBeCloseTo(3, 1);
  expect(corrected.durationMs).toBeCloseTo(50);
});

test('one outlier moves an estimate by at most a fifth of its surprise', () => {
  const state = learnTimes(1, effect({ measured: { ...expected, pauseMs: 1e9 } }));
  expect(state.corrections.pauseMs).toBeCloseTo(Math.exp(0.2));
});

test('however long something is far off, no correction goes beyond four or a quarter', () => {
  const far = { benefit: 1e9, pauseMs: 1e9, bytes: 1, durationMs: 0 };
  const { corrections } = learnTimes(60, effect({ measured: far }));
  expect(corrections).toEqual({ benefit: 4, pauseMs: 4, bytes: 0.25, durationMs: 0.25 });
});

test('whatever is measured, corrections stay finite and between a quarter and four', () => {
  const figure = fc.oneof(fc.double(), fc.constantFrom(0, -1, Number.NaN, Infinity, 1e300));
  const figures = fc.record({ benefit: figure, pauseMs: figure, bytes: figure, durationMs: figure });
  fc.assert(
    fc.property(
      fc.array(fc.record({ expected: figures, measured: figures }), { maxLength: 40 }),
      (effects) => {
        let state = noFeedback;
        for (const one of effects) state = learn(state, effect(one), feedbackPolicy);
        for (const factor of Object.values(state.corrections)) {
          expect(factor).toBeGreaterThanOrEqual(0.25);
          expect(factor).toBeLessThanOrEqual(4);
        }
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

test('a directive that did not help is not repeated within the horizon', () => {
  const state = learnTimes(1, effect({ measured: { ...expected, benefit: 5 } }));
  const now = { source: 0.9, target: 0.4 };
  expect(permits(state, x, a, now, 1_000, feedbackPolicy)).toMatchObject({ kind: 'refused' });
  expect(permits(state, x, rackName('b'), now, 1_000, feedbackPolicy)).toEqual({ kind: 'permitted' });
  expect(permits(state, executionId('y'), a, now, 1_000, feedbackPolicy)).toEqual({ kind: 'permitted' });
  expect(permits(state, x, a, now, feedbackPolicy.horizonMs, feedbackPolicy)).toEqual({ kind: 'permitted' });
});

test('it may be repeated when the situation is another', () => {
  const state = learnTimes(1, effect({ measured: { ...expected, benefit: -5 } }));
  const kind = (source: number, target: number) =>
    permits(state, x, a, { source, target }, 1_000, feedbackPolicy).kind;
  expect(kind(0.95, 0.35)).toBe('refused');
  expect(kind(1.2, 0.4)).toBe('permitted');
  expect(kind(0.9, 0.1)).toBe('permitted');
  expect(kind(Number.NaN, 0.4)).toBe('refused');
});

test('one that helped later is forgiven', () => {
  const failed = learnTimes(1, effect({ measured: { ...expected, benefit: 0 } }));
  const helped = learn(failed, effect({ atMs: 10 }), feedbackPolicy);
  expect(helped.disappointments).toEqual([]);
});

test('a benefit that could not be measured is no disappointment', () => {
  const state = learnTimes(1, effect({ measured: { ...expected, benefit: Number.NaN } }));
  expect(state.disappointments).toEqual([]);
  expect(state.corrections.benefit).toBe(1);
});

test('the state is JSON, and bounded', () => {
  let state = noFeedback;
  for (let k = 0; k < 1_200; k += 1) {
    const one = effect({ component: executionId(`x${k}`), measured: { ...expected, benefit: 0 }, atMs: k });
    state = learn(state, one, feedbackPolicy);
  }
  expect(state.disappointments).toHaveLength(1_000);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
