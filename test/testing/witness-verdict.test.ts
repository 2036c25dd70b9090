import { expect, test } from 'vitest';
import type { LoggedAct } from '../../src/testing/witness-log.ts';
import type { Ownership, Recovery } from '../../src/testing/witness-verdict.ts';
import { judge } from '../../src/testing/witness-verdict.ts';

type Row = readonly [generation: number, epoch: number, sequence: number, iteration: number];

function logOf(rows: readonly Row[], isRefused = (_index: number): boolean => false): readonly LoggedAct[] {
  return rows.map(([generation, epoch, sequence, iteration], index) => ({
    execution: 'x-1',
    generation,
    epoch,
    sequence,
    iteration,
    line: index + 1,
    atMs: null,
    isRefused: isRefused(index),
  }));
}

function faultsOf(
  rows: readonly Row[],
  recoveries: readonly Recovery[],
  acts: number,
  losses: readonly Ownership[] = [],
): readonly string[] {
  const [verdict] = judge(logOf(rows), { recoveries, losses, stops: [] }, [{ execution: 'x-1', acts }]);
  return (
    verdict?.faults.map((fault) => ('line' in fault ? `${fault.kind} at ${fault.line}` : fault.kind)) ?? []
  );
}

const recovered: Recovery = { execution: 'x-1', generation: 2, effectSequence: 2 };

test.each<[string, readonly Row[], readonly Recovery[], number, readonly string[]]>([
  [
    'a run without faults',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [1, 1, 3, 3],
    ],
    [],
    3,
    [],
  ],
  [
    'a move: the next act follows the last',
    [
      [1, 1, 1, 1],
      [1, 2, 2, 2],
      [1, 3, 3, 3],
    ],
    [],
    3,
    [],
  ],
  [
    'a recovery: the acts go on behind the checkpoint',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [1, 1, 3, 3],
      [2, 2, 3, 3],
      [2, 2, 4, 4],
    ],
    [recovered],
    4,
    [],
  ],
  [
    'a recovery that starts its pending effect once more',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [2, 2, 2, 2],
      [2, 2, 3, 3],
    ],
    [recovered],
    3,
    [],
  ],
  [
    'two recoveries from one checkpoint',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [1, 1, 3, 3],
      [3, 3, 3, 3],
    ],
    [recovered, { ...recovered, generation: 3 }],
    3,
    [],
  ],
  [
    'acts of a host that died before its first checkpoint',
    [
      [1, 1, 1, 1],
      [2, 2, 1, 1],
      [2, 2, 2, 2],
    ],
    [{ ...recovered, effectSequence: 0 }],
    2,
    [],
  ],
  [
    'the last act is missing',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
    ],
    [],
    3,
    ['lost'],
  ],
  ['nothing happened', [], [], 1, ['lost']],
  [
    'an act is made twice',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [1, 1, 2, 2],
    ],
    [],
    2,
    ['repeated at 3'],
  ],
  [
    'a restart from the beginning after a move',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [1, 2, 1, 1],
      [1, 2, 2, 2],
    ],
    [],
    2,
    ['repeated at 3', 'repeated at 4'],
  ],
  [
    'a restart from the beginning after a recovery',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [1, 1, 3, 3],
      [2, 2, 1, 1],
    ],
    [recovered],
    3,
    ['repeated at 4', 'lost'],
  ],
  [
    'a recovery that repeats more than its pending effect',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [2, 2, 1, 1],
    ],
    [recovered],
    2,
    ['repeated at 3'],
  ],
  [
    'an act is left out',
    [
      [1, 1, 1, 1],
      [1, 2, 3, 3],
    ],
    [],
    3,
    ['skipped at 2'],
  ],
  [
    'a recovery that goes on ahead of its checkpoint',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [1, 1, 3, 3],
      [2, 2, 4, 4],
    ],
    [recovered],
    4,
    ['skipped at 4'],
  ],
  [
    'two owners take turns',
    [
      [1, 1, 1, 1],
      [1, 2, 2, 2],
      [1, 1, 2, 2],
      [1, 2, 3, 3],
    ],
    [],
    3,
    ['ranTwice at 3'],
  ],
  [
    'an older generation acts after a newer one',
    [
      [1, 1, 1, 1],
      [1, 1, 2, 2],
      [2, 2, 3, 3],
      [1, 1, 3, 3],
    ],
    [recovered],
    3,
    ['ranTwice at 4'],
  ],
  [
    'a generation that nobody announced',
    [
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ],
    [],
    2,
    ['unannounced at 2'],
  ],
])('%s', (_name, rows, recoveries, acts, expected) => {
  expect(faultsOf(rows, recoveries, acts)).toEqual(expected);
});

