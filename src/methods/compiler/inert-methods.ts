import { constantTrips, stripTrips } from './counted-loops.ts';
import type { Method } from './functions.ts';
import type { Scopes } from './scopes.ts';
import {
  child,
  flag,
  isCall,
  isClass,
  isFunction,
  isLoop,
  keyName,
  memberName,
  type Node,
  nodes,
  optional,
  someInside,
  unwrap,
  walk,
} from './syntax.ts';
import { classNode, type Beliefs } from './beliefs.ts';
import { functionOf, type Variables } from './variables.ts';

interface Parts {
  readonly program: Node;
  readonly variables: Variables;
  readonly types: Beliefs;
  methodOf(node: Node): Method | null;
  isSite(call: Node): boolean;
  isWalkedSpread(spread: Node): boolean;
  /** The accessors of the module that a member may be. */
  accessorsOf(member: Node): readonly Method[];
}

/**
 * Methods that reach no safe point and end soon. A call of one is no safe point either: it stays where it was written. Which
 * method a call means is known for functions and classes that nobody assigns and for private methods, and is believed
 * of methods of classes that the module keeps to itself.
 */
export class InertMethods {
  readonly #parts: Parts;
  readonly #scopes: Scopes;
  readonly #weights = new Map<Method, number | null>();
  readonly #classes: readonly Node[];
  /** Names that are values, not types; and those of classes that are only constructed, extended, asked, or looked into. */
  readonly #values = new Set<Node>();
  readonly #kept = new Set<Node>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#scopes = parts.variables.scopes;
    const classes: Node[] = [];
    walk(parts.program, (node) => {
      if (isClass(node)) classes.push(node);
      if (node.type === 'Identifier') this.#values.add(node);
      const user = userOf(node);
      if (user !== null) this.#kept.add(unwrap(user));
    });
    this.#classes = classes;
  }

  /** How much work a call may be, in steps of a loop; null where it may be a safe point. */
  ofCall(call: Node): number | null {
    const targets = this.#targets(call);
    if (targets === null) return null;
    let most = 0;
    for (const target of targets) {
      const weight = this.#of(target);
      if (weight === null) return null;
      most = Math.max(most, weight);
    }
    return most;
  }

  #of(method: Method): number | null {
    const known = this.#weights.get(method);
    if (known !== undefined) return known;
    // Whoever calls itself is not inert.
    this.#weights.set(method, null);
    const weight = method.kind === 'plain' ? this.#cost(method.node) : null;
    const bounded = weight !== null && weight <= stripTrips ? weight : null;
    this.#weights.set(method, bounded);
    return bounded;
  }

  /** What a function's body, or a value, may cost; null where there may be a safe point in it. */
  #cost(whole: Node): number | null {
    let cost: number | null = 1;
    const add = (more: number | null): void => {
      cost = cost === null || more === null ? null : cost + more;
    };
    walk(whole, (node) => {
      if (cost === null) return false;
      if (node !== whole && isFunction(node)) return false;
      if (isLoop(node)) {
        const trips = constantTrips(node, this.#parts.variables, (call) => this.ofCall(call) ?? 0);
        add(trips !== null && this.#isPlain(node) ? trips : null);
        return false;
      }
      if (!this.#isFree(node)) cost = null;
      else if (isCall(node)) add(this.ofCall(node) ?? 0);
      return cost !== null;
    });
    return cost;
  }

  #isPlain(loop: Node): boolean {
    return !someInside(loop, (node) => !this.#isFree(node));
  }

  #isFree(node: Node): boolean {
    if (restless.has(node.type) || isClass(node)) return false;
    if (node.type === 'MemberExpression')
      return this.#parts.accessorsOf(node).every((accessor) => this.#of(accessor) !== null);
    if (node.type === 'SpreadElement') return !this.#parts.isWalkedSpread(node);
    if (node.type === 'Property' && flag(node, 'computed') && node['kind'] !== 'init') return false;
    return !isCall(node) || !this.#parts.isSite(node);
  }

  #targets(call: Node): readonly Method[] | null {
    if (call.type === 'TaggedTemplateExpression') return null;
    const callee = unwrap(child(call, 'callee'));
    if (callee.type === 'Super') return this.#parents(call);
    if (call.type === 'NewExpression') {
      const made = callee.type === 'Identifier' ? classNode(this.#scopes.byNode.get(callee)) : null;
      return made === null ? null : this.#constructors(made);
    }
    if (callee.type === 'Identifier') {
      const binding = this.#scopes.byNode.get(callee);
      const named = binding === undefined ? null : functionOf(binding);
      return this.#methods(named === null ? [] : [named]);
    }
    if (callee.type !== 'MemberExpression' || unwrap(child(callee, 'object')).type === 'Super') return null;
    const property = child(callee, 'property');
    if (property.type === 'PrivateIdentifier') {
      const around = this.#scopes.privates.get(property);
      const member = around === undefined ? null : methodIn(around, keyName(property));
      return this.#methods(member === null ? [] : [member]);
    }
    const name = memberName(callee);
    const type = name === null ? null : this.#parts.types.of(child(callee, 'object'));
    return name === null || type?.kind !== 'class' ? null : this.#family(type.node, name);
  }

  #methods(values: readonly Node[]): readonly Method[] | null {
    const found = values.map((node) => this.#parts.methodOf(node));
    return values.length > 0 && found.every((method) => method !== null) ? found : null;
  }

  /** What a method of that name may be in an instance of the class, or of one that extends it. */
  #family(around: Node, name: string): readonly Method[] | null {
    const family = this.#classes.filter((node) => this.#ancestors(node)?.includes(around) ?? false);
    if (family.some((node) => this.#isShown(node))) return null;
    const above = this.#ancestors(around) ?? [];
    const lines = [...new Set([...above, ...family])];
    if (lines.some((node) => hasField(node, name))) return null;
    const own = above.find((node) => methodIn(node, name) !== null);
    if (own === undefined) return null;
    const below = family.flatMap((node) => methodIn(node, name) ?? []);
    return this.#methods([...new Set([methodIn(own, name) as Node, ...below])]);
  }

  /** The class and those that it extends; null where one of them is not known. */
  #ancestors(around: Node): readonly Node[] | null {
    const found: Node[] = [];
    for (let node = around; ;) {
      if (found.includes(node)) return null;
      found.push(node);
      const parent = this.#parentOf(node);
      if (parent === 'none') return found;
      if (parent === 'unknown') return null;
      node = parent;
    }
  }

  #parentOf(around: Node): Node | 'none' | 'unknown' {
    const superclass = optional(around, 'superClass');
    if (superclass === null) return 'none';
    const named = unwrap(superclass);
    return (named.type === 'Identifier' ? classNode(this.#scopes.byNode.get(named)) : null) ?? 'unknown';
  }

  /** Whether somebody may extend it whom the class does not know: it is exported, or handed on as a value. */
  #isShown(around: Node): boolean {
    const names = this.#scopes.bindings.filter(
      (binding) => binding.source === around || classNode(binding) === around,
    );
    if (names.length === 0) return true;
    return names.some(
      ({ exportedAs, references }) =>
        exportedAs.length > 0 ||
        references.some(
          ({ node, role }) => role === 'read' && this.#values.has(node) && !this.#kept.has(node),
        ),
    );
  }

  #parents(call: Node): readonly Method[] | null {
    const around = this.#classes.findLast(({ start, end }) => start <= call.start && call.end <= end);
    const parent = around === undefined ? 'unknown' : this.#parentOf(around);
    return typeof parent === 'string' ? null : this.#constructors(parent);
  }

  /** What `new` runs, if that and the initialisers of fields are all inert; their work counts little. */
  #constructors(around: Node): readonly Method[] | null {
    const members = nodes(child(around, 'body'), 'body');
    for (const member of members) {
      const value = member.type === 'MethodDefinition' ? null : optional(member, 'value');
      if (flag(member, 'static') || value === null) continue;
      if (this.#cost(value) === null) return null;
    }
    const own = members.find((member) => member['kind'] === 'constructor');
    if (own !== undefined) return this.#methods([child(own, 'value')]);
    const parent = this.#parentOf(around);
    if (parent === 'none') return [];
    return parent === 'unknown' ? null : this.#constructors(parent);
  }
}

