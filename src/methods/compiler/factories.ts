import { type Method, keyName } from './functions.ts';
import { nativesOf, type Names } from './names.ts';
import { selfMark, type SourceText } from './source-text.ts';
import { child, flag, type Node, nodes, walk } from './syntax.ts';
import { inside, type Variables } from './variables.ts';

interface FunctionsParts {
  readonly source: SourceText;
  readonly variables: Variables;
  readonly names: Names;
  readonly methods: readonly Method[];
  readonly gate: string;
  readonly fresh: (base: string) => string;
}

/**
 * The functions inside methods. Each is made by a factory at the top level of the module, out of what it captures, so
 * that it can be made again on another host; where its author wrote it, the factory is called.
 */
export class Functions {
  readonly #parts: FunctionsParts;
  readonly #byNode = new Map<Node, Method>();
  readonly #factories = new Map<Method, string>();

  constructor(parts: FunctionsParts) {
    this.#parts = parts;
    for (const method of parts.methods) {
      this.#byNode.set(method.node, method);
      if (method.parent !== null) this.#factories.set(method, parts.fresh(`${baseOf(method)}$k`));
    }
    for (const method of parts.methods) this.#edit(method);
  }

  /** The factory's name; null for a function that stands at the top level of the module. */
  factoryOf(method: Method): string | null {
    return this.#factories.get(method) ?? null;
  }

  /** The call that makes a function where its author wrote it. */
  creation(node: Node): string {
    const method = this.#byNode.get(node);
    if (method === undefined) return '';
    const { variables, names } = this.#parts;
    const { bindings, outer } = variables.capturesOf(method);
    const values = [
      ...bindings.map((binding) => names.of(binding)),
      ...outer.map((value) =>
        value.of === method.parent && value.kind === 'this' ? selfMark : names.ofOuter(value),
      ),
    ];
    return `${this.#factories.get(method)}(${values.join(', ')})`;
  }

  #edit(method: Method): void {
    const { source } = this.#parts;
    if (method.parent !== null && method.node.type !== 'FunctionDeclaration') {
      source.edit(method.node.start, method.node.end, this.creation(method.node));
    }
    walk(method.node, (node) => {
      if (node !== method.node && this.#byNode.has(node)) return false;
      if (node.type === 'ObjectExpression') this.#literal(node);
      return true;
    });
    for (const native of nativesOf(method.node, (node) => this.#byNode.has(node))) this.#wrap(native);
  }

  /** Members of an object literal that are functions: its own syntax for them would make them in place. */
  #literal(object: Node): void {
    const { source, gate } = this.#parts;
    const accessors: string[] = [];
    for (const property of nodes(object, 'properties')) {
      if (property.type === 'SpreadElement') continue;
      const value = child(property, 'value');
      const key = child(property, 'key');
      if (!this.#byNode.has(value)) continue;
      const kind = property['kind'];
      const made = this.creation(value);
      if (kind === 'get' || kind === 'set') {
        accessors.push(`[${JSON.stringify(keyName(key))}, ${JSON.stringify(kind)}, ${made}]`);
        source.edit(property.start, property.end, `${keyText(key)}: void 0`);
      } else if (flag(property, 'computed')) {
        source.edit(property.start, key.start, `...${gate}.keyed(`);
        source.edit(key.end, property.end, `, ${made})`);
      } else if (flag(property, 'method')) {
        source.edit(property.start, property.end, `${keyText(key)}: ${made}`);
      }
    }
    if (accessors.length === 0) return;
    source.edit(object.start, object.start, `${gate}.accessors(`);
    source.edit(object.end, object.end, `, [${accessors.join(', ')}])`);
  }

  /** A native function inside a method has variables of its own: copies of those that nobody assigns, the boxes of others. */
  #wrap(native: Node): void {
    const { source, variables, names } = this.#parts;
    const captured = variables.scopes.bindings.filter(
      (binding) =>
        binding.owner !== null &&
        !inside(binding.owner, native) &&
        binding.references.some(({ node }) => inside(node, native)),
    );
    if (captured.length === 0) return;
    const list = captured.map((binding) => names.of(binding)).join(', ');
    source.edit(native.start, native.start, `((${list}) => (`);
    source.edit(native.end, native.end, `))(${list})`);
  }
}

export function keyText(key: Node): string {
  return key.type === 'Identifier' ? keyName(key) : JSON.stringify(keyName(key));
}

/** What generated names begin with: the function's own name, as far as it is an identifier. */
export function baseOf({ name }: Method): string {
  const plain = name.replaceAll(/[^\p{ID_Continue}$]/gu, '');
  return /^[\p{ID_Start}$_]/u.test(plain) ? plain : `f${plain}`;
}
