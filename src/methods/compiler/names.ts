import type { Classes } from './classes.ts';
import { callees, type Callees } from './callees.ts';
import { type Method, type OuterKind, type OuterUse, type OuterValue } from './functions.ts';
import type { Binding, Reference, Scopes } from './scopes.ts';
import { selfMark, type SourceText } from './source-text.ts';
import { child, isFunction, type Node, nodes, walk } from './syntax.ts';
import { inside, type Variables } from './variables.ts';

interface NamingParts {
  readonly program: Node;
  readonly source: SourceText;
  readonly variables: Variables;
  readonly methods: readonly Method[];
  readonly outer: readonly OuterUse[];
  readonly classes: Classes;
  readonly gate: string;
  /** A name that nothing in the module has. */
  readonly fresh: (base: string) => string;
}

/**
 * Gives every variable of the methods a name that is unique within the function that owns it, where its blocks do not
 * count any more, and within the functions that capture it; and writes the edits that spell it so.
 */
export class Names {
  readonly #parts: NamingParts;
  readonly #names = new Map<Binding, string>();
  readonly #outer = new Map<string, string>();
  readonly #callees: Callees;
  readonly #foreign: ReadonlyMap<Method, Foreign>;

  constructor(parts: NamingParts) {
    this.#parts = parts;
    this.#foreign = foreignNames(parts.methods, parts.variables.scopes);
    this.#callees = callees(parts.program);
    for (const method of parts.methods) this.#nameVariables(method);
    for (const use of parts.outer) this.#spellOuter(use);
  }

  of(binding: Binding): string {
    return this.#names.get(binding) ?? binding.name;
  }

  /** How the variable is read and assigned. */
  spelling(binding: Binding): string {
    return this.#parts.variables.isBoxed(binding) ? `${this.of(binding)}.v` : this.of(binding);
  }

  /** The variable that holds a function's `this`, `arguments` or `new.target` where it cannot be said directly. */
  ofOuter({ kind, of }: OuterValue): string {
    const key = `${kind}:${of.index}`;
    const known = this.#outer.get(key);
    if (known !== undefined) return known;
    const bases: Readonly<Record<OuterKind, string>> = {
      this: '$this',
      arguments: '$args',
      'new.target': '$new',
      home: '$home',
    };
    const name = this.#parts.fresh(bases[kind]);
    this.#outer.set(key, name);
    return name;
  }

  /** What holds `this` in the constructor of a class that extends another. */
  ofMade(constructor: Method): string {
    const { classes, fresh } = this.#parts;
    if (!classes.isThisBoxed(constructor)) return this.ofOuter({ kind: 'this', of: constructor });
    const key = `made:${constructor.index}`;
    const name = this.#outer.get(key) ?? fresh('$this');
    this.#outer.set(key, name);
    return name;
  }

