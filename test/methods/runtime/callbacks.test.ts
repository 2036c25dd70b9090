// Holes are what it is about.
/* oxlint-disable no-sparse-arrays, typescript/no-array-delete */
import { expect, test } from 'vitest';
import { $ } from '../../../src/methods/runtime/gate.ts';
import type { AnyFunction } from '../../../src/methods/runtime/method-code.ts';
import { callbackNames } from '../../../src/methods/runtime/movables.ts';
import { inExecution, same, text } from './beside-native.ts';

class Stack extends Array<unknown> {
  get top(): unknown {
    return this.at(-1);
  }
}

class Odd extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

const noList: unknown = null;

test("every name is answered by a movable version, and only for the language's own method", () => {
  const samples: [object, readonly string[]][] = [
    [[1], callbackNames.array],
    [new Uint8Array(1), callbackNames.typedArray],
    [new Map(), callbackNames.mapOrSet],
    [new Set(), callbackNames.mapOrSet],
    [Array, callbackNames.arrayFunction],
    ['x' as unknown as object, callbackNames.string],
  ];
  inExecution(() => {
    for (const [object, names] of samples) {
      for (const name of names) {
        const native: unknown = (object as Record<string, unknown>)[name];
        // Node 18 and older have no toSorted.
        if (native !== undefined) expect($.callback(object, name), name).not.toBe(native);
      }
    }
    const own = { map: () => 'own' };
    expect($.callback(own, 'map')).toBe(own.map);
    expect($.callback(Object.assign([1], { map: own.map }), 'map')).toBe(own.map);
    expect(() => $.callback(noList, 'map')).toThrow("Cannot read properties of null (reading 'map')");
  });
  expect($.callback([1], 'map'), 'outside of executions').toBe(Array.prototype.map);
});

const each = callbackNames.array.filter((name) => !/sort/i.test(name) && !name.startsWith('reduce'));

test('what is refused is refused in the same words', () => {
  for (const name of callbackNames.array) {
    for (const wrong of [undefined, null, 5, {}, 'f']) {
      same((call) => call([3, 1, 2], name, wrong), `${name} of ${text(wrong)}`);
    }
  }
  for (const name of ['reduce', 'reduceRight']) {
    same((call) => call([], name, () => 1), name);
    same((call) => call([, ,], name, () => 1), name);
    same((call) => call([7], name, () => 1), name);
    same((call) => call([, 7], name, () => 1), name);
    same((call) => call([], name, () => 1, undefined), name);
  }
  same((call) => call(Array, 'from', [1], 5), 'from');
  same((call) => call(Array, 'from', null, () => 1), 'from');
  same((call) => call('abc' as unknown as object, 'replaceAll', /b/, () => 'x'), 'replaceAll');
});

test('holes, this, and the arguments of callbacks', () => {
  for (const name of each) {
    for (const list of [
      [1, 2, 3],
      [1, , 3],
      [, ,],
      [],
      new Stack(1, 2, 3),
      new Odd(4, 5, 6),
      [undefined, null],
    ]) {
      same(
        (call, log) => {
          const self = { self: name };
          const found = call(
            list,
            name,
            function (this: unknown, ...args: unknown[]) {
              log(this === self, args.length, args[0], args[1], args[2] === list);
              return Number(args[0]) > 1;
            },
            self,
          );
          log(found instanceof Stack, found === list);
          return found;
        },
        `${name} of ${text(list)}`,
      );
    }
  }
  for (const name of ['reduce', 'reduceRight']) {
    for (const list of [
      [1, 2, 3],
      [1, , 3],
      [, 5, ,],
    ]) {
      same(
        (call, log) =>
          call(list, name, (sum: unknown, ...args: unknown[]) => {
            log(sum, args[0], args[1], args[2] === list);
            return `${String(sum)}${String(args[0])}`;
          }),
        name,
      );
      same((call) => call(list, name, (sum: string, x: unknown) => sum + String(x), 'from '), name);
    }
  }
});

test('lists that change while they are walked, and errors in the middle', () => {
  const changes: readonly ((list: unknown[], index: number) => void)[] = [
    (list) => void list.push('more'),
    (list) => void list.pop(),
    (list) => void list.shift(),
    (list, index) => void delete list[index + 1],
    (list) => {
      list.length = 1;
    },
    (_list, index) => {
      if (index === 1) throw new RangeError('in the middle');
    },
    (list, index) =>
      Object.defineProperty(list, index + 1, { get: () => `got ${index}`, configurable: true }),
  ];
  for (const name of [...each, 'reduce', 'reduceRight']) {
    changes.forEach((change, number) => {
      same((call, log) => {
        const list: unknown[] = ['a', 'b', 'c', 'd'];
        const takesSum = name.startsWith('reduce');
        const answer = call(list, name, (...args: unknown[]) => {
          const [value, index] = (takesSum ? args.slice(1) : args) as [unknown, number];
          log(value, index);
          change(list, index);
          return index > 2;
        });
        log(list);
        return answer;
      }, `${name}, change ${number}`);
    });
  }
});

