import type { Method } from './functions.ts';
import { parametersOf } from './parameters.ts';
import type { Scopes } from './scopes.ts';
import { child, flag, isFunction, type Node, nodes, optional, text, unwrap, walk } from './syntax.ts';
import { functionOf } from './variables.ts';

/**
 * Calls of asynchronous methods whose result is awaited at once, so that nobody ever holds the promise. The callee is told by
 * one more argument than it declares, and hands back what a promise would stand for.
 */
export class AwaitedCalls {
  readonly #scopes: Scopes;
  readonly #byNode: ReadonlyMap<Node, Method>;
  readonly #taking = new Map<Method, boolean>();

  constructor(scopes: Scopes, methods: readonly Method[]) {
    this.#scopes = scopes;
    this.#byNode = new Map(methods.map((method) => [method.node, method]));
  }

  /** Whether a method has that parameter: not where its own code could see that there is one more. */
  takesDepth(method: Method): boolean {
    let takes = this.#taking.get(method);
    if (takes === undefined) {
      takes = method.kind === 'async' && method.node.type !== 'Program' && !seesArguments(method.node);
      this.#taking.set(method, takes);
    }
    return takes;
  }

  /** How many parameters the one method declares that a call surely calls; null where that is not sure, or it takes no more. */
  parametersOf(call: Node): number | null {
    if (call.type !== 'CallExpression' || flag(call, 'optional')) return null;
    const callee = unwrap(child(call, 'callee'));
    const method = callee.type === 'MemberExpression' ? this.#private(callee) : this.#named(callee);
    if (method === null || !this.takesDepth(method)) return null;
    const given = nodes(call, 'arguments');
    const { length } = parametersOf(method.node);
    return given.length > length || given.some(({ type }) => type === 'SpreadElement') ? null : length;
  }

  /** The method that a variable holds for as long as it holds anything. */
  #named(callee: Node): Method | null {
    const binding = callee.type === 'Identifier' ? this.#scopes.byNode.get(callee) : undefined;
    const always = binding === undefined ? null : functionOf(binding);
    return always === null ? null : (this.#byNode.get(always) ?? null);
  }

  /** The one behind a private name, which no class can have another one for. */
  #private(callee: Node): Method | null {
    const property = child(callee, 'property');
    const home = this.#scopes.privates.get(property);
    if (property.type !== 'PrivateIdentifier' || home === undefined) return null;
    const member = nodes(child(home, 'body'), 'body').find((candidate) => {
      const key = optional(candidate, 'key');
      return key?.type === 'PrivateIdentifier' && text(key, 'name') === text(property, 'name');
    });
    if (member?.type !== 'MethodDefinition' || member['kind'] !== 'method') return null;
    return this.#byNode.get(child(member, 'value')) ?? null;
  }
}

function seesArguments(node: Node): boolean {
  let sees = nodes(node, 'params').some(({ type }) => type === 'RestElement');
  walk(node, (below) => {
    if (below !== node && isFunction(below) && below.type !== 'ArrowFunctionExpression') return false;
    if (below.type === 'Identifier' && below['name'] === 'arguments') sees = true;
    return !sees;
  });
  return sees;
}
