import { expect, test } from 'vitest';
import { executionId, hostName, methodId, rackName } from '../../src/core/ids.ts';
import { affinityPolicy } from '../../src/placement/affinity.ts';
import type { HostReport, OutstandingMove, PlacedExecution } from './choosing.ts';
import { choose } from './choosing.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';

function host(name: string, demand: number, more: Partial<HostReport> = {}): HostReport {
  return {
    identity: { name: hostName(name), rack: rackName('r1') },
    labels: [],
    resource: { memoryUsage: 0.2 },
    cpuShare: 0.5,
    demand,
    reserved: 0,
    accepting: true,
    ...more,
  };
}

function execution(name: string, more: Partial<PlacedExecution> = {}): PlacedExecution {
  return {
    executionId: executionId(name),
    methodId: methodId('work.ts#work'),
    host: hostName('here'),
    currentHost: hostName('here'),
    affinity: anywhere,
    executionCost: 0,
    demand: 1,
    memoryShare: 0.05,
    movedAtMs: null,
    movable: true,
    ...more,
  };
}

function outstanding(name: string, target: string): OutstandingMove {
  return { executionId: executionId(name), targetHost: hostName(target), demand: 1, memoryShare: 0.05 };
}

function moves(
  here: HostReport,
  executions: readonly PlacedExecution[],
  candidates: readonly HostReport[],
  asked: readonly OutstandingMove[] = [],
): string[] {
  return choose(here, executions, candidates, asked, 60_000, { ...affinityPolicy, movesPerRoundMax: 3 }).map(
    ({ methodExecution, targetHost }) => `${methodExecution.executionId} to ${targetHost}`,
  );
}

const busy = ['a', 'b', 'c', 'd'].map((name) => execution(name));

test.each([
  [
    'to the idle one, then where it is best with the first move counted',
    host('t', 0),
    host('u', 1),
    ['a to t', 'b to t'],
  ],
  ['what others have reserved counts as demand', host('t', 0, { reserved: 2 }), host('u', 1), ['a to u']],
  [
    'a host that accepts nothing is passed over',
    host('t', 0, { accepting: false }),
    host('u', 1),
    ['a to u'],
  ],
  [
    'a host that would be short of memory is passed over',
    host('t', 0, { resource: { memoryUsage: 0.76 } }),
    host('u', 1),
    ['a to u'],
  ],
  [
    'and not one that would just have enough',
    host('t', 0, { resource: { memoryUsage: 0.74 } }),
    host('u', 2),
    ['a to t'],
  ],
  ['the deciding host is no candidate', host('here', 0), host('u', 1), ['a to u']],
  ['nobody is better', host('t', 3), host('u', 4), []],
])('four busy executions: %s', (_, first, second, expected) => {
  expect(moves(host('here', 4), busy, [first, second])).toEqual(expected);
});

test('what is outstanding counts at its target and here, and is not asked for twice', () => {
  expect(moves(host('here', 4), busy, [host('t', 0), host('u', 1.4)])).toEqual(['a to t', 'b to t']);
  expect(moves(host('here', 4), busy, [host('t', 0), host('u', 1.4)], [outstanding('a', 't')])).toEqual([
    'b to t',
  ]);
  expect(moves(host('here', 3), busy, [host('t', 0)], [outstanding('a', 't')])).toEqual([]);
});

test.each([
  ['within its cool-down', { movedAtMs: 50_001 }, []],
  ['at the end of its cool-down', { movedAtMs: 50_000 }, ['a to t']],
  ['that cannot be moved now', { movable: false }, []],
  ['that hardly runs', { demand: 0.09 }, []],
  ['that is heavy, and so above the threshold', { executionCost: 1 }, []],
])('an execution %s', (_, more, expected) => {
  const here = host('here', 2, { cpuShare: 0.5 });
  expect(moves(here, [execution('a', more)], [host('t', 0)])).toEqual(expected);
});

test('of equal gains, the lightest goes first', () => {
  const executions = [execution('a', { executionCost: 0.2 }), execution('b', { executionCost: 0.1 })];
  expect(moves(host('here', 8), executions, [host('t', 0)])[0]).toBe('b to t');
});

test('an execution that would gain stays where the others would lose more', () => {
  const alone = execution('a', { affinity: { ...anywhere, matching: 0.8 } });
  const larger = (demand: number) => host('t', demand, { cpuShare: 1 });
  expect(moves(host('here', 1), [alone], [larger(0.45)])).toEqual(['a to t']);
  expect(moves(host('here', 1), [alone], [larger(0.7)])).toEqual([]);
});
