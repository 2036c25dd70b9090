import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entry } from '../../src/actors/kernel/cell.ts';
import { EntryQueue } from '../../src/actors/kernel/entry-queue.ts';

const entry = (message: number): Entry => ({ kind: 'message', message, ask: null });
const messageIn = (taken: Entry | undefined): unknown =>
  taken?.kind === 'message' ? taken.message : undefined;

test('a queue does what two plain arrays do, the urgent one first', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constantFrom('push', 'shift'), count: fc.integer({ min: 1, max: 2_500 }) }),
    fc.record({
      kind: fc.constantFrom('push', 'shift', 'urgent', 'clear'),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  );
  const property = fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
    const queue = new EntryQueue();
    const model: { ordinary: number[]; urgent: number[] } = { ordinary: [], urgent: [] };
    let next = 0;
    for (const { kind, count } of operations) {
      for (let done = 0; done < count; done += 1) {
        next += 1;
        if (kind === 'push') {
          queue.push(entry(next));
          model.ordinary.push(next);
        } else if (kind === 'urgent') {
          queue.pushUrgent(entry(next));
          model.urgent.push(next);
        } else if (kind === 'shift') {
          const expected = model.urgent.length > 0 ? model.urgent.shift() : model.ordinary.shift();
          if (messageIn(queue.shift()) !== expected) expect.fail(`wrong entry after ${next} operations`);
        } else {
          queue.clear();
          model.ordinary = [];
          model.urgent = [];
        }
      }
      expect(queue.isEmpty).toBe(model.ordinary.length + model.urgent.length === 0);
    }
  });
  fc.assert(property, { numRuns: 100, seed: 1 });
});