test('a generation that never acted need not be announced', () => {
  const rows: readonly Row[] = [
    [1, 1, 1, 1],
    [1, 1, 2, 2],
    [1, 1, 3, 3],
    [3, 3, 3, 3],
  ];
  expect(faultsOf(rows, [{ execution: 'x-1', generation: 3, effectSequence: 2 }], 3)).toEqual([]);
});

test('the effect that was pending at a host that is gone is made once more after a move, and no other', () => {
  const lost: Ownership = { execution: 'x-1', epoch: 1 };
  const pending: readonly Row[] = [
    [1, 1, 1, 1],
    [1, 1, 2, 2],
    [1, 2, 2, 2],
    [1, 2, 3, 3],
  ];
  expect(faultsOf(pending, [], 3, [lost])).toEqual([]);
  expect(faultsOf(pending, [], 3, [])).toEqual(['repeated at 3']);
  expect(faultsOf(pending, [], 3, [{ execution: 'x-1', epoch: 2 }])).toEqual(['repeated at 3']);
  const earlier: readonly Row[] = [
    [1, 1, 1, 1],
    [1, 1, 2, 2],
    [1, 2, 1, 1],
  ];
  expect(faultsOf(earlier, [], 2, [lost])).toEqual(['repeated at 3']);
});

test('of an owner that was stopped one act may come late, if the witness refused it; of any other none', () => {
  const acts: readonly Row[] = [
    [1, 1, 1, 1],
    [2, 2, 1, 1],
    [1, 1, 2, 2],
    [2, 2, 2, 2],
    [1, 1, 2, 2],
  ];
  const log = logOf(acts, (index) => index === 2 || index === 4);
  const recoveries = [{ ...recovered, effectSequence: 0 }];
  const expectations = [{ execution: 'x-1', acts: 2 }];
  const stop: Ownership = { execution: 'x-1', epoch: 1 };
  const verdictOf = (count: number, stops: readonly Ownership[]): unknown => {
    const [verdict] = judge(log.slice(0, count), { recoveries, losses: [], stops }, expectations);
    return { late: verdict?.late, faults: verdict?.faults.map(({ kind }) => kind) };
  };
  expect(verdictOf(4, [stop])).toEqual({ late: 1, faults: [] });
  expect(verdictOf(5, [stop])).toEqual({ late: 1, faults: ['ranTwice'] });
  expect(verdictOf(4, [])).toEqual({ late: 0, faults: ['ranTwice'] });
  expect(verdictOf(4, [{ ...stop, epoch: 2 }])).toEqual({ late: 0, faults: ['ranTwice'] });
  expect(verdictOf(4, [{ ...stop, execution: 'x-2' }])).toEqual({ late: 0, faults: ['ranTwice'] });
});

test('an act of an older generation that nobody refused is a second copy, whoever was stopped', () => {
  const rows: readonly Row[] = [
    [2, 2, 1, 1],
    [1, 1, 2, 2],
  ];
  const stops = [{ execution: 'x-1', epoch: 1 }];
  const [verdict] = judge(logOf(rows), { recoveries: [recovered], losses: [], stops }, [
    { execution: 'x-1', acts: 1 },
  ]);
  expect(verdict?.faults.map(({ kind }) => kind)).toEqual(['ranTwice']);
});