  #nameVariables(method: Method): void {
    const { variables, fresh } = this.#parts;
    const own = variables.ownedBy(method.node);
    if (own.length === 0) return;
    const { globals = [], bindings = [] } = this.#foreign.get(method) ?? {};
    const taken = new Set(globals);
    for (const binding of bindings) taken.add(this.of(binding));
    for (const binding of own) {
      let { name } = binding;
      if (variables.isBoxed(binding)) name = fresh(`${name}$b`);
      else if (taken.has(name)) name = fresh(`${name}$`);
      taken.add(name);
      this.#names.set(binding, name);
      for (const reference of binding.references) this.#spell(binding, reference);
    }
  }

  /** How the variable is spelled at one of its uses. */
  spelledAt(binding: Binding, reference: Reference): string {
    const { variables, gate } = this.#parts;
    const place = this.spelling(binding);
    const name = JSON.stringify(binding.name);
    if (isBeforeParameter(binding, reference)) return `${gate}.live({ v: ${gate}.unset }, ${name}).v`;
    if (!variables.isChecked(binding, reference)) return place;
    if (reference.role === 'read') return `${gate}.let(${place}, ${name})`;
    // What is assigned has to stay a place; one that nobody shares is only assigned where it has been initialised.
    return variables.isBoxed(binding) ? `${gate}.live(${this.of(binding)}, ${name}).v` : place;
  }

  #spell(binding: Binding, reference: Reference): void {
    const { node, shorthand } = reference;
    const { source, gate } = this.#parts;
    const plain = this.spelledAt(binding, reference);
    const { called, roots } = this.#callees;
    const isCalled = called.has(node);
    let spelling = plain;
    // V8 names it by what stands behind the comma.
    if (plain.startsWith(`${gate}.let(`) && (isCalled || roots.has(node)))
      spelling = `(${plain}, ${this.spelling(binding)})`;
    else if (plain !== this.of(binding)) spelling = calleeSafe(plain, isCalled);
    if (spelling === binding.name) return;
    const end = node.start + binding.name.length;
    source.edit(node.start, end, shorthand ? `${binding.name}: ${spelling}` : spelling);
  }

  #spellOuter(use: OuterUse): void {
    const { source, classes, gate } = this.#parts;
    const { node, value, isCaptured, isSpelled } = use;
    if (!isSpelled) return;
    const name = this.ofOuter(value);
    if (value.kind === 'home') return this.#spellSuper(use);
    const isBoxed = value.kind === 'this' && isCaptured && classes.isThisBoxed(value.of);
    const spelling = isBoxed ? `${gate}.own(${name}.v)` : name;
    source.edit(node.start, node.end, value.kind === 'this' && !isCaptured ? selfMark : spelling);
  }

  /** `super` in a method of an object literal: what reads and writes as it would. */
  #spellSuper({ node, value, within }: OuterUse): void {
    const { source, gate } = this.#parts;
    const self = within.length > 1 ? this.ofOuter({ kind: 'this', of: value.of }) : selfMark;
    source.edit(node.start, node.end, `${gate}.super(${this.ofOuter(value)}.v, ${self})`);
  }
}

/** What the names inside a method mean that come from outside of it. */
interface Foreign {
  readonly globals: Set<string>;
  readonly bindings: Set<Binding>;
}

function foreignNames(methods: readonly Method[], scopes: Scopes): ReadonlyMap<Method, Foreign> {
  const found = new Map<Method, Foreign>(
    methods.map((method) => [method, { globals: new Set(), bindings: new Set() }]),
  );
  const sorted = methods.toSorted((a, b) => a.node.start - b.node.start);
  const innermostAt = (offset: number): Method | null => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as Method).node.start <= offset) low = middle + 1;
      else high = middle;
    }
    let method = sorted[low - 1] ?? null;
    while (method !== null && method.node.end <= offset) method = method.parent;
    return method;
  };
  for (const [{ start }, name] of scopes.globals) {
    for (let at = innermostAt(start); at !== null; at = at.parent) found.get(at)?.globals.add(name);
  }
  for (const binding of scopes.bindings) {
    for (const { node } of binding.references) {
      for (let at = innermostAt(node.start); at !== null; at = at.parent) {
        if (binding.owner !== null && inside(binding.owner, at.node)) break;
        found.get(at)?.bindings.add(binding);
      }
    }
  }
  return found;
}

/** Whether a parameter's default uses the parameter itself, or a later one: always an error. */
function isBeforeParameter(binding: Binding, { node, role, within }: Reference): boolean {
  const { kind, owner, declaration } = binding;
  if (kind !== 'parameter' || role === 'declares' || owner === null || within !== owner) return false;
  if (node.start < declaration.start) return true;
  const own = nodes(owner, 'params').find(
    (parameter) => parameter.type === 'AssignmentPattern' && child(parameter, 'left') === declaration,
  );
  return own !== undefined && inside(node, child(own, 'right'));
}

/** `(0, box.v)(…)`: the box is not the object of the call. */
function calleeSafe(spelling: string, isCallee: boolean): string {
  return isCallee ? `(0, ${spelling})` : spelling;
}

/** The functions directly inside a method that stay native. */
export function nativesOf(method: Node, isMethod: (node: Node) => boolean): readonly Node[] {
  const found: Node[] = [];
  walk(method, (node) => {
    if (node === method) return true;
    if (isMethod(node)) return false;
    if (!isFunction(node)) return true;
    found.push(node);
    return false;
  });
  return found;
}
