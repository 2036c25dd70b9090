import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SendQueue } from '../../src/wire/send-queue.ts';

test('entries leave in order, within the bounds of a batch and of the queue', () => {
  const operation = fc.oneof(
    fc.record({ push: fc.integer({ min: 0, max: 40 }) }),
    fc.record({ bytesMax: fc.integer({ min: 1, max: 60 }), countMax: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const queue = new SendQueue(100, 8);
      let twin: Uint8Array[] = [];
      for (const step of operations) {
        const bytes = twin.reduce((sum, entry) => sum + entry.byteLength, 0);
        if ('push' in step) {
          const entry = new Uint8Array(step.push);
          const fits = twin.length === 0 || (twin.length < 8 && bytes + step.push <= 100);
          expect(queue.push(entry)).toBe(fits);
          if (fits) twin.push(entry);
        } else {
          const taken = queue.take(step.bytesMax, step.countMax, 4);
          expect(taken).toStrictEqual(twin.slice(0, taken.length));
          const cost = (entries: readonly Uint8Array[]): number =>
            entries.reduce((sum, entry) => sum + entry.byteLength + 4, 0);
          if (taken.length > 1) expect(cost(taken)).toBeLessThanOrEqual(step.bytesMax);
          const next = twin[taken.length];
          if (next !== undefined && taken.length < step.countMax) {
            expect(taken.length).toBeGreaterThan(0);
            expect(cost([...taken, next])).toBeGreaterThan(step.bytesMax);
          }
          twin = twin.slice(taken.length);
        }
        expect(queue.count).toBe(twin.length);
        expect(queue.bytes).toBe(twin.reduce((sum, entry) => sum + entry.byteLength, 0));
      }
    }),
    { numRuns: 500, seed: 417 },
  );
});

test('an empty queue takes an entry beyond its bound, so that a large envelope can be sent at all', () => {
  const queue = new SendQueue(10, 2);
  expect(queue.push(new Uint8Array(50))).toBe(true);
  expect(queue.push(new Uint8Array(0))).toBe(false);
  expect(queue.isRoomy).toBe(false);
  queue.clear();
  expect([queue.count, queue.bytes, queue.isRoomy]).toEqual([0, 0, true]);
});
