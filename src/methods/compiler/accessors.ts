import type { Calls } from './calls.ts';
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
  type Node,
  nodes,
  propertyName,
  unwrap,
  walk,
} from './syntax.ts';

interface AccessorsParts {
  readonly methods: readonly Method[];
  readonly calls: Calls;
  readonly scopes: Scopes;
  readonly isDense: boolean;
  /** Names of accessors in other modules of the program. */
  readonly others: ReadonlySet<string>;
}

/**
 * Which uses of properties may call an accessor of movable code that may be captured. Syntax shows no more than a name:
 * it counts if an accessor of that name can reach a safe point, in this module or in another one of a whole program. Any
 * other accessor runs in one piece.
 */
export class Accessors {
  readonly #parts: AccessorsParts;
  readonly #read = new Set<string>();
  readonly #written = new Set<string>();

  constructor(parts: AccessorsParts) {
    this.#parts = parts;
    for (const name of parts.others) {
      this.#read.add(name);
      this.#written.add(name);
    }
    let waiting = parts.methods.flatMap((method) => {
      const [, kind, name = ''] = /^(?:static )?(get|set) (.+)$/s.exec(method.name) ?? [];
      return kind === undefined ? [] : [{ method, name, names: kind === 'get' ? this.#read : this.#written }];
    });
    // One that uses another may be captured where that one may.
    for (let found = true; found;) {
      found = false;
      waiting = waiting.filter(({ method, name, names }) => {
        if (!this.#reaches(method.node)) return true;
        names.add(name);
        found = true;
        return false;
      });
    }
  }

  /** Whether reading a member may be captured. */
  isRead(member: Node): boolean {
    return this.#names(member, this.#read);
  }

  /** Whether assigning a member may be captured. */
  isWritten(member: Node): boolean {
    return this.#names(member, this.#written);
  }

  /** Whether taking a property of a pattern may be captured. */
  isTaken(property: Node): boolean {
    if (this.#read.size === 0 || property.type !== 'Property' || flag(property, 'computed')) return false;
    return this.#read.has(keyName(child(property, 'key')));
  }

  /** Whether a node below may be captured by itself: its children are looked at apart. */
  isSite(node: Node): boolean {
    if (node.type === 'MemberExpression') return this.isRead(node) || this.isWritten(node);
    return node.type === 'ObjectPattern' && nodes(node, 'properties').some((entry) => this.isTaken(entry));
  }

  #names(member: Node, names: ReadonlySet<string>): boolean {
    if (names.size === 0) return false;
    const object = unwrap(child(member, 'object'));
    if (object.type === 'MetaProperty' || this.#parts.scopes.globals.has(object)) return false;
    const name = propertyName(member);
    return name !== null && names.has(name);
  }

  #reaches(accessor: Node): boolean {
    const { calls, isDense } = this.#parts;
    if (isDense) return true;
    let found = false;
    walk(accessor, (node) => {
      if (found || (node !== accessor && (isFunction(node) || isClass(node)))) return false;
      if (isCall(node)) found = calls.isSite(node);
      else if (node.type === 'SpreadElement' || node.type === 'ArrayPattern') found = true;
      else found = isLoop(node) || this.isSite(node);
      return !found;
    });
    return found;
  }
}
