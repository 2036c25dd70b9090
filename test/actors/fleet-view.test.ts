import { expect, test } from 'vitest';
import type { WhereIs } from '../../src/actors/fleet-view.ts';
import { FleetView } from '../../src/actors/fleet-view.ts';
import {
  executionId,
  hostName,
  incarnationId,
  methodId,
  packageHash,
  rackName,
  term,
} from '../../src/core/ids.ts';
import type { ExecutionUsage, HostUsage } from '../../src/protocols/messages.ts';

const nothing = { cpu: 0, memory: 0, io: 0, network: 0 };
const capacity = { cpu: 4, memory: 1e9, io: 1e8, network: 1e8 };
const wallMs = Date.UTC(2026, 0, 1);
const staleMs = 4_000;

function usageOf(name: string, changes: Partial<ExecutionUsage> = {}): ExecutionUsage {
  return {
    execution: executionId(name),
    method: { package: packageHash('p'.repeat(64)), method: methodId('count.ts#count') },
    component: executionId(name),
    used: { ...nothing, cpu: 0.5 },
    demand: 1,
    allocatedBytesPerSecond: 0,
    cyclesPerSecond: 0,
    snapshotBytes: 100,
    remainingMs: null,
    executionCost: 0,
    movedAtWallMs: 0,
    peers: [],
    ...changes,
  };
}

function hostOf(name: string, report: number, changes: Partial<HostUsage> = {}): HostUsage {
  return {
    identity: {
      name: hostName(name),
      incarnation: incarnationId(`${name}.1`),
      rack: rackName(`r${name[0] ?? ''}`),
      address: `${name}:1`,
    },
    labels: [],
    report,
    atWallMs: wallMs,
    periodMs: 1_000,
    capacity,
    expense: { pricePerHour: 0, idleW: 0, peakW: 0 },
    used: { ...nothing, cpu: 1 },
    accepting: true,
    executions: [],
    rest: { executions: 0, used: nothing },
    arrivals: [],
    ...changes,
  };
}

/** A view, and what the registry shows: `x: 'a1'`. */
function viewOf(owners: Record<string, string>): {
  readonly view: FleetView;
  readonly tell: (usage: unknown, atMs: number) => void;
} {
  const whereIs: WhereIs = (execution) => {
    const host = owners[execution];
    return host === undefined ? null : { host: hostName(host), rack: rackName(`r${host[0] ?? ''}`) };
  };
  const view = new FleetView(staleMs, whereIs);
  const tell = (usage: unknown, atMs: number): void =>
    view.take({ rack: rackName('ra'), term: term(1), hosts: [usage as HostUsage] }, atMs);
  return { view, tell };
}

function wanted(view: FleetView, atMs: number): Record<string, number> {
  return Object.fromEntries([...view.racks(atMs)].map(([rack, { used }]) => [rack, used.cpu]));
}

const x = usageOf('x');
const lies: readonly (readonly [string, unknown])[] = [
  ['a demand of 1e9', { executions: [usageOf('x', { demand: 1e9 })] }],
  ['a demand below 0', { executions: [usageOf('x', { demand: -1 })] }],
  ['a demand that is no number', { executions: [usageOf('x', { demand: Number.NaN })] }],
  ['more than a core of one execution', { executions: [usageOf('x', { used: { ...nothing, cpu: 9 } })] }],
  ['strings where numbers belong', { executions: [{ ...x, demand: '1' }] }],
  ['a capacity of 0', { capacity: { ...capacity, cpu: 0 } }],
  ['a capacity without end', { capacity: { ...capacity, cpu: Infinity } }],
  ['a capacity of 1e9 cores', { capacity: { ...capacity, cpu: 1e9 } }],
  ['a use below 0', { used: { ...nothing, network: -5 } }],
  ['a use of 1e9 cores', { used: { ...nothing, cpu: 1e9 } }],
  ['a disk faster than there are', { used: { ...nothing, io: 1e30 } }],
  ['more memory than there is', { used: { ...nothing, memory: 1e12 } }],
  ['few executions that use a lot', { rest: { executions: 2, used: { ...nothing, cpu: 1_000 } } }],
  ['no list of executions', { executions: null }],
  ['a list of nothing', { executions: [null] }],
  ['peers that are none', { executions: [{ ...x, peers: undefined }] }],
  ['rates that are no numbers', { executions: [usageOf('x', { peers: [rate(Number.NaN)] })] }],
  ['a price that is none', { expense: { pricePerHour: Number.NaN, idleW: 0, peakW: 0 } }],
  ['no arrivals', { arrivals: undefined }],
  ['nobody', { identity: undefined }],
  ['a time that is none', { atWallMs: Number.NaN }],
];

function rate(messagesPerSecond: number) {
  return { peer: executionId('y'), messagesPerSecond, bytesPerSecond: 0 };
}

test.each(lies)('a report with %s changes nothing', (_, lie) => {
  const { view, tell } = viewOf({ x: 'a1' });
  tell(hostOf('a1', 1, { executions: [x] }), 0);
  const before = [view.hosts(100), view.components(100), view.utilization(100)];
  tell({ ...hostOf('a1', 2), ...(lie as object) }, 100);
  expect([view.hosts(100), view.components(100), view.utilization(100)]).toEqual(before);
});