test('flatMap, lists that only look like arrays, proxies and typed arrays', () => {
  same((call) => call([1, 2], 'flatMap', (x: number) => [x, [x], ...(x > 1 ? [] : [, x])]), 'flatMap');
  same((call) => call(['ab', 'c'], 'flatMap', (x: string) => x), 'flatMap');
  for (const name of [...each, 'sort', 'toSorted', 'reduce']) {
    same((call, log) => {
      const target = [3, , 1];
      const watched = new Proxy(target, {
        get(object, key, receiver): unknown {
          if (typeof key === 'symbol' || /^(?:\d+|length|constructor)$/.test(key)) log('get', key);
          return Reflect.get(object, key, receiver);
        },
        has: (object, key) => (log('has', key), Reflect.has(object, key)),
        set: (object, key, value) => (log('set', key, value), Reflect.set(object, key, value)),
        deleteProperty: (object, key) => (log('delete', key), Reflect.deleteProperty(object, key)),
      });
      // What a sort reads of a proxy's list is V8's own affair.
      const answer = call(watched, name, (a: number, b: number) => (name === 'sort' ? a - b : a > 1));
      return answer === watched ? target : answer;
    }, `${name} of a proxy`);
  }
  for (const name of callbackNames.typedArray) {
    for (const list of [
      new Uint8Array([3, 300, 1]),
      new Float64Array([0, -0, Number.NaN, 2]),
      new BigInt64Array([3n, 1n]),
    ]) {
      same(
        (call, log) => {
          const copy = list.slice();
          const answer = call(copy, name, (...args: unknown[]) => {
            log(...args.slice(0, 2));
            return name === 'map'
              ? args[0]
              : name.includes('ort')
                ? Number(args[0]) - Number(args[1])
                : Number(args[0]) > 1;
          });
          log(copy, answer === copy);
          return answer;
        },
        `${name} of ${text(list)}`,
      );
    }
  }
});

test('forEach of Map and Set sees what is deleted and added meanwhile', () => {
  same((call, log) => {
    const map = new Map<unknown, unknown>([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]);
    const self = {};
    const answer = call(
      map,
      'forEach',
      function (this: unknown, value: unknown, key: number, of: unknown) {
        log(this === self, value, key, of === map);
        map.delete(key + 1);
        if (map.size < 4) map.set(key * 10, `${key}0`);
        if (key === 100) map.clear();
      },
      self,
    );
    log(map);
    return answer;
  }, 'Map');
  same((call, log) => {
    const set = new Set([1, 2, 3]);
    return call(set, 'forEach', (value: number, again: number, of: unknown) => {
      log(value, again, of === set);
      set.delete(value);
      if (value < 50) set.add(value * 10);
    });
  }, 'Set');
  same((call) => call(new Map([[1, 1]]), 'forEach', undefined), 'Map of nothing');
});

test('Array.from with a function', () => {
  const sources: readonly (() => unknown)[] = [
    () => ({ length: 3 }),
    () => ({ length: '2', 0: 'x', 1: 'y', 2: 'z' }),
    () => ({ length: -1 }),
    () => 'a😀c',
    () => [1, , 3],
    () => new Stack(1, 2, 3),
    () => new Set([1, 2]),
    () => new Map([[1, 2]]),
    () => new Uint8Array([4, 5]),
    () => 5,
    () => [1, 2][Symbol.iterator](),
  ];
  sources.forEach((source, number) => {
    same((call, log) => {
      const self = {};
      return call(
        Array,
        'from',
        source(),
        function (this: unknown, ...args: unknown[]) {
          log(this === self, ...args);
          return [args[0]];
        },
        self,
      );
    }, `source ${number}`);
  });
  same((call) => {
    const list = [1, 2, 3];
    return call(Array, 'from', list, (x: number) => (list.length < 6 ? list.push(x) : x));
  }, 'a list that grows');
});

test('replace with a function', () => {
  const patterns: readonly (() => unknown)[] = [
    () => 'b',
    () => '',
    () => /b(.)?/,
    () => /[a-c]/g,
    () => /(?<first>a)|(b)/g,
    () => /x*/g,
    () => /b/y,
    () => Object.assign(/c/gy, { lastIndex: 2 }),
    () => ({ [Symbol.replace]: (string: string, by: AnyFunction) => `${string}${String(by('own'))}` }),
    () => undefined,
  ];
  patterns.forEach((pattern, number) => {
    for (const name of callbackNames.string) {
      for (const string of ['abcabc', 'bbb', '', '$&$1']) {
        same((call, log) => {
          const used = pattern();
          const done = call(string as unknown as object, name, used, (...args: unknown[]) => {
            log(...args);
            return `<${args.length}$&>`;
          });
          log((used as { lastIndex?: unknown } | undefined)?.lastIndex);
          return done;
        }, `${name} ${number} in '${string}'`);
      }
    }
  });
});

test("bound functions are the language's own", () => {
  inExecution(() => {
    function sum(this: { base: number }, a: number, b: number): number {
      return this.base + a + b;
    }
    const bound = Reflect.apply($.bind(sum) as AnyFunction, sum, [{ base: 100 }, 10]) as (
      b: number,
    ) => number;
    expect([bound(1), bound.name, bound.length, 'prototype' in bound]).toEqual([111, 'bound sum', 1, false]);
    expect(() => Reflect.apply($.bind(sum) as AnyFunction, 5, [])).toThrow(
      'Bind must be called on a function',
    );
    const own = Object.assign(() => 1, { bind: () => 'own' });
    expect($.bind(own)).toBe(own.bind);
  });
});
