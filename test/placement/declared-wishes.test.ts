import { expect, test } from 'vitest';
import { executionId, hostName, methodId, rackName } from '../../src/core/ids.ts';
import { wishesOf } from '../../src/placement/declared-wishes.ts';
import type { DeclaredAffinity } from '../../src/placement/original-affinity.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';

function declarer(id: string, method: string, more: Partial<DeclaredAffinity> = {}) {
  return { execution: executionId(id), method: methodId(method), affinity: { ...anywhere, ...more } };
}

test('pairs that must be apart share a word, and nobody else does', () => {
  const wishes = wishesOf([
    declarer('a1', 'a', { apart: [methodId('b'), methodId('gone')] }),
    declarer('a2', 'a', { apart: [methodId('b')] }),
    declarer('b1', 'b'),
    declarer('b2', 'b', { apart: [methodId('a')] }),
    declarer('c1', 'c', { apart: [methodId('c')] }),
    declarer('c2', 'c', { apart: [methodId('c')] }),
    declarer('d1', 'd'),
  ]);
  const ids = [...wishes.keys()];
  const shares = (one: string, two: string) => {
    const words = wishes.get(executionId(one))?.apart ?? [];
    return words.some((word) => wishes.get(executionId(two))?.apart.includes(word));
  };
  const pairs = ids.flatMap((one, at) =>
    ids
      .slice(at + 1)
      .filter((two) => shares(one, two))
      .map((two) => `${one} ${two}`),
  );
  expect(pairs).toEqual(['a1 b1', 'a1 b2', 'a2 b1', 'a2 b2', 'c1 c2']);
});

test('near is one word for two methods, and only while both have executions', () => {
  const wishes = wishesOf([
    declarer('a1', 'a', { near: [methodId('b'), methodId('gone')] }),
    declarer('b1', 'b'),
    declarer('c1', 'c'),
  ]);
  expect([...wishes.values()].map(({ near }) => near)).toEqual([['a b'], ['a b'], []]);
});

test.each([
  [
    { labels: ['gpu'], racks: [rackName('r1')], hosts: [hostName('h1')], otherwise: 0 },
    ['gpu', 'rack:r1', 'host:h1'],
  ],
  [{ labels: ['gpu'], racks: [rackName('r1'), rackName('r2')], otherwise: 0 }, ['gpu']],
  [{ labels: ['gpu'], otherwise: 0.5 }, []],
])('%o needs the labels %o', (declared, labels) => {
  expect(wishesOf([declarer('a1', 'a', declared)]).get(executionId('a1'))?.labels).toEqual(labels);
});
