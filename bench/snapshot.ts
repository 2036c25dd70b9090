import v8 from 'node:v8';
import type { CodeTable } from '../src/methods/snapshot/index.ts';
import { decodeValue, encodeValue } from '../src/methods/snapshot/index.ts';
import { hasNamedProperties } from '../src/named-properties.ts';
import { type Figure, quantile } from './figure.ts';

const objectCount = 100_000;
const rounds = 15;
/** Rounds that only warm up. */
const warming = 5;

interface Tree {
  readonly key: number;
  left: Tree | null;
  right: Tree | null;
  readonly value: string;
}

/** Objects that each refer to two others and to a string of their own. */
function tree(): unknown {
  const nodes = Array.from({ length: objectCount }, (_, key): Tree => ({
    key,
    left: null,
    right: null,
    value: `v${key}`,
  }));
  nodes.forEach((node, index) => {
    const parent = nodes[(index - 1) >> 1];
    if (parent === undefined) return;
    if (index % 2 === 1) parent.left = node;
    else parent.right = node;
  });
  return nodes[0];
}

function records(): unknown {
  return Array.from({ length: objectCount }, (_, id) => ({
    id,
    name: `name ${id % 1000}`,
    x: id * 0.5,
    isOpen: id % 2 === 0,
  }));
}

/** Half of the objects are short arrays. */
function arrays(): unknown {
  const all: { readonly id: number; readonly left: unknown; readonly tags: readonly number[] }[] = [];
  for (let id = 0; id < objectCount / 2; id += 1) all.push({ id, left: all[id >> 1], tags: [id, id + 1] });
  return all;
}

class Particle {
  readonly id: number;
  x: number;
  readonly next: Particle | null;
  constructor(id: number, next: Particle | null) {
    this.id = id;
    this.x = id / 2;
    this.next = next;
  }
}

function instances(): unknown {
  const all: Particle[] = [];
  for (let id = 0; id < objectCount; id += 1) all.push(new Particle(id, all[id >> 1] ?? null));
  return all;
}

const nothing = (): never => {
  throw new TypeError('The bench moves one class only');
};

/** Knows the one class of the bench. */
const particles: CodeTable = {
  closureOf: () => null,
  makeClosure: nothing,
  boundOf: () => null,
  makeBound: nothing,
  classOf: (f) =>
    (f as unknown) === Particle ? { code: 'Particle', captured: [], superclass: undefined, keys: [] } : null,
  makeClass: () => Particle as never,
  memberOf: () => null,
  findMember: nothing,
  privatesOf: () => [],
  makeInstance: () => null,
  fillPrivates: nothing,
  isStamped: () => false,
  remade: () => undefined,
};

/** Milliseconds of processor time in the middle of the rounds, each way in a row of its own, as programs would run it. */
function measure(run: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < rounds + warming; round += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    if (round >= warming) times.push((user + system) / 1000);
  }
  return quantile(times, 0.5);
}

function both(name: string, value: unknown, target: number | null, code?: CodeTable): Figure[] {
  const options = { hasNamedProperties, ...(code === undefined ? {} : { code }) };
  const bytes = encodeValue(value, options);
  const native = v8.serialize(value);
  const [written, read] = [
    measure(() => encodeValue(value, options)),
    measure(() => decodeValue(bytes, options)),
  ];
  const [writtenByV8, readByV8] = [measure(() => v8.serialize(value)), measure(() => v8.deserialize(native))];
  const ratio = (written + read) / (writtenByV8 + readByV8);
  const figure = (what: string, figure: number, unit: string): Figure => ({
    name: `${name}: ${what}`,
    value: figure,
    unit,
    target: null,
    met: null,
  });
  return [
    figure('encode', written, 'ms'),
    figure('decode', read, 'ms'),
    figure('v8.serialize', writtenByV8, 'ms'),
    figure('v8.deserialize', readByV8, 'ms'),
    figure('size', bytes.length / native.length, '× v8'),
    {
      name: `${name}: encode and decode, at most`,
      value: ratio,
      unit: '× v8',
      target,
      met: target === null ? null : ratio <= target,
    },
  ];
}

/** Bytes a second of one way through a snapshot and of copying the same bytes. */
function views(): Figure[] {
  const lengthBytes = 64 * 1024 * 1024;
  const value = { view: new Float64Array(lengthBytes / 8).fill(1.5) };
  const bytes = encodeValue(value, { hasNamedProperties });
  const copy = Buffer.alloc(lengthBytes);
  const source = Buffer.from(value.view.buffer);
  const copied = measure(() => source.copy(copy));
  const written = measure(() => encodeValue(value, { hasNamedProperties }));
  const read = measure(() => decodeValue(bytes));
  const fresh = measure(() => Buffer.from(source));
  const share = (name: string, ms: number, of: number, target: number | null): Figure => ({
    name,
    value: ms / of,
    unit: '× the speed',
    target,
    met: target === null ? null : ms / of >= target,
  });
  return [
    { name: 'Buffer.copy of 64 MiB', value: copied, unit: 'ms', target: null, met: null },
    { name: 'Buffer.from of 64 MiB', value: fresh, unit: 'ms', target: null, met: null },
    share('typed array: encode, against Buffer.copy into memory in use, at least', copied, written, null),
    share('typed array: encode, against Buffer.from into fresh memory, at least', fresh, written, 0.8),
    share('typed array: decode, against Buffer.from into fresh memory, at least', fresh, read, 0.8),
  ];
}

/** Snapshots: graphs of small objects beside `v8.serialize`, and long typed arrays beside plain copies. */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const target = 1.5;
  return Promise.resolve({
    figures: [
      ...both('tree', tree(), target),
      ...both('records', records(), target),
      ...both('objects and arrays', arrays(), null),
      ...both('instances of a class', instances(), null, particles),
      ...views(),
    ],
  });
}
