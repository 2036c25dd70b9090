import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeValue, encodeValue } from '../../../src/methods/snapshot/index.ts';
import { hasNamedProperties } from '../../../src/named-properties.ts';
import { difference } from './isomorphism.ts';

test('a list of a million nodes comes back, and is told apart from one that is shorter by one', () => {
  const nodes = 1_000_000;
  interface Node {
    readonly value: number;
    readonly next: Node | null;
  }
  let head: Node | null = null;
  for (let value = 0; value < nodes; value += 1) head = { value, next: head };
  let count = 0;
  let expected = nodes;
  for (let node = decodeValue(encodeValue(head)) as Node | null; node !== null; node = node.next) {
    expected -= 1;
    if (node.value !== expected) break;
    count += 1;
  }
  expect(count).toBe(nodes);
});

test('a Map of a million entries comes back in order', () => {
  const original = new Map(Array.from({ length: 1_000_000 }, (_, index) => [index * 7, `v${index % 1000}`]));
  const copy = decodeValue(encodeValue(original)) as typeof original;
  const pairs = copy.entries();
  let same = copy.size === original.size;
  for (const [key, item] of original) {
    const [otherKey, otherItem] = pairs.next().value ?? [];
    same &&= key === otherKey && item === otherItem;
  }
  expect(same).toBe(true);
});

test('a large buffer comes back, and its copy is its own', () => {
  const original = { big: new Float64Array(2_000_000).map((_, index) => index / 3) };
  const copy = decodeValue(encodeValue(original, { hasNamedProperties })) as typeof original;
  expect(Buffer.from(copy.big.buffer).equals(Buffer.from(original.big.buffer))).toBe(true);
  expect(copy.big.buffer.byteLength).toBe(16_000_000);
});

test.each([
  ['a long array', Array.from({ length: 5000 }, (_, index) => index)],
  ['a long view', new Uint8Array(5000)],
])('%s: named properties are kept where the engine knows of them', (_, indexed) => {
  const plain = encodeValue(indexed, { hasNamedProperties });
  expect(difference(indexed, decodeValue(plain))).toBeNull();
  const named = Object.assign(indexed, { extra: [1] });
  expect(difference(named, decodeValue(encodeValue(named, { hasNamedProperties })))).toBeNull();
});

/** Builds a graph out of a plan: node kinds, and edges that may go anywhere, so that it shares and cycles. */
interface Plan {
  readonly kinds: readonly ('object' | 'array' | 'map' | 'set' | 'error' | 'bare')[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly key: string }[];
  readonly leaves: readonly { readonly from: number; readonly key: string; readonly value: unknown }[];
  readonly frozen: readonly number[];
}

const leaf = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(undefined, null, true, false, -0, Symbol.iterator, Symbol.for('x'), '\ud800', Math.max),
  fc.date({ noInvalidDate: false }),
);
const node = fc.nat({ max: 11 });
const key = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.constantFrom('__proto__', '0', '7', 'length', 'constructor'),
);
const plan: fc.Arbitrary<Plan> = fc.record({
  kinds: fc.array(fc.constantFrom('object', 'array', 'map', 'set', 'error', 'bare'), {
    minLength: 12,
    maxLength: 12,
  }),
  edges: fc.array(fc.record({ from: node, to: node, key }), { maxLength: 30 }),
  leaves: fc.array(fc.record({ from: node, key, value: leaf }), { maxLength: 30 }),
  frozen: fc.array(node, { maxLength: 3 }),
});

function make(kind: Plan['kinds'][number]): object {
  switch (kind) {
    case 'object':
      return {};
    case 'array':
      return [];
    case 'map':
      return new Map();
    case 'set':
      return new Set();
    case 'error':
      return new RangeError('planned');
    case 'bare':
      return Object.create(null) as object;
  }
}

function attach(holder: object, name: string, value: unknown): void {
  if (holder instanceof Map) holder.set(value, name).set(name, value);
  else if (holder instanceof Set) holder.add(value);
  else if (Array.isArray(holder) && name === 'length') holder.push(value);
  else Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
}

function build(from: Plan): object[] {
  const nodes = from.kinds.map(make);
  for (const edge of from.edges) attach(nodes[edge.from] as object, edge.key, nodes[edge.to]);
  for (const entry of from.leaves) attach(nodes[entry.from] as object, entry.key, entry.value);
  for (const index of from.frozen) Object.freeze(nodes[index]);
  return nodes;
}

test('graphs with sharing and cycles come back isomorphic', () => {
  fc.assert(
    fc.property(plan, (planned) => {
      const nodes = build(planned);
      expect(difference(nodes, decodeValue(encodeValue(nodes)))).toBeNull();
      const root = nodes[0];
      expect(difference(root, decodeValue(encodeValue(root)))).toBeNull();
    }),
    { numRuns: 1000, seed: 417 },
  );
});

test('the same graph always gives the same bytes, and a rebuilt one too', () => {
  fc.assert(
    fc.property(plan, (planned) => {
      const bytes = encodeValue(build(planned));
      expect(Buffer.from(encodeValue(decodeValue(bytes))).equals(Buffer.from(bytes))).toBe(true);
    }),
    { numRuns: 300, seed: 418 },
  );
});
