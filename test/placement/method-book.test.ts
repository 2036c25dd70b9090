import { expect, test } from 'vitest';
import { MethodBook } from '../../src/placement/method-book.ts';
import { noHistory } from '../../src/placement/method-history.ts';
import { remainingWork } from '../../src/placement/remaining-work.ts';

test('what ended of a method tells what is left to the next of it, also after a store and on another host', () => {
  const book = new MethodBook();
  for (let index = 0; index < 20; index += 1)
    book.end('a.ts#work', { cpuMs: 5_000 + index, snapshotBytes: 2_000 });
  const other = new MethodBook();
  other.merge(JSON.parse(JSON.stringify(book.entries())) as ReturnType<MethodBook['entries']>);
  expect(other.historyOf('a.ts#work')).toEqual(book.historyOf('a.ts#work'));
  const { medianMs, source } = remainingWork(1_000, null, other.historyOf('a.ts#work'));
  expect(source).toBe('history');
  expect(Math.abs(medianMs / 4_000 - 1)).toBeLessThan(0.15);
  expect(other.historyOf('b.ts#work')).toBe(noHistory);
});

test('of more than a thousand methods, those that ended longest ago are forgotten', () => {
  const book = new MethodBook();
  for (let index = 0; index < 1_000; index += 1) book.end(`m${index}`, { cpuMs: 1, snapshotBytes: 0 });
  book.end('m0', { cpuMs: 1, snapshotBytes: 0 });
  book.end('new', { cpuMs: 1, snapshotBytes: 0 });
  book.end('garbage', { cpuMs: NaN, snapshotBytes: 0 });
  expect(book.entries()).toHaveLength(1_000);
  expect(book.historyOf('m0').ended).toBe(2);
  expect(book.historyOf('m1')).toBe(noHistory);
  expect(book.historyOf('new').ended).toBe(1);
});
