/**
 * A value as text: `undefined`, `null`, `true`, `number 1.5`, `number -0`, `bigint 7`, `string "a"`; `#3` names a node,
 * `%Array.prototype%` something that every realm has, and `symbol …` a symbol that every realm has.
 */
export type ValueText = string;

/** An own property: `[key, attributes, value]`, or `[key, attributes, getter, setter]`. `wec` are the attributes. */
export type KeyText = readonly [key: ValueText, attributes: string, ...values: ValueText[]];

/** One object, function or symbol of a graph. */
export interface DescribedNode {
  /** `Object`, `Array`, `Map`, `function`, `class`, `symbol`, … */
  readonly kind: string;
  readonly prototype: ValueText;
  readonly integrity: 'extensible' | 'nonExtensible' | 'sealed' | 'frozen';
  /** What the language keeps beside the properties: entries, time, bytes, source and flags, outcome. */
  readonly slots: readonly (readonly [name: string, value: ValueText])[];
  readonly keys: readonly KeyText[];
  /** The node that referred to it first, and as what; null for the root. */
  readonly via: readonly [node: number, label: string] | null;
}

/** A graph of values: plain data that can be sent as JSON. Nodes are numbered as a walk in breadth first meets them. */
export interface Description {
  readonly root: ValueText;
  readonly nodes: readonly DescribedNode[];
}

/**
 * Compares two graphs up to isomorphism.
 *
 * @returns the first difference, with its path and what stood on each side; null when there is none
 */
export function firstDifference(a: Description, b: Description): string | null {
  const root = valueDifference(a, b, a.root, b.root);
  if (root !== null) return `value: ${root}`;
  for (const [index, left] of a.nodes.entries()) {
    const right = b.nodes[index];
    if (right === undefined) return `${pathOf(a, index)}: is only on the left`;
    const found = nodeDifference(a, b, left, right);
    if (found !== null) return `${pathOf(a, index)}${found}`;
  }
  return b.nodes.length > a.nodes.length ? `${pathOf(b, a.nodes.length)}: is only on the right` : null;
}

function nodeDifference(
  a: Description,
  b: Description,
  left: DescribedNode,
  right: DescribedNode,
): string | null {
  if (left.kind !== right.kind) return `: ${left.kind} against ${right.kind}`;
  const prototype = valueDifference(a, b, left.prototype, right.prototype);
  if (prototype !== null) return `: prototype ${prototype}`;
  if (left.integrity !== right.integrity) return `: ${left.integrity} against ${right.integrity}`;
  for (const [index, [name, value]] of left.slots.entries()) {
    const other = right.slots[index];
    if (other === undefined || other[0] !== name) {
      return `<${name}>: ${shown(a, value)} against ${other === undefined ? 'nothing' : `<${other[0]}>`}`;
    }
    const found = valueDifference(a, b, value, other[1]);
    if (found !== null) return `<${name}>: ${found}`;
  }
  const more = right.slots[left.slots.length];
  if (more !== undefined) return `<${more[0]}>: nothing against ${shown(b, more[1])}`;
  return keyDifference(a, b, left, right);
}

function keyDifference(
  a: Description,
  b: Description,
  left: DescribedNode,
  right: DescribedNode,
): string | null {
  for (const [index, [key, attributes, ...values]] of left.keys.entries()) {
    const other = right.keys[index];
    if (other === undefined) return `${step(a, key)}: is only on the left`;
    const [otherKey, otherAttributes, ...otherValues] = other;
    const keys = valueDifference(a, b, key, otherKey);
    if (keys !== null) return `: key ${String(index)} is ${keys}`;
    if (attributes !== otherAttributes) {
      return `${step(a, key)}: attributes '${attributes}' against '${otherAttributes}'`;
    }
    for (const [at, value] of values.entries()) {
      const found = valueDifference(a, b, value, otherValues[at] ?? 'nothing');
      if (found !== null) return `${step(a, key)}: ${found}`;
    }
  }
  const more = right.keys[left.keys.length];
  return more === undefined ? null : `${step(b, more[0])}: is only on the right`;
}

/** References compare by number: equal graphs are numbered alike. */
function valueDifference(a: Description, b: Description, left: ValueText, right: ValueText): string | null {
  return left === right ? null : `${shown(a, left)} against ${shown(b, right)}`;
}

const shownMax = 120;

function shown(description: Description, value: ValueText): string {
  if (!value.startsWith('#')) return value.length > shownMax ? `${value.slice(0, shownMax)}…` : value;
  const index = Number(value.slice(1));
  return `${description.nodes[index]?.kind ?? 'something'} (${pathOf(description, index)})`;
}

/** `value.list[3]<entry 2 key>`: how a node was reached first. */
export function pathOf(description: Description, index: number): string {
  const steps: string[] = [];
  for (let at = index; ;) {
    const via = description.nodes[at]?.via ?? null;
    if (via === null) return `value${steps.reverse().join('')}`;
    const [parent, label] = via;
    steps.push(label);
    at = parent;
  }
}

/** A key as a step of a path. */
function step(description: Description, key: ValueText): string {
  return key.startsWith('#') ? `[${symbolText(description, key)}]` : stepOf(key);
}

function symbolText(description: Description, key: ValueText): string {
  return description.nodes[Number(key.slice(1))]?.slots[0]?.[1] ?? key;
}

/** `.name` or `[0]` or `["a b"]` or `[symbol …]`. */
export function stepOf(key: ValueText): string {
  if (!key.startsWith('string ')) return `[${key}]`;
  const quoted = key.slice('string '.length);
  const name = quoted.slice(1, -1);
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return `.${name}`;
  return /^\d+$/.test(name) ? `[${name}]` : `[${quoted}]`;
}
