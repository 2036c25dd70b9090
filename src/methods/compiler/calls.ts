import { type Method, standsInClass } from './functions.ts';
import { callbackMethods, intrinsicMethods, promiseMethods } from './intrinsic-names.ts';
import { InertMethods } from './inert-methods.ts';
import type { Binding, Scopes } from './scopes.ts';
import {
  child,
  flag,
  isClass,
  isFunction,
  isSuperCall,
  memberName,
  type Node,
  nodes,
  optional,
  propertyName,
  text,
  unwrap,
  walk,
} from './syntax.ts';
import { classNode, isNative, Beliefs } from './beliefs.ts';
import { functionOf, type Variables } from './variables.ts';

/** Of the gate's functions, the one that finds what a call of a method of that name really calls. */
export type Substitution = 'callback' | 'member' | 'bind';

/** Which calls of a module are safe points, and which of its methods charge fuel when they are entered. */
export class Calls {
  readonly #scopes: Scopes;
  readonly #byNode = new Map<Node, Method>();
  readonly #byName = new Map<string, Method[]>();
  readonly #callees = new Map<Method, Set<Method>>();
  readonly #unknown = new Set<Method>();
  readonly #cyclic = new Set<Method>();
  readonly #objectSpreads = new Set<Node>();
  readonly #fieldSupers = new Set<Node>();
  readonly #isDense: boolean;
  readonly #types: Beliefs;
  readonly #inert: InertMethods;
  readonly #sites = new Map<Node, boolean>();

