import { expect, test } from 'vitest';
import type { AttemptsEvent, AttemptsState } from '../../../src/protocols/effects/attempts.ts';
import { begin, leasePauseMs, pauseAfter, step } from '../../../src/protocols/effects/attempts.ts';
import {
  EffectOptionsError,
  once,
  readOptions,
  retryDefaults,
} from '../../../src/protocols/effects/policy.ts';
import type { EffectPolicy } from '../../../src/protocols/effects/policy.ts';

// Promise 5 of docs/semantics.md.

const thrice: EffectPolicy = {
  attemptsMax: 3,
  initialMs: 100,
  factor: 3,
  pauseMaxMs: 200,
  jitter: 0.5,
  unless: ['ENOENT'],
  timeoutMs: 50,
};

function threw(attempt: number, ...marks: string[]): AttemptsEvent {
  return { kind: 'threw', attempt, marks, isFinal: false, chance: 0 };
}

/** What is done for each event, from the beginning. */
function transcript(policy: EffectPolicy, events: readonly AttemptsEvent[]): readonly string[] {
  const first = begin(policy);
  let state: AttemptsState = first.state;
  const told = [first.effects];
  for (const event of events) {
    const next = step(state, event, policy);
    state = next.state;
    told.push(next.effects);
  }
  return told.map((effects) => effects.map((effect) => Object.values(effect).join(' ')).join(', '));
}

test.each<[string, EffectPolicy, readonly AttemptsEvent[], readonly string[]]>([
  ['one attempt that returns', once, [{ kind: 'returned', attempt: 1 }], ['call 1', 'end 1 returned']],
  ['one attempt that throws', once, [threw(1)], ['call 1', 'end 1 threw']],
  [
    'three attempts, with growing pauses up to the longest',
    thrice,
    [threw(1), { kind: 'paused', mayAct: true }, threw(2), { kind: 'paused', mayAct: true }, threw(3)],
    [
      'watch 1 50, call 1',
      'pause 100',
      'watch 2 50, call 2',
      'pause 200',
      'watch 3 50, call 3',
      'end 3 threw',
    ],
  ],
  [
    'an error that is not retried',
    thrice,
    [threw(1, 'Error', 'ENOENT')],
    ['watch 1 50, call 1', 'end 1 threw'],
  ],
  [
    'an error that says itself that it is final',
    thrice,
    [{ kind: 'threw', attempt: 1, marks: [], isFinal: true, chance: 0 }],
    ['watch 1 50, call 1', 'end 1 threw'],
  ],
  [
    'an attempt whose time is over has failed, and what it does later changes nothing',
    thrice,
    [
      { kind: 'timedOut', attempt: 1, chance: 0.5 },
      { kind: 'returned', attempt: 1 },
      { kind: 'paused', mayAct: true },
      { kind: 'returned', attempt: 1 },
      threw(1),
      { kind: 'timedOut', attempt: 1, chance: 0 },
      { kind: 'returned', attempt: 2 },
      { kind: 'timedOut', attempt: 2, chance: 0 },
    ],
    ['watch 1 50, call 1', 'abort 1, pause 75', '', 'watch 2 50, call 2', '', '', '', 'end 2 returned', ''],
  ],
  [
    'the last attempt whose time is over',
    { ...thrice, attemptsMax: 1 },
    [{ kind: 'timedOut', attempt: 1, chance: 0 }],
    ['watch 1 50, call 1', 'abort 1, end 1 timedOut'],
  ],
  [
    'no attempt begins while the lease is not surely valid',
    thrice,
    [threw(1), { kind: 'paused', mayAct: false }, { kind: 'paused', mayAct: true }],
    ['watch 1 50, call 1', 'pause 100', `pause ${leasePauseMs}`, 'watch 2 50, call 2'],
  ],
])('%s', (_name, policy, events, expected) => {
  expect(transcript(policy, events)).toEqual(expected);
});

test('a pause is shortened by chance, by no more than the jitter says', () => {
  expect([pauseAfter(1, 0, thrice), pauseAfter(1, 0.999_999, thrice)]).toEqual([100, expect.closeTo(50, 3)]);
});

test('options say nothing, or all, or a part', () => {
  expect(readOptions('e', {})).toEqual({ policy: once, key: null });
  expect(readOptions('e', undefined)).toEqual({ policy: once, key: null });
  const { policy, key } = readOptions('e', {
    retry: { attempts: 9, maxMs: undefined },
    timeoutMs: 5,
    key: 'k',
  });
  expect(key).toBe('k');
  expect(policy).toEqual({
    attemptsMax: 9,
    initialMs: retryDefaults.initialMs,
    factor: retryDefaults.factor,
    pauseMaxMs: retryDefaults.maxMs,
    jitter: retryDefaults.jitter,
    unless: [],
    timeoutMs: 5,
  });
});

test.each<[unknown, string]>([
  [5, 'options is 5, expected an object'],
  [{ retries: 3 }, 'options.retries is 3, expected one of retry, timeoutMs, key'],
  [{ retry: true }, 'retry is true, expected an object'],
  [{ retry: { tries: 3 } }, 'retry.tries is 3, expected one of attempts, initialMs,'],
  [{ retry: { attempts: 0 } }, 'retry.attempts is 0, expected a number from 1'],
  [{ retry: { attempts: 1.5 } }, 'retry.attempts is 1.5, expected a whole number'],
  [{ retry: { attempts: NaN } }, 'retry.attempts is NaN'],
  [{ retry: { factor: 0.5 } }, 'retry.factor is 0.5'],
  [{ retry: { jitter: 2 } }, 'retry.jitter is 2'],
  [{ retry: { unless: 'ENOENT' } }, "retry.unless is 'ENOENT', expected an array"],
  [{ timeoutMs: -1 }, 'timeoutMs is -1'],
  [{ timeoutMs: '1s' }, "timeoutMs is '1s'"],
  [{ key: '' }, "key is '', expected a string"],
])('options that are refused: %j', (options, message) => {
  expect(() => readOptions('pay', options)).toThrow(EffectOptionsError);
  expect(() => readOptions('pay', options)).toThrow(`effect('pay'): ${message}`);
});
