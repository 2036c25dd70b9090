import { expect, test } from 'vitest';
import { LaneEffects } from '../../src/actors/lane-effects.ts';
import { epoch, executionId, generation } from '../../src/core/ids.ts';
import type { LaneIndex } from '../../src/core/ids.ts';

const lane = 0 as LaneIndex;
const execution = executionId('x-1');
const stay = (number: number) => ({ execution, epoch: epoch(number), generation: generation(1) });

test('an effect of an earlier stay is remembered when its execution has come back, and leaves again', () => {
  const effects = new LaneEffects();
  effects.started(lane, stay(1), 1);
  effects.started(lane, stay(3), 2);
  effects.stayEnded(lane, execution, epoch(3));
  expect(effects.laneLost(lane)).toEqual([{ execution, sequence: 1, life: 1 }]);
  expect(effects.laneLost(lane)).toEqual([]);
});

test('what has ended is forgotten', () => {
  const effects = new LaneEffects();
  effects.started(lane, stay(1), 1);
  effects.started(lane, stay(1), 2);
  effects.ended(lane, execution, 1);
  effects.stayEnded(lane, execution, epoch(1));
  effects.started(lane, stay(3), 3);
  effects.allEnded(lane, execution);
  expect(effects.laneLost(lane)).toEqual([]);
});