  constructor(program: Node, variables: Variables, methods: readonly Method[], isDense: boolean) {
    this.#scopes = variables.scopes;
    this.#isDense = isDense;
    this.#findSupers(program);
    for (const method of methods) {
      this.#byNode.set(method.node, method);
      const name = method.name.replace(/^static /, '');
      const named = this.#byName.get(name);
      if (named === undefined) this.#byName.set(name, [method]);
      else named.push(method);
    }
    this.#types = new Beliefs(program, this.#scopes, (unit) => this.#classAround(unit));
    this.#inert = new InertMethods({
      program,
      variables,
      types: this.#types,
      methodOf: (node) => this.methodOf(node),
      isSite: (call) => this.isSite(call),
      isWalkedSpread: (spread) => this.isWalkedSpread(spread),
      accessorsOf: (member) => this.#accessorsOf(member),
    });
    for (const method of methods) this.#scan(method);
    for (const method of methods) if (this.#reaches(method, method)) this.#cyclic.add(method);
  }

  /**
   * Classes that put fields on what their parents make: a capture inside `super(…)` would have to put them there in another
   * way, which costs the class its optimised code for ever; so production code waits until it is over.
   */
  #findSupers(program: Node): void {
    walk(program, (node) => {
      if (node.type !== 'ClassBody') return;
      const members = nodes(node, 'body');
      const hasFields = members.some((member) => {
        const isField = member.type === 'PropertyDefinition' || member.type === 'AccessorProperty';
        return !flag(member, 'static') && (isField || child(member, 'key')?.type === 'PrivateIdentifier');
      });
      const constructor = members.find((member) => member['kind'] === 'constructor');
      if (!hasFields || constructor === undefined) return;
      walk(child(constructor, 'value'), (below) => {
        if (below.type === 'ClassBody') return false;
        if (isSuperCall(below)) this.#fieldSupers.add(below);
        return true;
      });
    });
  }

  isMethod(node: Node): boolean {
    return isFunction(node) && this.#byNode.has(node);
  }

  methodOf(node: Node): Method | null {
    return this.#byNode.get(node) ?? null;
  }

  /** Whether the method charges fuel when it is entered: it may be part of an endless recursion. */
  ticksOnEntry(method: Method): boolean {
    return this.#cyclic.has(method) || this.#unknown.has(method);
  }

  /** Whether a call may reach a safe point inside, so that its caller must be able to stand there too. */
  isSite(call: Node): boolean {
    const known = this.#sites.get(call);
    if (known !== undefined) return known;
    const isSite = this.#mayBeSite(call) && (this.#isDense || this.#inert.ofCall(call) === null);
    this.#sites.set(call, isSite);
    return isSite;
  }

  /** How much work a call that is no site may be, in steps of a loop. */
  weightOf(call: Node): number {
    return this.#isDense ? 0 : (this.#inert.ofCall(call) ?? 0);
  }

  #mayBeSite(call: Node): boolean {
    if (call.type === 'TaggedTemplateExpression') return true;
    const callee = unwrap(child(call, 'callee'));
    // The executor of a promise is called as any function is.
    if (call.type === 'NewExpression' && this.#scopes.globals.get(callee) === 'Promise') return true;
    if (callee.type === 'Super') return this.#isDense || !this.#fieldSupers.has(call);
    if (callee.type === 'Identifier') return !this.#isOutside(callee);
    if (callee.type !== 'MemberExpression' || call.type === 'NewExpression') return true;
    const object = unwrap(child(callee, 'object'));
    if (object.type === 'Super') return true;
    if (this.substitution(call) !== null) return true;
    if (object.type === 'MetaProperty' || object.type === 'ImportExpression') return false;
    const name = memberName(callee);
    if (object.type === 'Identifier' && this.#isOutside(object)) return false;
    return !(name !== null && intrinsicMethods.has(name) && this.#isPlainlyNative(object));
  }

  /** How the function that a member call calls is found, where the language's own cannot move. */
  substitution(call: Node): Substitution | null {
    if (call.type !== 'CallExpression') return null;
    const callee = unwrap(child(call, 'callee'));
    if (callee.type !== 'MemberExpression') return null;
    const object = unwrap(child(callee, 'object'));
    const name = memberName(callee);
    if (name === null || object.type === 'Super') return null;
    if (promiseMethods.has(name)) return 'member';
    if (name === 'bind') return 'bind';
    const isCallback = callbackMethods.has(name) && this.#mayPassFunction(call, name);
    if (!isCallback) return null;
    if (this.#scopes.globals.get(object) === 'Array' && name === 'from') return 'callback';
    return object.type === 'Identifier' && this.#isOutside(object) ? null : 'callback';
  }

  /** Whether walking a value may call movable code: an iterator that a program wrote. */
  isWalked(value: Node): boolean {
    return !this.#isPlainlyNative(unwrap(value));
  }

  isObjectSpread(spread: Node): boolean {
    return this.#objectSpreads.has(spread);
  }

  isApi(call: Node, name: string): boolean {
    return isApiCall(call, name, this.#scopes);
  }

  /** A replacement that is written as a string or regular expression is no function. */
  #mayPassFunction(call: Node, name: string): boolean {
    const given = nodes(call, 'arguments');
    const at = name === 'replace' || name === 'replaceAll' || name === 'from' ? 1 : 0;
    const argument = given[at];
    if (argument === undefined) return given.some(({ type }) => type === 'SpreadElement');
    const { type } = unwrap(argument);
    if (type === 'Literal' || type === 'TemplateLiteral') return false;
    return this.#isDense || !isNative(this.#types.of(argument), 'String');
  }

  /** A global, or something of a package: what it calls runs in one piece. */
  #isOutside(name: Node): boolean {
    const binding = this.#scopes.byNode.get(name);
    if (binding === undefined) return true;
    return binding.kind === 'import' && !isRelativeImport(binding);
  }

  /** Whether a spread walks an iterator, which may be anybody's; one in an object literal copies properties. */
  isWalkedSpread(spread: Node): boolean {
    return !this.#objectSpreads.has(spread) && this.isWalked(child(spread, 'argument'));
  }

  /** The class in whose text a function or field stands. */
  #classAround(unit: Node): Node | null {
    const method = this.#byNode.get(unit);
    if (method === undefined || method.parent === null) return null;
    const stands = standsInClass(method) || method.form === 'initialiser';
    return stands && !method.isStatic ? method.parent.node : null;
  }

  #isPlainlyNative(object: Node): boolean {
    if (!this.#isDense && this.#types.of(object)?.kind === 'native') return true;
    if (['Literal', 'TemplateLiteral', 'ArrayExpression'].includes(object.type)) return true;
    if (object.type === 'NewExpression') {
      const callee = unwrap(child(object, 'callee'));
      return callee.type === 'Identifier' && this.#scopes.globals.has(callee);
    }
    if (object.type !== 'Identifier') return false;
    const binding = this.#scopes.byNode.get(object);
    if (binding?.kind !== 'const' || binding.source.type !== 'VariableDeclarator') return false;
    const init = optional(binding.source, 'init');
    if (child(binding.source, 'id') !== binding.declaration || init === null) return false;
    const value = unwrap(init);
    return value.type !== 'Identifier' && this.#isPlainlyNative(value);
  }

  #scan(method: Method): void {
    const callees = new Set<Method>();
    this.#callees.set(method, callees);
    walk(method.node, (node) => {
      if (node !== method.node && isFunction(node)) {
        // Whatever is made here may be called by what it is handed to.
        const inner = this.#byNode.get(node);
        if (inner !== undefined) callees.add(inner);
        return false;
      }
      if (node !== method.node && isClass(node)) {
        this.#class(node, callees);
        return true;
      }
      if (node.type === 'MemberExpression') this.#accessors(node, callees);
      if (node.type === 'ObjectExpression') {
        for (const property of nodes(node, 'properties'))
          if (property.type === 'SpreadElement') this.#objectSpreads.add(property);
      }
      if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return true;
      const targets = this.#targets(node, method);
      if (targets === 'unknown') this.#unknown.add(method);
      else for (const target of targets) callees.add(target);
      return true;
    });
  }

  /** Whoever evaluates a class may construct it, and runs its static parts. */
  #class(node: Node, callees: Set<Method>): void {
    for (const member of nodes(child(node, 'body'), 'body')) {
      const method = this.#byNode.get(optional(member, 'value') ?? member);
      if (method !== undefined) callees.add(method);
    }
  }

  #accessors(member: Node, callees: Set<Method>): void {
    for (const accessor of this.#accessorsOf(member)) callees.add(accessor);
  }

  #accessorsOf(member: Node): readonly Method[] {
    const name = propertyName(member);
    if (name === null) return [];
    return ['get', 'set'].flatMap((kind) => this.#byName.get(`${kind} ${name}`) ?? []);
  }

  #reaches(from: Method, to: Method): boolean {
    const seen = new Set<Method>();
    const open = [from];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const callee of this.#callees.get(next) ?? []) {
        if (callee === to) return true;
        if (!seen.has(callee)) open.push(callee);
        seen.add(callee);
      }
    }
    return false;
  }

  #targets(call: Node, method: Method): readonly Method[] | 'unknown' {
    const callee = unwrap(child(call, 'callee'));
    const literal = this.#byNode.get(callee);
    if (literal !== undefined) return [literal];
    if (callee.type === 'Identifier') return this.#named(callee);
    if (callee.type === 'Super') return this.#parents(method);
    if (callee.type !== 'MemberExpression') return 'unknown';
    const object = unwrap(child(callee, 'object'));
    if (object.type === 'MetaProperty') return [];
    const name = propertyName(callee);
    if (name === null) return 'unknown';
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (intrinsicMethods.has(name) || promiseMethods.has(name)) return [];
    return object.type === 'Identifier' && this.#isOutside(object) ? [] : 'unknown';
  }

  /** What `new` of a class runs, where all of it is known. */
  #constructors(node: Node): readonly Method[] | 'unknown' {
    const members = nodes(child(node, 'body'), 'body');
    const runs = members.some(
      (member) => member.type === 'PropertyDefinition' && !isSimple(optional(member, 'value')),
    );
    if (runs) return 'unknown';
    const own = members.find((member) => member['kind'] === 'constructor');
    const method = own === undefined ? undefined : this.#byNode.get(child(own, 'value'));
    if (method !== undefined) return [method];
    return this.#inherited(node);
  }

  /** What `super(…)` runs in a constructor. */
  #parents(method: Method): readonly Method[] | 'unknown' {
    return method.form === 'derived' && method.parent !== null
      ? this.#inherited(method.parent.node)
      : 'unknown';
  }

  /** The constructors that a class has from what it extends. */
  #inherited(node: Node): readonly Method[] | 'unknown' {
    const superclass = optional(node, 'superClass');
    if (superclass === null) return [];
    const binding = superclass.type === 'Identifier' ? this.#scopes.byNode.get(superclass) : undefined;
    const parent = binding === undefined ? null : classNode(binding);
    return parent === null || parent === node ? 'unknown' : this.#constructors(parent);
  }

  #named(callee: Node): readonly Method[] | 'unknown' {
    if (this.#isOutside(callee)) return [];
    const binding = this.#scopes.byNode.get(callee) as Binding;
    const made = classNode(binding);
    if (made !== null) return this.#constructors(made);
    const self = functionOf(binding);
    const method = self === null ? undefined : this.#byNode.get(self);
    return method === undefined ? 'unknown' : [method];
  }
}