/** What waits, walks, or runs for as long as it likes. */
const restless = new Set([
  'AwaitExpression',
  'YieldExpression',
  'ArrayPattern',
  'ForOfStatement',
  'ForInStatement',
]);

/** What a node uses as a class without handing it on; null where it does nothing of the kind. */
function userOf(node: Node): Node | null {
  if (isClass(node)) return optional(node, 'superClass');
  if (node.type === 'NewExpression') return child(node, 'callee');
  if (node.type === 'MemberExpression') return child(node, 'object');
  return node.type === 'BinaryExpression' && node['operator'] === 'instanceof' ? child(node, 'right') : null;
}

/** @param name as written, with `#` where it is private */
function methodIn(around: Node, name: string): Node | null {
  for (const member of nodes(child(around, 'body'), 'body')) {
    if (member.type !== 'MethodDefinition' || member['kind'] !== 'method' || flag(member, 'static')) continue;
    if (!flag(member, 'computed') && keyName(child(member, 'key')) === name) return child(member, 'value');
  }
  return null;
}

function hasField(around: Node, name: string): boolean {
  return nodes(child(around, 'body'), 'body').some(
    (member) =>
      (member.type !== 'MethodDefinition' || member['kind'] !== 'method') &&
      member.type !== 'StaticBlock' &&
      (flag(member, 'computed') || keyName(child(member, 'key')) === name),
  );
}
