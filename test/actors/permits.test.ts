import { expect, test } from 'vitest';
import { Permits } from '../../src/actors/migration/permits.ts';
import { OwnershipBook } from '../../src/actors/ownership-book.ts';
import type { Epoch, Generation } from '../../src/core/ids.ts';
import { churnLimits } from '../../src/placement/churn-budget.ts';
import {
  epoch,
  executionId,
  generation,
  hostName,
  incarnationId,
  rackName,
  term,
} from '../../src/core/ids.ts';
import type { MoveReason } from '../../src/protocols/messages.ts';
import { unknown } from '../../src/protocols/ownership/step.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';

const x = executionId('x-1');
const self = incarnationId('h1.1');
const coolDownMs = 10_000;
const here = { name: hostName('h1'), rack: rackName('r1') };
const there = { name: hostName('h2'), rack: rackName('r2') };

function reason(by: MoveReason['by'], of: number | null = null): MoveReason {
  return { by, term: of === null ? null : term(of), text: '', scores: {}, decision: '' };
}

/** An execution that runs here, under the given epoch. */
function world(at: Epoch, movesMax = 100) {
  const since: Generation = generation(1);
  const clock = new SimulatedClock();
  const book = new OwnershipBook();
  const cell = book.open(x, () => unknown(x, self));
  const run = (now: Epoch): void =>
    book.advance(
      cell,
      { phase: 'running', tenure: { execution: x, epoch: now, generation: since } } as never,
      clock.monotonicMs(),
    );
  run(at);
  return {
    clock,
    run,
    permits: new Permits(
      { coolDownMs, churn: { ...churnLimits, execution: { movesMax, windowMs: 60_000 } } },
      book,
      clock,
    ),
  };
}

test('an execution that never moved may be moved by anybody', () => {
  const { permits } = world(epoch(1));
  for (const by of ['affinity', 'orchestrator', 'operator', 'drain'] as const)
    expect(permits.refusal(x, reason(by), here, there)).toBeNull();
});

test('after a move no decider moves it within its cool-down; an operator and a drain may', () => {
  const { clock, permits } = world(epoch(2));
  clock.advance(coolDownMs - 1);
  expect(permits.refusal(x, reason('affinity'), here, there)).toContain('1 of 10000 ms left');
  expect(permits.refusal(x, reason('orchestrator', 1), here, there)).toContain('cool-down');
  expect(permits.refusal(x, reason('operator'), here, there)).toBeNull();
  expect(permits.refusal(x, reason('drain'), here, there)).toBeNull();
  clock.advance(1);
  expect(permits.refusal(x, reason('affinity'), here, there)).toBeNull();
});

test('a freeze that was called off begins no cool-down, another epoch does', () => {
  const { clock, run, permits } = world(epoch(2));
  clock.advance(coolDownMs);
  run(epoch(2));
  expect(permits.refusal(x, reason('affinity'), here, there)).toBeNull();
  run(epoch(3));
  expect(permits.refusal(x, reason('affinity'), here, there)).toContain('10000 of 10000 ms left');
});

test('an orchestrator of a former term is fenced once a later one was heard of', () => {
  const { permits } = world(epoch(1));
  expect(permits.refusal(x, reason('orchestrator', 4), here, there)).toBeNull();
  expect(permits.refusal(x, reason('orchestrator', 3), here, there)).toContain('term 4 has begun');
  expect(permits.fenced(term(3))).toContain('term 3');
  expect(permits.refusal(x, reason('orchestrator', 5), here, there)).toBeNull();
});

test('no decider moves an execution more often than its budget allows; an operator may, and is counted', () => {
  const { clock, permits } = world(epoch(1), 2);
  expect(permits.refusal(x, reason('operator'), here, there)).toBeNull();
  clock.advance(30_000);
  expect(permits.refusal(x, reason('affinity'), here, there)).toBeNull();
  expect(permits.refusal(x, reason('affinity'), here, there)).toContain('execution/x-1, 2 moves in 60000 ms');
  expect(permits.refusal(x, reason('operator'), here, there)).toBeNull();
  clock.advance(60_000);
  expect(permits.refusal(x, reason('affinity'), here, there)).toBeNull();
});
