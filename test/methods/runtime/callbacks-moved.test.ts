import { expect, test } from 'vitest';
import { nativeOutcome, prepare } from './moved-programs.ts';
import { chance, runMovable, runNative } from './workshop.ts';

/** Steps of fuel that a callback burns, so that it is captured several times inside. */
const burn = `
function burn(steps) {
  let left = steps;
  while (left > 0) left -= 1;
  return steps;
}
`;

const programs: Readonly<Record<string, string>> = {
  arrays: `
    const log = [];
    const self = { name: 'self' };
    log.push([3, 1, , 2].map(function (x, i, of) { burn(2); return [this.name, x, i, of.length]; }, self));
    log.push([3, 1, , 2].filter((x) => { burn(x); return x > 1; }));
    [1, , 2].forEach((x, i) => { burn(2); log.push(['each', x, i]); });
    log.push([1, 2, 3].reduce((sum, x) => { burn(2); return sum + '+' + x; }));
    log.push([1, 2, , 3].reduceRight((sum, x, i) => { burn(2); return [...sum, x, i]; }, []));
    for (const name of ['find', 'findIndex', 'findLast', 'findLastIndex', 'some', 'every'])
      log.push([name, [1, 5, , 6, 2][name]((x) => { burn(2); return x > 4; })]);
    log.push([1, 2].flatMap((x) => { burn(2); return [x, [x]]; }));
    const grows = [1, 2, 3];
    log.push(grows.map((x) => { burn(1); if (grows.length < 6) grows.push(x * 10); if (x === 2) grows.shift(); return x; }), grows);
    return log;`,
  errors: `
    const log = [];
    for (const name of ['map', 'reduce', 'sort', 'forEach']) {
      try {
        [4, 3, 2, 1][name]((a, b) => { burn(2); if (a === 2 || b === 2) throw new RangeError('at ' + a); return a; });
      } catch (error) {
        log.push([name, error.name, error.message]);
      } finally {
        burn(1);
      }
    }
    return log;`,
  sorting: `
    const log = [];
    const list = [];
    for (let i = 0; i < 12; i++) list.push((i * 5) % 12);
    log.push([...list].sort((a, b) => { burn(1); return a - b; }).join());
    let calls = 0;
    log.push(list.slice(0, 8).sort((a, b) => { calls += burn(1); return (a % 7) - (b % 7); }).join(), calls);
    log.push([3, , undefined, 1].sort((a, b) => { burn(1); return b - a; }));
    log.push(Uint8Array.from(list.slice(0, 9)).sort((a, b) => { burn(1); return b - a; }).join());
    log.push(Int8Array.of(1, 2, 3).map((x) => { burn(2); return x * 50; }).join());
    log.push(Float64Array.of(1, 2, 3).filter((x) => { burn(2); return x !== 2; }).join());
    return log;`,
  collections: `
    const log = [];
    const map = new Map([['a', 1], ['b', 2], ['c', 3]]);
    map.forEach((value, key, of) => {
      burn(2);
      log.push([key, value, of === map]);
      of.delete('b');
      if (of.size < 4) of.set(key + key, burn(1));
    });
    new Set([1, 2]).forEach(function (value) { burn(2); log.push([this.x, value]); }, { x: 9 });
    log.push(Array.from({ length: 3 }, (_, i) => { burn(2); return i * i; }));
    log.push(Array.from(new Set(['x', 'y']), (value, i) => { burn(2); return value + i; }));
    log.push(Array.from('ab', function (c) { burn(1); return this.pre + c; }, { pre: '>' }));
    log.push('a1b22'.replace(/(?<digits>\\d+)/g, (all, digits, at, text, groups) => { burn(2); return [all, at, text.length, groups.digits]; }));
    log.push('x-y'.replace('-', () => { burn(2); return '$&'; }), 'aXbX'.replaceAll('X', (x, at) => { burn(1); return at; }));
    return log;`,
  nested: `
    const rows = [[3, 1], [2], []].map((row, y) => {
      const sum = row.reduce((total, x) => { burn(1); return total + x; }, 0);
      const inner = row.map((x) => { burn(1); return row.filter((other) => { burn(1); return other >= x; }).length; });
      return { y, sum, inner, sorted: [...row].sort((a, b) => { burn(1); return a - b; }) };
    });
    const shared = { count: 0 };
    const adders = [1, 2].map((step) => () => { burn(2); shared.count += step; return shared.count; });
    return [rows, adders.map((add) => { const got = add(); burn(1); return got; }), shared];`,
  bound: `
    const add = function (a, b) { burn(2); return [this.base, a, b]; };
    const bound = add.bind({ base: 5 }, 1);
    const twice = bound.bind(null, 2);
    burn(2);
    const table = new Map([[bound, 'bound'], [add, 'add']]);
    burn(2);
    return [[7, 8].map(bound), twice(), bound.name, twice.length, table.get(bound), table.get(add), new Set([bound, bound]).size];`,
};

test.each(Object.entries(programs))('%s: moved at every point of every callback', async (_name, body) => {
  const folder = await prepare(burn, body);
  const native = await nativeOutcome(folder);
  const everywhere = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(everywhere.outcome, 'moved at each point').toEqual(native);
  expect(everywhere.pins).toEqual([]);
  expect(everywhere.moved).toBeGreaterThan(10);
});

test('a long sort is moved now and then, in the middle of runs and merges', async () => {
  const folder = await prepare(
    burn,
    `
    const random = [];
    for (let i = 0, x = 7; i < 260; i++) { x = (x * 1103515245 + 12345) % 2147483648; random.push(x % 97); }
    const saw = random.map((_, i) => (i % 70) * 3 + (i % 7));
    const calls = [];
    const sorted = [random, saw].map((list) => {
      let count = 0;
      const made = [...list].sort((a, b) => { count += burn(1); return a - b; });
      calls.push(count);
      return made.join();
    });
    sorted.push(Float64Array.from(saw).sort((a, b) => { burn(1); return a % 10 - b % 10; }).join());
    return [sorted, calls];`,
  );
  const native = await runNative(folder, 'n.ts', 'main', []);
  const random = chance(5);
  const now = await runMovable(
    folder,
    'm.ts#main',
    [],
    () => random() < 0.5,
    () => random() < 0.02,
  );
  expect(now.outcome).toEqual(native);
  expect(now.pins).toEqual([]);
  expect(now.moved).toBeGreaterThan(40);
});

test('a callback that a getter or a conversion calls natively is not torn out of it', async () => {
  const folder = await prepare(
    burn,
    `
    const log = [];
    const list = [1, 2, 3];
    Object.defineProperty(list, 1, { get: () => { burn(3); return 'got'; } });
    log.push(list.map((x) => { burn(1); return x; }));
    log.push([2, 1].sort(() => ({ valueOf: () => { burn(3); return -1; } })));
    log.push('ab'.replace('a', () => ({ toString: () => { burn(3); return 'text'; } })));
    return log;`,
  );
  const native = await runNative(folder, 'n.ts', 'main', []);
  const everywhere = await runMovable(folder, 'm.ts#main', [], () => true);
  expect(everywhere.outcome).toEqual(native);
});
