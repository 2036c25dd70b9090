import { expect, test } from 'vitest';
import { Departures } from '../../src/actors/departures.ts';
import { executionId, laneIndex } from '../../src/core/ids.ts';

const execution = executionId('x-1');
const lane = laneIndex(0);
const pending = [{ sequence: 1, name: 'ask' }];

test('an effect that goes on after its execution left is named until it ends', () => {
  const departures = new Departures();
  departures.started(execution, 1);
  departures.noted(lane, execution, pending);
  expect(departures.names).toEqual(['ask']);
  departures.ended(execution, 1);
  expect(departures.names).toEqual([]);
});

test('an effect that ended before the lane named it is not waited for', () => {
  const departures = new Departures();
  departures.started(execution, 1);
  departures.ended(execution, 1);
  departures.noted(lane, execution, pending);
  expect(departures.names).toEqual([]);
});
