'use movable';

/* oxlint-disable unicorn/no-unnecessary-await, typescript/await-thenable, typescript/no-for-in-array, no-sparse-arrays */

// Walks over collections that change under them, and are moved in the middle.

type Log = unknown[];

async function rest(turns = 1): Promise<void> {
  for (let k = 0; k < turns; k += 1) await null;
}

/** A Map walk deletes the key it stands at, adds it again at the end, clears everything and fills it again. */
export async function mapWalk(): Promise<unknown> {
  const log: Log = [];
  const map = new Map<unknown, number>([
    ['a', 1],
    ['b', 2],
    [Number.NaN, 3],
    ['d', 4],
  ]);
  let turns = 0;
  for (const [key, value] of map) {
    turns += 1;
    log.push([key, value, map.size]);
    if (key === 'a') {
      map.delete('a');
      await rest();
      map.set('a', 10);
    }
    if (Number.isNaN(key)) {
      map.delete('b');
      map.set(Number.NaN, 30);
      map.set('e', 5);
      await rest();
      map.delete(key);
    }
    if (key === 'e' && turns < 9) {
      map.clear();
      await rest();
      map.set('e', 6).set('f', 7).set('a', 11);
      await rest();
      map.delete('e');
    }
    if (key === 'f') map.set('e', turns);
    if (turns > 12) map.clear();
    await rest();
  }
  return [log, [...map]];
}

/** The same of a Set, with a second and a third walk of the same set inside, started at different times. */
export async function nestedWalks(): Promise<unknown> {
  const log: Log = [];
  const set = new Set<number>([1, 2, 3, 4, 5]);
  const standing = set.values();
  log.push(standing.next());
  let budget = 30;
  for (const x of set) {
    for (const [y, same] of set.entries()) {
      if ((budget -= 1) < 0) break;
      log.push(`${x}.${y}`);
      if (x === same && (x + budget) % 3 > 0) {
        set.delete(y);
        await rest();
        set.add(y + 10);
        break;
      }
      if (y === 4) {
        const found = standing.next();
        log.push(found);
        if (found.done !== true) set.delete(found.value);
        await rest();
      }
      set.forEach((z) => {
        if (z === 12 && set.has(5)) {
          set.delete(5);
          for (let k = 0; k < 2; k += 1) set.add(100 + k);
        }
      });
    }
    if (set.size > 9) set.clear();
  }
  set.add(7);
  log.push(standing.next(), standing.next(), [...set]);
  set.add(8);
  log.push(standing.next(), String((standing as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]));
  return log;
}

/** Iterators held in variables and in objects, walked by hand, by destructuring, by spread, and after their end. */
export async function heldIterators(): Promise<unknown> {
  const log: Log = [];
  const map = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['d', 4],
    ['e', 5],
  ]);
  const held = { keys: map.keys(), entries: map.entries(), same: null as unknown, ended: map.values() };
  held.same = held.keys;
  const ended = [...held.ended];
  const list = ['x', 'y', 'z'];
  const indexed = list.entries();
  const text = '\u{1f426}a\u0301\ud800b'[Symbol.iterator]();
  await rest();
  const [first, second] = held.keys;
  map.delete('c');
  map.set('f', 6);
  log.push(first, second, held.keys.next());
  await rest();
  const [[k1, v1] = ['', 0], , ...others] = held.entries;
  log.push(k1, v1, others, ended);
  list.push('w');
  log.push(indexed.next(), text.next());
  await rest();
  list.unshift('v');
  log.push(
    [...indexed],
    [...text].map((part) => part.codePointAt(0)),
    held.same === held.keys,
    [...held.keys],
  );
  map.set('late', 9);
  list.push('late');
  await rest();
  log.push(
    held.ended.next(),
    held.keys.next(),
    indexed.next(),
    text.next(),
    held.keys[Symbol.iterator]() === held.keys,
  );
  return log;
}

