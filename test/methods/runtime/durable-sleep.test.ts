import { expect, test } from 'vitest';
import type { Tenure } from '../../../src/core/execution.ts';
import { epoch, generation } from '../../../src/core/ids.ts';
import type { RuntimeCapture } from '../../../src/methods/runtime/index.ts';
import { load, tenure, Workshop, writeModules } from './workshop.ts';

// Promise 6 and rule 13 of docs/semantics.md: deadlines are in store time, hold over hosts and days, and are never early.

const dayMs = 86_400_000;
const id = tenure.execution;

const folder = writeModules(
  {
    'm.ts': `"use movable";\nimport { sleep } from 'godwit';
      export async function main(ms: number) {
        const woken: string[] = [];
        await sleep(ms);
        woken.push('once');
        await sleep(ms);
        woken.push('twice');
        return woken;
      }`,
  },
  { movable: true },
);
await load(folder, 'm.ts');

function checkpoint(workshop: Workshop): RuntimeCapture {
  const outcome = workshop.runtime.checkpoint(id);
  if (outcome.kind !== 'captured') throw new Error(JSON.stringify(outcome));
  return outcome.capture;
}

/** On another host, whose own clock shows something else: store time is `storeMs`. */
function recovered({ bytes }: RuntimeCapture, storeMs: number, life: number): Workshop {
  const workshop = new Workshop(folder, {}, `h${life}`);
  workshop.nowMs = 1_000 * life;
  workshop.runtime.setClock(storeMs - workshop.nowMs);
  const rewound: Tenure = { ...tenure, epoch: epoch(life), generation: generation(life) };
  const admission = workshop.runtime.restore(rewound, bytes);
  if (admission.kind === 'refused') throw new Error(admission.reason);
  workshop.runtime.run(rewound);
  return workshop;
}

function started(ms: number): Workshop {
  const workshop = new Workshop(folder);
  workshop.start('m.ts#main', [ms], true);
  workshop.runtime.step();
  return workshop;
}

test('a sleep of days keeps its deadline through recoveries', () => {
  const first = started(40 * dayMs);
  const second = recovered(checkpoint(first), 10 * dayMs, 2);
  expect(second.runtime.step().ready).toBe(0);
  const third = recovered(checkpoint(second), 25 * dayMs, 3);
  expect(third.runtime.step().ready).toBe(0);
  const beganMs = third.nowMs;
  third.passTime();
  expect(third.nowMs - beganMs).toBe(15 * dayMs);
  third.runtime.step();
  third.passTime();
  third.runtime.step();
  expect(third.outcome).toEqual({ ok: true, value: ['once', 'twice'] });
  expect(third.nowMs - beganMs).toBe(55 * dayMs);
});

test('a deadline that passed while nobody ran it fires at once, and once', () => {
  const late = recovered(checkpoint(started(dayMs)), 3 * dayMs, 2);
  late.passTime();
  late.runtime.step();
  // The first sleep is over; the second has begun only now.
  const beganMs = late.nowMs;
  expect(late.outcome).toBeNull();
  late.passTime();
  expect(late.nowMs - beganMs).toBe(dayMs);
  late.runtime.step();
  expect(late.outcome).toEqual({ ok: true, value: ['once', 'twice'] });
});

test('one that has fired does not fire again in its generation, wherever it goes; a rewound life has its own', () => {
  const workshop = started(dayMs);
  const before = checkpoint(workshop);
  workshop.passTime();
  // Due, and not yet taken by the method: it travels as due.
  const frozen = workshop.runtime.freeze(id);
  if (frozen.kind !== 'captured') throw new Error('it can move');
  const moved = new Workshop(folder, {}, 'h9');
  moved.nowMs = workshop.nowMs;
  moved.restore(frozen.capture.bytes);
  for (let slice = 0; slice < 3; slice += 1) moved.runtime.step();
  moved.passTime();
  moved.runtime.step();
  expect(moved.outcome).toEqual({ ok: true, value: ['once', 'twice'] });
  const again = recovered(before, 2 * dayMs, 2);
  again.passTime();
  again.runtime.step();
  again.passTime();
  again.runtime.step();
  expect(again.outcome).toEqual({ ok: true, value: ['once', 'twice'] });
});

test('a host that learns that the store’s clock is behind its estimate waits for the rest', () => {
  const workshop = started(10_000);
  workshop.nowMs = 4_000;
  // What it took for 4 s was 1 s.
  workshop.runtime.setClock(-3_000);
  workshop.passTime();
  expect([workshop.nowMs, workshop.runtime.step().ready]).toEqual([10_000, 0]);
  workshop.passTime();
  expect(workshop.nowMs).toBe(13_000);
  expect(workshop.runtime.inspect(id)?.state).toBe('ready');
});