test('a list of 100,000 executions was made by no monitor', () => {
  const { view, tell } = viewOf({ x: 'a1' });
  tell(hostOf('a1', 1, { executions: Array.from({ length: 100_000 }, () => x) }), 0);
  expect(view.hosts(0)).toEqual([]);
});

test('what is told in no words at all changes nothing', () => {
  const { view } = viewOf({});
  for (const hosts of [undefined, null, 'all', [null], [[]], [7]])
    view.take({ rack: rackName('ra'), term: term(1), hosts: hosts as never }, 0);
  expect(view.hosts(0)).toEqual([]);
});

test('who claims executions of other hosts is not heard, whoever spoke last', () => {
  const { view, tell } = viewOf({ x: 'a1' });
  const claimed = [usageOf('x', { demand: 0, used: nothing }), usageOf('made-up')];
  for (const [first, second] of [
    [1, 2],
    [2, 1],
  ] as const) {
    tell(hostOf('a1', first, { executions: [x], used: nothing }), first);
    tell(hostOf('b1', first, { executions: claimed, used: nothing }), second);
    expect(wanted(view, 3)).toEqual({ ra: 1, rb: 0 });
    expect([...view.executions(3).values()]).toMatchObject([{ host: 'a1', usage: { demand: 1 } }]);
  }
});

test('what moves is counted once, where the registry shows it, in each of the reports that follow', () => {
  const owners: Record<string, string> = { x: 'a1' };
  const { view, tell } = viewOf(owners);
  tell(hostOf('a1', 1, { executions: [x], used: { ...nothing, cpu: 0.5 } }), 0);
  tell(hostOf('b1', 1, { used: nothing }), 0);
  expect(wanted(view, 0)).toEqual({ ra: 1, rb: 0 });
  owners['x'] = 'b1';
  expect(wanted(view, 1)).toEqual({ ra: 0, rb: 1 });
  // It has left the one, which still tells what it used, and the other has not listed it yet.
  const left = { executions: 1, used: { ...nothing, cpu: 0.4 } };
  tell(hostOf('a1', 2, { used: { ...nothing, cpu: 0.4 }, rest: left }), 1_000);
  expect(wanted(view, 1_000)).toEqual({ ra: 0, rb: 1 });
  tell(hostOf('b1', 2, { executions: [x], used: nothing }), 1_100);
  expect(wanted(view, 1_100)).toEqual({ ra: 0, rb: 1 });
  expect(view.executions(1_100).get(x.execution)).toMatchObject({ host: 'b1', rack: 'rb' });
});

test('a host of which there is one report only is new, and so is its rack', () => {
  const { view, tell } = viewOf({});
  tell(hostOf('a1', 1), 0);
  tell(hostOf('a1', 2), 1_000);
  expect(view.racks(1_000).get(rackName('ra'))?.isNew).toBe(false);
  tell(hostOf('a2', 7), 1_000);
  expect(view.racks(1_000).get(rackName('ra'))?.isNew).toBe(true);
  tell(hostOf('a2', 8), 2_000);
  expect(view.racks(2_000).get(rackName('ra'))?.isNew).toBe(false);
});

test('what has ended is nowhere, though its host had just reported it', () => {
  const owners: Record<string, string> = { x: 'a1' };
  const { view, tell } = viewOf(owners);
  tell(hostOf('a1', 1, { executions: [x] }), 0);
  delete owners['x'];
  expect(view.components(1)).toEqual([]);
});

const hour = 3_600_000;
test.each([
  ['as all', 0],
  ['hours ahead', 5 * hour],
  ['hours behind', -5 * hour],
])('when an execution moved is known from a host whose clock is %s', (_, aheadMs) => {
  const { view, tell } = viewOf({ x: 'a1' });
  const moved = usageOf('x', { movedAtWallMs: wallMs + aheadMs - 3_000 });
  tell(hostOf('a1', 1, { atWallMs: wallMs + aheadMs, executions: [moved] }), 0);
  expect(view.executions(500).get(x.execution)?.movedAgoMs).toBe(3_500);
});

test('a clock that stepped back since an execution moved says nothing of when it did', () => {
  const { view, tell } = viewOf({ x: 'a1' });
  const moved = usageOf('x', { movedAtWallMs: wallMs + hour });
  tell(hostOf('a1', 1, { executions: [moved] }), 0);
  expect(view.executions(0).get(x.execution)?.movedAgoMs).toBeNull();
});

test('a moment is looked at once, however often it is asked for', () => {
  const executions = Array.from({ length: 50 }, (_, index) => usageOf(`x-${index}`));
  let looks = 0;
  const view = new FleetView(staleMs, () => {
    looks += 1;
    return { host: hostName('a1'), rack: rackName('ra') };
  });
  const usage = { rack: rackName('ra'), term: term(1), hosts: [hostOf('a1', 1, { executions })] };
  view.take(usage, 0);
  for (let round = 0; round < 100; round += 1) {
    view.racks(1);
    view.components(1);
    view.hosts(1);
    view.utilization(1);
  }
  expect(looks).toBe(50);
});
