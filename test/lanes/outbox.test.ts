import { expect, test } from 'vitest';
import { epoch, executionId, generation } from '../../src/core/ids.ts';
import type { LaneEvent } from '../../src/lanes/contract.ts';
import { Outbox } from '../../src/lanes/outbox.ts';

const execution = executionId('x-1');
const tenure = { execution, epoch: epoch(1), generation: generation(1) };
const settled: LaneEvent = {
  kind: 'settled',
  tenure,
  settlement: { kind: 'returned', value: Uint8Array.of(1) },
};
const started: LaneEvent = { kind: 'effectStarted', tenure, sequence: 1, name: 'append' };
const absent: LaneEvent = { kind: 'absent', request: 3, execution };

function outbox() {
  const reports: string[][] = [];
  return { reports, outbox: new Outbox((events) => reports.push(events.map((event) => event.kind))) };
}

test('reports what was gathered, once and in order', () => {
  const { reports, outbox: box } = outbox();
  box.add(started);
  box.add(absent);
  box.add(settled);
  box.flush(() => true);
  box.flush(() => true);
  expect(reports).toEqual([['effectStarted', 'absent', 'settled']]);
});

test('acts wait for the lease, in order; the rest does not', () => {
  const { reports, outbox: box } = outbox();
  box.add(started);
  box.add(absent);
  box.add(settled);
  box.flush(() => false);
  expect(reports).toEqual([['absent']]);
  expect(box.holdsActs).toBe(true);
  box.flush(() => false);
  box.add(absent);
  box.flush(() => true);
  expect(reports).toEqual([['absent'], ['effectStarted', 'settled', 'absent']]);
  expect(box.holdsActs).toBe(false);
});
