import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeValue, encodeValue, UnserialisableError } from '../../../src/methods/snapshot/index.ts';
import { platform } from '../../../src/platform.ts';

/** There and back. */
function copied<T>(value: T): T {
  return decodeValue(encodeValue(value, platform)) as T;
}

const views = {
  map: ['entries', 'keys', 'values'],
  set: ['entries', 'values'],
} as const;

/** What happens to a collection and the iterators over it. */
type Act =
  | { readonly kind: 'add'; readonly key: number }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'clear' }
  | { readonly kind: 'copy' }
  | { readonly kind: 'begin'; readonly view: 'entries' | 'keys' | 'values' }
  | { readonly kind: 'next'; readonly which: number };

const acts = (of: keyof typeof views): fc.Arbitrary<Act[]> =>
  fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), key: fc.nat(9) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('begin' as const), view: fc.constantFrom(...views[of]) }),
      },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('next' as const), which: fc.nat(5) }) },
    ),
    { maxLength: 60 },
  );

interface World {
  readonly collection: Map<number, unknown> | Set<unknown>;
  readonly walks: IterableIterator<unknown>[];
  /** Others that look alike. */
  readonly others: readonly object[];
}

function perform(first: World, acting: readonly Act[], copies: boolean): unknown[] {
  let world = first;
  const seen: unknown[] = [];
  for (const act of acting) {
    const { collection, walks } = world;
    if (act.kind === 'copy') world = copies ? copied(world) : world;
    else if (act.kind === 'clear') collection.clear();
    else if (act.kind === 'delete') collection.delete(act.key);
    else if (act.kind === 'begin') walks.push(collection[act.view]() as IterableIterator<unknown>);
    else if (act.kind === 'next') seen.push(walks[act.which]?.next());
    else if (act.kind !== 'add') continue;
    else if (collection instanceof Map) collection.set(act.key, { of: act.key });
    else collection.add(act.key);
  }
  return [...seen, world.walks.map((walk) => [...walk])];
}

test.each(['map', 'set'] as const)('walks over a %s go on in a copy as they would have gone on', (of) => {
  const world = (): World => {
    const made = of === 'map' ? [new Map(), new Map(), new Map()] : [new Set(), new Set(), new Set()];
    const [before, collection, after] = made as [
      Map<number, unknown>,
      Map<number, unknown>,
      Map<number, unknown>,
    ];
    return { others: [before, after], collection, walks: [] };
  };
  fc.assert(
    fc.property(acts(of), (acting) => {
      expect(perform(world(), acting, true)).toEqual(perform(world(), acting, false));
    }),
    { numRuns: 300 },
  );
});

test('a copy leaves everything as it was', () => {
  const key = { k: 1 };
  const map = new Map<unknown, unknown>([
    [key, 'v'],
    ['b', Symbol.iterator],
  ]);
  const keys = map.keys();
  const over = map.values();
  for (let step = over.next(); step.done !== true; step = over.next());
  encodeValue([map, keys, over], platform);
  expect([...map]).toEqual([
    [key, 'v'],
    ['b', Symbol.iterator],
  ]);
  expect([...keys]).toEqual([key, 'b']);
  map.set('c', 3);
  expect([...over]).toEqual([]);
});

test('one that has come to the end, and does not know it, finds what is added later', () => {
  const set = new Set(['x']);
  const walk = set.values();
  walk.next();
  const far = copied({ set, walk });
  far.set.add('y');
  expect([...far.walk]).toEqual(['y']);
});

test('a collection may hold the iterator over it, and a class may have made it', () => {
  class Names extends Map<string, unknown> {}
  const names: Map<string, unknown> = Object.setPrototypeOf(new Names([['a', 1]]), Map.prototype) as Map<
    string,
    unknown
  >;
  const walk = names.entries();
  names.set('walk', walk);
  const far = copied(names);
  const again = far.get('walk') as IterableIterator<readonly [string, unknown]>;
  expect([...again]).toEqual([
    ['a', 1],
    ['walk', again],
  ]);
});

test('no code of a program runs when an iterator is looked at', () => {
  const touched: string[] = [];
  const key = {
    get seen() {
      return touched.push('getter');
    },
    [inspect.custom]: () => touched.push('inspect'),
  };
  const proxy = new Proxy({}, { get: () => touched.push('trap'), ownKeys: () => (touched.push('trap'), []) });
  const map = new Map<unknown, unknown>([
    [proxy, 1],
    [key, 1],
  ]);
  platform.iterators.look(map.keys()).next();
  platform.iterators.look(new Map([[1, proxy]]).values()).next();
  platform.iterators.look(new Set([key]).values()).next();
  expect(touched).toEqual([]);
});

test('an iterator whose collection nobody else holds stays, unless nothing can come of it any more', () => {
  expect(() => encodeValue([new Map([[1, 2]]).keys()], platform)).toThrow(UnserialisableError);
  expect([...(copied([new Set().values()])[0] ?? [])]).toEqual([]);
});

test('among many collections the one is found', () => {
  const maps = Array.from(
    { length: 1_000 },
    (_, index) =>
      new Map([
        [index, index],
        [-1, 0],
      ]),
  );
  const walks = [3, 500, 999].map((index) => maps[index]?.keys());
  for (const walk of walks) walk?.next();
  const far = copied({ walks, maps });
  maps.length = 0;
  far.maps[500]?.set(7, 7);
  expect(far.walks.map((walk) => [...(walk ?? [])])).toEqual([[-1], [-1, 7], [-1]]);
});
