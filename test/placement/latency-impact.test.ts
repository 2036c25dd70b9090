import { expect, test } from 'vitest';
import { executionId, hostName } from '../../src/core/ids.ts';
import type { TalkingExecution } from '../../src/placement/latency-impact.ts';
import { latencyImpacts } from '../../src/placement/latency-impact.ts';

const h1 = hostName('h1');
const h2 = hostName('h2');

function talking(id: string, more: Partial<TalkingExecution> = {}): TalkingExecution {
  return {
    execution: executionId(id),
    component: executionId(id),
    host: h1,
    demand: 1,
    predictedDemand: 1,
    cpuCores: 0.5,
    peers: [{ messagesPerSecond: 10 }],
    ...more,
  };
}

test('half a core of answers that will take twice as long adds 500 ms of wait each second', () => {
  const rooms = [{ host: h1, cpuShare: 1, demand: 1 }];
  const impacts = latencyImpacts(rooms, [talking('x-1', { predictedDemand: 2 })]);
  expect(impacts.get(executionId('x-1'))).toBeCloseTo(500);
});

test('what a host will want counts all that run there, and nobody waits for who is not talked to', () => {
  const rooms = [{ host: h1, cpuShare: 2, demand: 2 }];
  const impacts = latencyImpacts(rooms, [talking('x-1'), talking('x-2', { predictedDemand: 3, peers: [] })]);
  // 4 of 2 cores wanted instead of 2: everything takes twice as long.
  expect(impacts.get(executionId('x-1'))).toBeCloseTo(500);
  expect(impacts.get(executionId('x-2'))).toBe(0);
});

test('a host with room to spare adds nothing, nor does one that will be less wanted', () => {
  const rooms = [
    { host: h1, cpuShare: 4, demand: 1 },
    { host: h2, cpuShare: 1, demand: 3 },
  ];
  const impacts = latencyImpacts(rooms, [
    talking('x-1', { predictedDemand: 3 }),
    talking('x-2', { host: h2, demand: 3, predictedDemand: 1 }),
  ]);
  expect([...impacts.values()]).toEqual([0, 0]);
});

test('a component is the sum of its executions, on whichever hosts', () => {
  const rooms = [
    { host: h1, cpuShare: 1, demand: 1 },
    { host: h2, cpuShare: 1, demand: 1 },
  ];
  const component = executionId('x-1');
  const impacts = latencyImpacts(rooms, [
    talking('x-1', { predictedDemand: 2 }),
    talking('x-2', { component, host: h2, predictedDemand: 3 }),
  ]);
  expect(impacts.get(component)).toBeCloseTo(500 + 1_000);
});
