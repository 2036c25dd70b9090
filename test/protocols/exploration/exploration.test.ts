import { expect, test } from 'vitest';
import { explore } from './explorer.ts';
import { claimWithoutDigest, lateCapture, skippedFence, unreadDiscard, unsavedPhase } from './faults.ts';
import { realSteps } from './machines.ts';
import type { Steps } from './machines.ts';
import { ClusterModel } from './moves.ts';
import type { Bounds } from './world.ts';

// Promises 1, 2 and 3 of docs/semantics.md.

const quiet: Bounds = {
  crashes: 0,
  reboots: 0,
  expiries: 0,
  restarts: 0,
  losses: 0,
  duplicates: 0,
  ambiguities: 0,
  laneDeaths: 0,
  cancels: 0,
  migrations: 1,
  acts: 1,
  checkpoints: 0,
  messages: 3,
  slowReads: false,
  slowLanes: false,
};

/** Each is explored to its end: every order of everything that these bounds allow. */
const scenarios: readonly (readonly [string, Partial<Bounds>])[] = [
  ['a host crashes', { crashes: 1 }],
  ['a host crashes and starts again', { crashes: 1, reboots: 1, acts: 0, messages: 2 }],
  ['two hosts crash', { crashes: 2, acts: 0, messages: 2 }],
  ['a lease runs out while its holder lives', { expiries: 1, acts: 0, messages: 1 }],
  ['messages are lost and duplicated', { losses: 1, duplicates: 1 }],
  ['a store call is ambiguous, and reads are slow', { ambiguities: 1, slowReads: true }],
  ['two store calls are ambiguous', { ambiguities: 2 }],
  ['an actor is restarted, also in the middle of its effects', { restarts: 1 }],
  ['lanes are slow, and a host crashes', { slowLanes: true, crashes: 1, acts: 0, messages: 2 }],
  ['lanes are slow', { slowLanes: true, duplicates: 1 }],
  [
    'a move is cancelled while a slow lane captures, and another begins',
    { slowLanes: true, cancels: 1, migrations: 2, messages: 1 },
  ],
  ['a lane dies', { laneDeaths: 1 }],
  ['the move is cancelled while a checkpoint is written', { cancels: 1, checkpoints: 1, acts: 0 }],
];

/** Minutes instead of seconds; `GODWIT_EXPLORE=long` adds them. */
const longScenarios: readonly (readonly [string, Partial<Bounds>])[] = [
  ['a host crashes around a checkpoint', { crashes: 1, checkpoints: 1 }],
  ['a lease runs out, in mid-work', { expiries: 1, messages: 2 }],
  ['two moves, there and back', { migrations: 2 }],
  ['an actor is restarted and a message lost', { restarts: 1, losses: 1, duplicates: 1 }],
  ['a crash after an ambiguous call', { crashes: 1, ambiguities: 1, messages: 2 }],
];

const isLong = process.env['GODWIT_EXPLORE'] === 'long';

test.each(isLong ? [...scenarios, ...longScenarios] : scenarios)(
  'never two, never none: %s',
  { timeout: isLong ? 3_600_000 : 300_000 },
  (name, bounds) => {
    const model = new ClusterModel({ ...quiet, ...bounds });
    const found = explore(model, isLong ? 16_000_000 : 600_000);
    console.log(`${name}: ${found.states.toLocaleString('en')} states, ${found.kind}`);
    expect(found.kind, found.kind === 'violated' ? [found.reason, ...found.trace].join('\n') : '').toBe(
      'held',
    );
    expect(found.kind === 'held' && found.good).toBeGreaterThan(0);
  },
);

test('the enumeration meets every phase that a move can have', () => {
  const met = new Set<string>();
  for (const bounds of [{ crashes: 1, acts: 0 }, { cancels: 1 }]) {
    const model = new ClusterModel({ ...quiet, ...bounds });
    explore(model, 600_000);
    for (const phase of model.phases()) met.add(phase);
  }
  expect([...met].sort()).toMatchInlineSnapshot(`
    [
      "ownership absent",
      "ownership claiming",
      "ownership freezing",
      "ownership frozen",
      "ownership received",
      "ownership receiving",
      "ownership released",
      "ownership restoring",
      "ownership retained",
      "ownership running",
      "ownership settling",
      "source committing",
      "source confirming",
      "source done",
      "source doubting",
      "source freezing",
      "source preparing",
      "source releasing",
      "source resuming",
      "source transferring",
      "source unfreezing",
      "target admitting",
      "target claiming",
      "target done",
      "target dropping",
      "target fetching",
      "target prepared",
      "target rebuilding",
      "target resumed",
      "target transferred",
    ]
  `);
});

const faults: readonly (readonly [string, Steps, boolean, Partial<Bounds>])[] = [
  ['a skipped fence', skippedFence, false, {}],
  ['a claim without the digest', claimWithoutDigest, false, { duplicates: 1 }],
  ['a discard before the read', unreadDiscard, false, {}],
  ['a renewal after the lease was ended', realSteps, true, { expiries: 1 }],
  ['an unsaved phase', unsavedPhase, false, { restarts: 1 }],
  ['a late capture', lateCapture, false, { slowLanes: true, cancels: 1, migrations: 2, messages: 1 }],
];

test.each(faults)(
  'the enumeration catches %s',
  { timeout: 300_000 },
  (name, steps, renewsAfterEnd, bounds) => {
    const model = new ClusterModel({ ...quiet, ...bounds }, steps, { renewsAfterEnd });
    const found = explore(model, 600_000);
    expect(found.kind, `nothing was found in ${found.states} states`).toBe('violated');
    if (found.kind !== 'violated') return;
    console.log([`${name}: ${found.reason}`, ...found.trace.map((line) => `  ${line}`)].join('\n'));
    expect(found.trace.length).toBeGreaterThan(0);
  },
);
