import { expect, test } from 'vitest';
import { LaneEffects } from '../../src/actors/lane-effects.ts';
import { epoch, executionId, generation, laneIndex } from '../../src/core/ids.ts';

const lane = laneIndex(0);
const otherLane = laneIndex(1);
const execution = executionId('x-1');
const stay = (number: number) => ({ execution, epoch: epoch(number), generation: generation(1) });
const effect = (sequence: number) => ({ sequence, name: `effect ${sequence}` });

test('an effect of an earlier stay is remembered when its execution has come back, and leaves again', () => {
  const effects = new LaneEffects();
  effects.started(lane, stay(1), effect(1));
  effects.started(lane, stay(3), effect(2));
  effects.stayEnded(lane, execution, epoch(3));
  expect(effects.laneLost(lane)).toEqual([{ execution, sequence: 1, life: 1 }]);
  expect(effects.laneLost(lane)).toEqual([]);
});

test('what has ended is forgotten', () => {
  const effects = new LaneEffects();
  effects.started(lane, stay(1), effect(1));
  effects.started(lane, stay(1), effect(2));
  effects.ended(lane, execution, 1);
  effects.stayEnded(lane, execution, epoch(1));
  effects.started(lane, stay(3), effect(3));
  effects.allEnded(lane, execution);
  expect(effects.laneLost(lane)).toEqual([]);
});

test('an effect that goes on after its execution left is named until it ends', () => {
  const effects = new LaneEffects();
  effects.started(lane, stay(1), effect(1));
  expect(effects.leftBehind).toEqual([]);
  effects.left(lane, execution, [effect(1)]);
  expect(effects.leftBehind).toEqual(['effect 1']);
  effects.ended(lane, execution, 1);
  expect(effects.leftBehind).toEqual([]);
});

test('an effect that ended before the lane named it is not waited for', () => {
  const effects = new LaneEffects();
  effects.started(lane, stay(1), effect(1));
  effects.ended(lane, execution, 1);
  effects.left(lane, execution, [effect(1)]);
  expect(effects.leftBehind).toEqual([]);
});

test('while its execution runs here none is left behind; those of both its stays are when it leaves again', () => {
  const effects = new LaneEffects();
  effects.started(lane, stay(1), effect(1));
  effects.left(lane, execution, [effect(1)]);
  effects.returned(execution);
  expect(effects.leftBehind).toEqual([]);
  effects.started(otherLane, stay(3), effect(2));
  effects.started(otherLane, stay(3), effect(3));
  effects.left(otherLane, execution, [effect(1), effect(3), effect(4)]);
  expect(effects.leftBehind).toEqual(['effect 1', 'effect 3']);
  // The second had ended unnoticed: nobody waits for it.
  expect(effects.laneLost(otherLane)).toEqual([{ execution, sequence: 3, life: 1 }]);
  expect(effects.leftBehind).toEqual(['effect 1']);
  expect(effects.mayRun(execution)).toBe(true);
  effects.laneLost(lane);
  expect([effects.leftBehind, effects.mayRun(execution)]).toEqual([[], false]);
});