/** Whether evaluating it calls nothing. */
function isSimple(value: Node | null): boolean {
  if (value === null) return true;
  const { type } = unwrap(value);
  if (type === 'ArrayExpression') return nodes(unwrap(value), 'elements').every(isSimple);
  return [
    'Literal',
    'Identifier',
    'ThisExpression',
    'ArrowFunctionExpression',
    'FunctionExpression',
  ].includes(type);
}

export function importSource(binding: Binding): string {
  return String((child(binding.source, 'source') as Node)['value']);
}

export function isRelativeImport(binding: Binding): boolean {
  return binding.kind === 'import' && /^\.{0,2}\//.test(importSource(binding));
}

/** Whether the node is a direct call of the named function of godwit's API. */
export function isApiCall(call: Node, name: string, scopes: Scopes): boolean {
  if (call.type !== 'CallExpression') return false;
  const callee = unwrap(child(call, 'callee'));
  if (callee.type !== 'Identifier') return false;
  const binding = scopes.byNode.get(callee);
  return binding !== undefined && isApiImport(binding) && importedName(binding) === name;
}

export function isApiImport(binding: Binding): boolean {
  return binding.kind === 'import' && importSource(binding) === 'godwit';
}

function importedName(binding: Binding): string | null {
  for (const specifier of nodes(binding.source, 'specifiers')) {
    if (child(specifier, 'local') !== binding.declaration || specifier.type !== 'ImportSpecifier') continue;
    const imported = child(specifier, 'imported');
    return imported.type === 'Identifier' ? text(imported, 'name') : String(imported['value']);
  }
  return null;
}
