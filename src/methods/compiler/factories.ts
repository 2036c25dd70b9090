import type { Classes, Place } from './classes.ts';
import { isLowered, type Method, standsInClass } from './functions.ts';
import { nativesOf, type Names } from './names.ts';
import { selfMark, type SourceText } from './source-text.ts';
import { child, flag, isClass, isFunction, keyName, type Node, nodes, optional, walk } from './syntax.ts';
import { inside, type Variables } from './variables.ts';

interface FunctionsParts {
  readonly source: SourceText;
  readonly variables: Variables;
  readonly names: Names;
  readonly classes: Classes;
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
      const isMade = (isLowered(method) || method.form === 'class') && !standsInClass(method);
      if (method.parent !== null && isMade) this.#factories.set(method, parts.fresh(`${baseOf(method)}$k`));
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
    const spelled = outer.map((value) => {
      if (value.of !== method.parent) return names.ofOuter(value);
      const isBoxed = this.#parts.classes.isThisBoxed(value.of);
      if (value.kind === 'this' && !isBoxed) return selfMark;
      return value.of.form === 'initialiser' ? 'undefined' : names.ofOuter(value);
    });
    const values = [...bindings.map((binding) => names.of(binding)), ...spelled];
    const factory = this.#factories.get(method) ?? '';
    const place = this.#parts.classes.placeOf(method);
    if (place === null) return `${factory}(${values.join(', ')})`;
    if (place.superOf === null) return `${codeOf(place)}.${factory}(${values.join(', ')})`;
    const self = spelled[outer.findIndex(({ kind }) => kind === 'this')] ?? selfMark;
    return `${codeOf(place)}.${factory}.call(${[self, ...values].join(', ')})`;
  }

  /** The call that makes a class, out of what it extends and its keys where it has any. */
  classCreation(node: Node, superclass: string | null, keys: readonly string[]): string {
    const { gate, classes } = this.#parts;
    const method = this.#byNode.get(node) as Method;
    const isChecked = superclass !== null && classes.factsOf(method).keys.length > 0;
    const parts = [
      ...(superclass === null ? [] : [isChecked ? `${gate}.heritage(${superclass})` : superclass]),
      ...keys.map((key) => `${gate}.key(${key})`),
    ];
    const made = this.creation(node);
    if (parts.length === 0) return made;
    return `${made.slice(0, -1)}${made.endsWith('()') ? '' : ', '}${parts.join(', ')})`;
  }

  #edit(method: Method): void {
    const { source } = this.#parts;
    if (method.form === 'class') this.#class(method);
    else if (this.#factories.has(method) && method.node.type !== 'FunctionDeclaration') {
      source.edit(method.node.start, method.node.end, this.creation(method.node));
    }
    walk(method.node, (node) => {
      if (node !== method.node && this.#byNode.has(node)) return false;
      if (node.type === 'ObjectExpression') this.#literal(node);
      return true;
    });
    for (const native of nativesOf(method.node, (node) => this.#byNode.has(node))) this.#wrap(native);
  }

  /** What stands around an object literal whose methods say `super`: each has a box of its own, with the object in it. */
  homeOf(object: Node): { readonly before: string; readonly after: string } | null {
    const { variables, names, gate } = this.#parts;
    const boxes = nodes(object, 'properties').flatMap((property) => {
      const method = property.type === 'Property' ? this.#byNode.get(child(property, 'value')) : undefined;
      const home =
        method === undefined
          ? undefined
          : variables.capturesOf(method).outer.find(({ kind }) => kind === 'home');
      return home === undefined || home.of !== method ? [] : [names.ofOuter(home)];
    });
    if (boxes.length === 0) return null;
    const list = boxes.join(', ');
    const made = boxes.map(() => '{ v: undefined }').join(', ');
    return { before: `((${list}) => ${gate}.homed(`, after: `, [${list}]))(${made})` };
  }

  /** What a class extends and its keys stay where they are, as arguments of its factory. */
  #class(method: Method): void {
    if (method.parent === null) return;
    const { source, classes } = this.#parts;
    const { node } = method;
    const { superclass, keys } = classes.factsOf(method);
    const parts = superclass === null ? keys : [superclass, ...keys];
    const mark = '\uFDDF';
    const texts = this.classCreation(
      node,
      superclass === null ? null : mark,
      keys.map(() => mark),
    ).split(mark);
    let at = node.start;
    texts.forEach((text, index) => {
      const next = parts[index];
      source.edit(at, next?.start ?? node.end, text);
      at = next?.end ?? node.end;
    });
  }

  /** Members of an object literal that are functions: its own syntax for them would make them in place. */
  #literal(object: Node): void {
    const { source, gate } = this.#parts;
    const accessors: string[] = [];
    for (const property of nodes(object, 'properties')) {
      if (property.type === 'SpreadElement') continue;
      const value = child(property, 'value');
      const key = child(property, 'key');
      if (isUnnamedClass(value) && flag(property, 'computed') && this.#byNode.has(value)) {
        source.edit(property.start, key.start, `...${gate}.keyed(`);
        source.edit(key.end, value.start, ', ');
        source.edit(value.end, property.end, ')');
      }
      if (!this.#byNode.has(value) || !isFunction(value)) continue;
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
    const home = this.homeOf(object);
    if (home !== null) source.edit(object.start, object.start, home.before);
    if (accessors.length > 0) {
      source.edit(object.start, object.start, `${gate}.accessors(`);
      source.edit(object.end, object.end, `, [${accessors.join(', ')}])`);
    }
    if (home !== null) source.edit(object.end, object.end, home.after);
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

/** A class that gets its name from where it stands. */
export function isUnnamedClass(node: Node): boolean {
  return isClass(node) && optional(node, 'id') === null;
}

/** The object that holds what must stand inside a class. */
export function codeOf({ of, superOf }: Place): string {
  return superOf === 'static' ? of.staticCode : of.instanceCode;
}

export function keyText(key: Node): string {
  return key.type === 'Identifier' ? keyName(key) : JSON.stringify(keyName(key));
}

/** What generated names begin with: the function's own name, as far as it is an identifier. */
export function baseOf({ name }: Method): string {
  const plain = name.replaceAll(/[^\p{ID_Continue}$]/gu, '');
  return /^[\p{ID_Start}$_]/u.test(plain) ? plain : `f${plain}`;
}
