import { expect, test } from 'vitest';
import type { HostUsageInputs } from '../../src/actors/host-usage.ts';
import { capacityOf, hostUsage } from '../../src/actors/host-usage.ts';
import { strainOf } from '../../src/actors/host-strain.ts';
import { UsageBook } from '../../src/actors/usage-book.ts';
import {
  executionId,
  hostName,
  incarnationId,
  laneIndex,
  methodId,
  packageHash,
  rackName,
} from '../../src/core/ids.ts';
import type { LaneSample } from '../../src/core/host-sample.ts';
import type { HostUsage } from '../../src/protocols/messages.ts';
import { resourceSample } from '../../src/simulator/cluster/resource-sample.ts';

const identity = {
  name: hostName('h1'),
  incarnation: incarnationId('h1.1'),
  rack: rackName('r1'),
  address: 'h1:1',
};

function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersOf) : [];
}

function reportOf(figure: number): HostUsage {
  const book = new UsageBook(() => 0);
  const lane: LaneSample = {
    lane: laneIndex(0),
    busyRatio: 1,
    cpuCores: null,
    ready: 1,
    executions: 1,
    heapBytes: 0,
    eventLoopDelay: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
  };
  const trace = {
    execution: executionId('x-1'),
    method: { package: packageHash('p'), method: methodId('a.ts#a') },
    activity: 'running',
    fuel: 0,
    cpuMs: figure,
    workedMs: figure,
    demandMs: figure,
    slices: 1,
    longestSliceMs: 0,
    allocatedBytes: figure,
    effects: 1,
    snapshotBytes: 100,
    captureMs: 0,
    messagesIn: 1,
    peers: [{ peer: executionId('x-2'), messagesOut: 1, messagesIn: 1, bytesOut: figure, bytesIn: 1 }],
  } as const;
  book.traced([trace], lane, 10_000);
  const inputs: HostUsageInputs = {
    identity,
    labels: [],
    report: 1,
    atWallMs: 1,
    use: { periodMs: 10_000, cpuCores: figure, ioBytesPerSecond: figure, networkBytesPerSecond: figure },
    sample: resourceSample(1),
    capacity: { cpu: 1, memory: 1, io: 1, network: 1 },
    expense: { pricePerHour: 0, idleW: 100, peakW: 250 },
    accepting: true,
    statement: book.close(),
    register: () => null,
    executionCost: () => figure,
    remainingWork: () => ({ lowMs: figure, medianMs: figure, highMs: figure, source: 'history' }),
    executionsMax: 10,
    peersMax: 10,
  };
  return hostUsage(inputs);
}

test.each([Number.NaN, Infinity, -Infinity, -5])('%d from below never leaves the host', (figure) => {
  const usage = reportOf(figure);
  const numbers = numbersOf(usage);
  expect(numbers.filter((number) => !Number.isFinite(number) || number < 0)).toEqual([]);
  expect(usage.executions[0]?.demand).toBe(0);
  expect(usage.executions[0]?.executionCost).toBe(0);
});

test('an execution has one thread: more than a core is never said of it, nor more demand than all the time', () => {
  const usage = reportOf(99_000);
  expect(usage.executions[0]).toMatchObject({ demand: 1, used: { cpu: 1 } });
});

test('capacity is what is configured, else what the kernel tells, else usual', () => {
  const sample = resourceSample(1);
  const none = { ioBytesPerSecond: 0, networkBytesPerSecond: 0 };
  expect(capacityOf(sample, none)).toEqual({ cpu: 1, memory: 1e9, io: 200e6, network: 250e6 });
  const told = { ...sample, limits: { ...sample.limits, ioBytesPerSecond: 5e6, networkBytesPerSecond: 7e6 } };
  expect(capacityOf(told, none)).toMatchObject({ io: 5e6, network: 7e6 });
  expect(capacityOf(told, { ioBytesPerSecond: 1, networkBytesPerSecond: 2 })).toMatchObject({
    io: 1,
    network: 2,
  });
});

test('strain: a guaranteed share loses to the hypervisor only, any other to neighbours too', () => {
  const sample = resourceSample(1);
  const unset = { cpuShare: 0, networkBytesPerSecond: 0 };
  // Eight cores, of which others take seven and a half: half of the one core that is counted on is left.
  const crowded = { ...sample, machine: { ...sample.machine, cpuCores: 8.5 } };
  expect(strainOf(crowded, unset).cpuStolenRatio).toBeCloseTo(0.5);
  expect(strainOf(crowded, { ...unset, cpuShare: 1 }).cpuStolenRatio).toBe(0);
  const quota = { ...crowded, limits: { ...crowded.limits, cpuQuotaCores: 1 } };
  expect(strainOf(quota, unset).cpuStolenRatio).toBe(0);
  const robbed = { ...sample, machine: { ...sample.machine, cpuCores: 8, stolenCores: 7.75 } };
  expect(strainOf(robbed, { ...unset, cpuShare: 1 }).cpuStolenRatio).toBeCloseTo(0.75);
  expect(strainOf(sample, unset)).toMatchObject({ cpuStolenRatio: 0, networkUsage: 0, memoryStallRatio: 0 });
  // The busier direction of a link that carries 500 + 500 bytes per second.
  expect(strainOf(sample, { ...unset, networkBytesPerSecond: 2_000 }).networkUsage).toBeCloseTo(0.7);
  const stalls = { cpuRatio: 1, memoryRatio: 1, memoryFullRatio: 0.3, ioRatio: 1, ioFullRatio: 0.4 };
  expect(strainOf({ ...sample, stalls }, unset)).toMatchObject({ memoryStallRatio: 0.3, ioStallRatio: 0.4 });
});
