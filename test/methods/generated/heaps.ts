import { type Choice, type Draft, type Place, way } from './draft.ts';
import { simple } from './expressions.ts';
import { code, type Piece, statement } from './pieces.ts';

/** Statements that make objects, share them, and change them. */
export function heapStatements(d: Draft, p: Place): readonly Choice<Piece>[] {
  const records = p.of('record');
  const lists = p.of('list');
  const has = (list: readonly unknown[], weight: number): number => (list.length > 0 ? weight : 0);
  return [
    way(3, null, () => {
      const items = code`[${d.number(p)}, ${d.number(p)}, ${simple(d, p)}]`;
      return statement(code`const ${p.declare(d.fresh('xs'), 'list', true)}: any[] = ${items};`);
    }),
    way(3, null, () => {
      const fields = code`{ a: ${d.number(p)}, b: ${d.number(p)} }`;
      return statement(code`const ${p.declare(d.fresh('r'), 'record', true)}: any = ${fields};`);
    }),
    way(2, 'collections', () => collection(d, p)),
    way(2, 'typedArrays', () => views(d, p)),
    way(has(lists, 1), null, () => statement(code`${d.pick(lists).name}.push(${d.number(p)});`)),
    way(has(lists, 1), 'holes', () => statement(code`${d.pick(lists).name}.length = ${d.between(1, 5)};`)),
    way(has(records, 3), 'cycles', () => {
      const { name } = d.pick(records);
      return statement(code`${name}.self = ${d.pick(records).name};\nc.kept.push(${name});`);
    }),
    way(2, 'symbols', () => symbol(d, p, ...recordOf(d, p))),
    way(3, 'attributes', () => attribute(d, p, ...recordOf(d, p))),
    way(3, null, () => kept(d, p)),
  ];
}

function collection(d: Draft, p: Place): Piece {
  if (d.below(2) === 0) {
    const entries = code`[[1, ${d.number(p)}], [${d.number(p)}, 2]]`;
    return statement(code`const ${p.declare(d.fresh('m'), 'map', true)} = new Map<any, any>(${entries});`);
  }
  const items = code`[${d.number(p)}, 2, ${simple(d, p)}]`;
  return statement(code`const ${p.declare(d.fresh('s'), 'set', true)} = new Set<any>(${items});`);
}

/** Views on one buffer, each of which shows what the others write. */
function views(d: Draft, p: Place): Piece {
  const [one, other] = [d.fresh('u'), d.fresh('w')];
  const piece = code`const ${one}: any = new Uint8Array([${d.number(p)}, 2, 3, 4, 5, 6, 7, 8]);
const ${other}: any = new ${d.pick(['Int16Array', 'Uint8ClampedArray', 'Int8Array'])}(${one}.buffer, 2, 2);
c.kept.push(${one}, new DataView(${one}.buffer, 1));`;
  p.declare(one, 'bytes', true);
  p.declare(other, 'bytes', true);
  return statement(piece);
}

/** A record that can be seen from here, and what makes it if it has to be made first. */
function recordOf(d: Draft, p: Place): readonly [record: string, made: Piece] {
  const records = p.of('record');
  if (records.length > 0) return [d.pick(records).name, ''];
  const fields = code`{ a: ${d.number(p)}, b: 2 }`;
  const name = p.declare(d.fresh('r'), 'record', true);
  return [name, code`const ${name}: any = ${fields};\n`];
}

function symbol(d: Draft, p: Place, record: string, first: Piece): Piece {
  const key = d.fresh('key');
  const made = d.pick([`Symbol('own')`, `Symbol.for('shared')`, 'Symbol.toStringTag']);
  return statement(
    code`${first}const ${key}: any = ${made};\n${record}[${key}] = ${d.number(p)};\nc.log.push(${record}[${key}]);\nc.kept.push(${key}, ${record});`,
  );
}

function attribute(d: Draft, p: Place, record: string, first: Piece): Piece {
  const change = d.choose<Piece>([
    way(
      1,
      null,
      () =>
        code`Object.defineProperty(${record}, 'h', { value: ${d.number(p)}, configurable: true });\nc.kept.push(${record});`,
    ),
    way(
      1,
      null,
      () =>
        code`Object.defineProperty(${record}, 'z', { value: ${d.number(p)}, enumerable: false, writable: true, configurable: true });\nc.kept.push(${record});`,
    ),
    way(1, null, () => code`c.kept.push(Object.freeze({ ...${record}, f: ${d.number(p)} }));`),
    way(
      1,
      null,
      () =>
        code`c.kept.push(Object.seal([${d.number(p)}, ${record}]), Object.preventExtensions({ e: ${record} }));`,
    ),
    way(
      1,
      null,
      () =>
        code`c.kept.push(Object.assign(Object.create(null), { n: ${d.number(p)} }), Object.create(${record}));`,
    ),
  ]);
  return statement(code`${first}${change}`);
}

/** Values that stay in the heap until the end. */
function kept(d: Draft, p: Place): Piece {
  const records = p.of('record');
  const record = records.length > 0 ? d.pick(records).name : 'c.kept.at(-1)';
  return statement(
    d.choose([
      way(1, null, () => code`c.kept.push(-0, NaN, ${d.number(p)});`),
      way(1, 'holes', () => code`c.kept.push([1, , ${d.number(p)}]);`),
      way(1, 'bigints', () => code`c.kept.push(BigInt(${d.number(p)} | 0) ** 3n - 1n);`),
      way(1, 'errors', () => code`c.kept.push(new RangeError('kept', { cause: ${record} }));`),
      way(
        1,
        'errors',
        () =>
          code`c.kept.push(Object.assign(new AggregateError([${d.number(p)}], 'all'), { extra: ${record} }));`,
      ),
      way(
        1,
        'builtins',
        () => code`c.kept.push(new Date(${d.number(p)} & 0xffff), new Number(${simple(d, p)}));`,
      ),
      way(1, 'builtins', () => code`c.kept.push(/b+/gi);\nc.kept.at(-1).lastIndex = ${d.number(p)} & 3;`),
      way(
        1,
        'collections',
        () => code`c.kept.push(new Map<any, any>([[${record}, new Set<any>([${record}, ${d.number(p)}])]]));`,
      ),
      way(1, 'cycles', () => code`c.kept.push([${record}, c.kept, ${d.number(p)}]);`),
    ]),
  );
}
