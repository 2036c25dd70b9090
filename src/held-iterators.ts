import { inspect, types } from 'node:util';

/** Reads nothing of the entries but what one line says of the first; getters, Proxies and `inspect.custom` stay untouched. */
const options = {
  depth: 0,
  customInspect: false,
  showProxy: false,
  compact: true,
  maxStringLength: 40,
  breakLength: Number.POSITIVE_INFINITY,
} as const;

/**
 * Where an iterator of a Map or Set stands: only `util.inspect` can see that without moving it. It says how many entries
 * it leaves out: with none shown, all that are still to come (`[Map Iterator] { ... 3 more items }`, the same in Node.js 20 to 26).
 */
export const iterators = {
  isOne: (value: object): boolean => types.isMapIterator(value) || types.isSetIterator(value),
  look(iterator: object) {
    const outline = inspect(iterator, { ...options, maxArrayLength: 0 });
    return {
      left: Number(/\.\.\. (\d+) more items?/.exec(outline)?.[1] ?? 0),
      isPaired: outline.startsWith('[Map Entries]') || outline.startsWith('[Set Entries]'),
      next: () => inspect(iterator, { ...options, maxArrayLength: 1 }),
    };
  },
};