/** Arrays, typed arrays and `arguments` that grow, shrink and have holes while they are walked. */
export async function listWalks(): Promise<unknown> {
  const log: Log = [];
  const list: unknown[] = [1, , 3, 4];
  for (const x of list) {
    log.push(x);
    if (x === 1) list.push('pushed');
    await rest();
    if (x === 3) list.shift();
    if (x === 'pushed' && list.length < 8) list.length = 7;
  }
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const tail = bytes.subarray(1);
  for (const [at, byte] of bytes.entries()) {
    await rest();
    tail[at] = byte * 3;
    log.push(byte);
  }
  const walkArguments = async function (this: unknown, ..._rest: unknown[]): Promise<void> {
    for (const one of arguments) {
      await rest();
      arguments[2] = 'changed';
      log.push(one);
    }
  };
  await walkArguments.call(null, 'p', 'q', 'r');
  const results = [5, 6, 7, 8].flatMap((x, index, whole) => {
    for (let k = 0; k < 2; k += 1) whole[3 - index] = k + x;
    return index === 1 ? [] : [x, [index]];
  });
  return [log, list, 1 in list, [...bytes], results];
}

/** `for-in` over own and inherited keys that vanish and come, in the order of integers, then of insertion. */
export async function forInWalk(): Promise<unknown> {
  const log: Log = [];
  const base: Record<string, number> = { inherited: 1, hidden: 2, gone: 3 };
  const object: Record<string, number> = Object.create(base) as Record<string, number>;
  Object.assign(object, { z: 1, 10: 2, 2: 3, y: 4 });
  Object.defineProperty(object, 'hidden', { value: 5, enumerable: false });
  for (const key in object) {
    log.push(key);
    if (key === '2') delete object['z'];
    await rest();
    if (key === '10') {
      object['new'] = 1;
      delete base['gone'];
      Object.setPrototypeOf(object, { ...base, other: 1 });
    }
    if (key === 'y') object['z'] = 7;
  }
  let at: { key: string } = { key: '' };
  for (at.key in [7, , 8]) {
    log.push(at);
    at = { key: `after ${at.key}` };
    await rest();
  }
  for (const nothing in null as unknown as object) log.push(nothing);
  return [log, Object.keys(object)];
}

/** Iterators of one's own: `return` is called exactly once, when and only when a walk is left early. */
export async function ownIterators(): Promise<unknown> {
  const log: Log = [];
  const counted = (name: string, upTo: number): Iterable<number> => ({
    [Symbol.iterator]() {
      log.push(`${name} opens`);
      let n = 0;
      return {
        next() {
          for (let k = 0; k < 2; k += 1) log.push(`${name} ${n}.${k}`);
          return n < upTo ? { value: n++, done: false } : { value: undefined as never, done: true };
        },
        return() {
          for (let k = 0; k < 2; k += 1) log.push(`${name} closes ${k}`);
          return {} as IteratorResult<number>;
        },
      };
    },
  });
  for (const x of counted('through', 2)) await rest(x);
  for (const x of counted('left', 3)) {
    await rest();
    if (x === 1) break;
  }
  const [a, b = 9, ...c] = counted('taken', 1);
  const [d] = counted('first', 5);
  try {
    for (const x of counted('thrown', 3)) {
      await rest();
      if (x === 1) throw new Error(`at ${x}`);
    }
  } catch (error) {
    log.push((error as Error).message);
  }
  const made = new Map([...counted('spread', 2)].map((n) => [n, counted(`inner ${n}`, n)]));
  outer: for (const [n, inner] of made) {
    for (const m of inner) {
      log.push([n, m]);
      await rest();
      continue outer;
    }
  }
  return [log, a, b, c, d];
}

export async function main(): Promise<unknown> {
  return [
    await mapWalk(),
    await nestedWalks(),
    await heldIterators(),
    await listWalks(),
    await forInWalk(),
    await ownIterators(),
  ];
}
