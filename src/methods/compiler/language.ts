import type { Method } from './calls.ts';
import { type Calls, closureOf } from './calls.ts';
import { inside } from './counted-loops.ts';
import type { Binding, Scopes } from './scopes.ts';
import {
  child,
  flag,
  isFunction,
  memberName,
  type Node,
  nodes,
  optional,
  text,
  unwrap,
  walk,
} from './syntax.ts';

/** Something that cannot be moved, before its offset became a line. */
export interface Finding {
  readonly offset: number;
  readonly what: string;
  readonly instead: string;
}

const timers = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'requestAnimationFrame',
]);
const promiseCombinators = new Set(['all', 'allSettled', 'race', 'any', 'resolve', 'reject']);

/** Finds whatever the methods of a module contain that this version cannot move. */
export function checkMethods(methods: readonly Method[], scopes: Scopes, calls: Calls): readonly Finding[] {
  const check = new LanguageCheck(scopes, calls);
  for (const method of methods) check.method(method);
  return check.findings;
}

class LanguageCheck {
  readonly findings: Finding[] = [];
  readonly #scopes: Scopes;
  readonly #calls: Calls;

  constructor(scopes: Scopes, calls: Calls) {
    this.#scopes = scopes;
    this.#calls = calls;
  }

  method(method: Method): void {
    const { node } = method;
    if (flag(node, 'generator')) {
      const kind = flag(node, 'async') ? 'async generator' : 'generator';
      return this.#find(
        node,
        `the ${kind} '${method.name}'`,
        'a method that returns an array, or sends messages',
      );
    }
    const id = optional(node, 'id');
    if (node.type === 'FunctionDeclaration' && id === null) {
      this.#find(node, 'a function without a name', 'export default function name() { … }');
    }
    if (node.type === 'FunctionExpression' && id !== null && text(id, 'name') !== method.name) {
      this.#find(node, `the second name '${text(id, 'name')}' of a function`, `one name: '${method.name}'`);
    }
    const natives = this.#nativeClosures(node);
    walk(node, (below) => this.#node(below, node, natives));
    for (const binding of this.#scopes.bindings) if (binding.owner === node) this.#variable(binding);
  }

  #find(node: Node, what: string, instead: string): void {
    this.findings.push({ offset: node.start, what, instead });
  }

  /** Functions that are passed to `effect` directly: they run at home, natively, and may be asynchronous. */
  #nativeClosures(method: Node): ReadonlySet<Node> {
    const found = new Set<Node>();
    walk(method, (node) => {
      if (this.#calls.isApi(node, 'effect')) {
        for (const argument of nodes(node, 'arguments'))
          if (isFunction(unwrap(argument))) found.add(unwrap(argument));
      }
    });
    return found;
  }

  #node(node: Node, method: Node, natives: ReadonlySet<Node>): boolean {
    if (natives.has(node)) {
      this.#globalNames(node);
      return false;
    }
    switch (node.type) {
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#find(node, 'a class in a method', 'plain objects and functions at the top level of a module');
        return false;
      case 'ThisExpression':
        this.#find(node, "'this' in a method", 'a parameter that holds the object');
        return true;
      case 'MetaProperty':
        if (text(child(node, 'meta'), 'name') === 'new') this.#find(node, "'new.target'", 'a parameter');
        return true;
      case 'WithStatement':
        this.#find(node, "'with'", 'destructuring');
        return true;
      case 'YieldExpression':
        this.#find(node, "'yield'", 'a method that returns an array');
        return true;
      case 'ForOfStatement':
        if (flag(node, 'await')) this.#find(node, "'for await'", 'a loop over an array, with await inside');
        return true;
      case 'TaggedTemplateExpression':
        this.#find(node, 'a tagged template', 'a call of the function with plain strings');
        return true;
      case 'VariableDeclaration':
        if (node['kind'] === 'using' || node['kind'] === 'await using') {
          this.#find(node, `'${text(node, 'kind')}'`, 'try and finally');
        }
        return true;
      case 'ImportExpression':
        if (unwrap(child(node, 'source')).type !== 'Literal') {
          this.#find(node, 'an import with a computed name', 'static imports, and a choice among them');
        }
        return true;
      case 'Identifier':
        this.#global(node);
        return true;
      case 'Super':
        this.#find(node, "'super'", 'plain functions');
        return true;
      case 'UnaryExpression':
        if (
          text(node, 'operator') === 'delete' &&
          unwrap(child(node, 'argument')).type === 'ChainExpression'
        ) {
          this.#find(node, "'delete' of an optional chain", 'an if, and delete');
        }
        return true;
      case 'JSXElement':
      case 'JSXFragment':
        this.#find(node, 'JSX', 'function calls');
        return false;
      default:
        return this.#structured(node, method);
    }
  }

  #structured(node: Node, method: Node): boolean {
    if (node.type === 'Property') this.#property(node, method);
    else if (node.type === 'CallExpression') this.#call(node);
    else if (node.type === 'NewExpression') this.#new(node);
    else if (node.type === 'AssignmentExpression' || node.type === 'UpdateExpression') this.#write(node);
    else if (node.type === 'SwitchStatement') this.#switch(node);
    else if (isFunction(node) && node !== method) this.#closure(node);
    return true;
  }

  #closure(node: Node): void {
    if (flag(node, 'generator')) {
      this.#find(node, 'a generator inside a method', 'a method that returns an array');
    } else if (flag(node, 'async')) {
      this.#find(
        node,
        'an asynchronous function inside a method',
        'an async function at the top level of the module, called with what it needs: items.map((x) => work(x))',
      );
    }
  }

  #property(node: Node, method: Node): void {
    const kind = text(node, 'kind');
    if (kind === 'get' || kind === 'set') {
      return this.#find(node, `a ${kind}ter in an object literal`, 'a plain property, or a function');
    }
    if (!flag(node, 'method')) return;
    const value = child(node, 'value');
    const captures = this.#scopes.bindings.some(
      (binding) =>
        binding.owner === method && binding.references.some((reference) => inside(reference.node, value)),
    );
    if (captures) {
      this.#find(node, "a method in an object literal that uses the method's variables", 'name: (x) => …');
    }
  }

  #call(node: Node): void {
    const callee = unwrap(child(node, 'callee'));
    if (callee.type !== 'MemberExpression') return;
    const name = memberName(callee);
    const object = unwrap(child(callee, 'object'));
    const global = this.#scopes.globals.get(object);
    if (name === 'then' || name === 'catch' || name === 'finally') {
      this.#find(node, `'.${name}(…)'`, 'await, with try and catch');
    } else if (global === 'process' && name === 'nextTick') {
      this.#find(node, "'process.nextTick'", 'await');
    } else if (global === 'Promise' && (name === null || !promiseCombinators.has(name))) {
      this.#find(node, `'Promise.${name ?? '…'}'`, 'async functions and await');
    }
  }

  #new(node: Node): void {
    const callee = unwrap(child(node, 'callee'));
    const global = this.#scopes.globals.get(callee);
    if (global === 'Promise') {
      this.#find(
        node,
        "'new Promise'",
        'an async function; or effect(name, {}, () => new Promise(…)) for what calls back',
      );
    } else if (global === 'Function') {
      this.#find(node, "'new Function'", 'a function in a module');
    } else if (
      global === 'WeakRef' ||
      global === 'WeakMap' ||
      global === 'WeakSet' ||
      global === 'FinalizationRegistry'
    ) {
      this.#find(node, `'new ${global}'`, 'a Map or a Set');
    }
  }

  #globalNames(root: Node): void {
    walk(root, (node) => {
      if (node.type === 'Identifier' && this.#scopes.globals.get(node) === 'arguments') this.#global(node);
    });
  }

  #global(node: Node): void {
    const name = this.#scopes.globals.get(node);
    if (name === undefined) return;
    if (name === 'arguments') this.#find(node, "'arguments'", 'a rest parameter: (...args)');
    else if (name === 'eval') this.#find(node, "'eval'", 'a function in a module');
    else if (timers.has(name)) this.#find(node, `'${name}'`, "await sleep(ms), from 'godwit'");
  }

  /** Assignments to what a method does not own. */
  #write(node: Node): void {
    const target = unwrap(child(node, node.type === 'AssignmentExpression' ? 'left' : 'argument'));
    for (const name of assignedNames(target)) {
      const binding = this.#scopes.byNode.get(name);
      if (binding === undefined)
        this.#find(node, `an assignment to the global '${text(name, 'name')}'`, 'a local variable');
      else if (binding.kind === 'const' || binding.kind === 'import' || binding.kind === 'functionName') {
        this.#find(node, `an assignment to the constant '${binding.name}'`, 'let, or another variable');
      } else if (binding.owner === null) {
        this.#find(
          node,
          `an assignment to the module's variable '${binding.name}'`,
          'a parameter and a result',
        );
      }
    }
  }

  #switch(node: Node): void {
    for (const binding of this.#scopes.bindings) {
      if (binding.scope !== node) continue;
      const home = nodes(node, 'cases').find((entry) => inside(binding.declaration, entry));
      if (home === undefined) continue;
      const outside = binding.references.find((reference) => !inside(reference.node, home));
      if (outside !== undefined) {
        this.#find(
          outside.node,
          `'${binding.name}' of another case`,
          'a variable declared before the switch',
        );
      }
    }
  }

  /** Uses of a variable before it is initialised would be errors; hoisted variables would not notice. */
  #variable(binding: Binding): void {
    if (binding.kind === 'class' || binding.kind === 'functionName') return;
    if (binding.kind === 'var' || binding.kind === 'parameter' || binding.kind === 'catch') return;
    const closure = closureOf(binding);
    const ready = initialisedAt(binding);
    for (const { node, role } of binding.references) {
      if (role === 'declares' || node.start >= ready) continue;
      if (closure !== null && inside(node, closure)) continue;
      this.#find(node, `'${binding.name}' before its declaration`, 'the declaration first');
    }
    if (
      binding.kind === 'function' &&
      binding.references.some(({ role }) => role === 'write' || role === 'readWrite')
    ) {
      this.#find(binding.declaration, `an assignment to the function '${binding.name}'`, 'a let');
    }
  }
}

function initialisedAt(binding: Binding): number {
  if (binding.source.type !== 'VariableDeclarator') {
    return binding.kind === 'function' ? binding.source.start : binding.declaration.end;
  }
  const id = child(binding.source, 'id');
  return id === binding.declaration ? binding.source.end : binding.declaration.end;
}

function assignedNames(target: Node): readonly Node[] {
  const inner = unwrap(target);
  switch (inner.type) {
    case 'Identifier':
      return [inner];
    case 'ObjectPattern':
      return nodes(inner, 'properties').flatMap((property) =>
        assignedNames(property.type === 'Property' ? child(property, 'value') : child(property, 'argument')),
      );
    case 'ArrayPattern':
      return nodes(inner, 'elements').flatMap(assignedNames);
    case 'AssignmentPattern':
      return assignedNames(child(inner, 'left'));
    case 'RestElement':
      return assignedNames(child(inner, 'argument'));
    default:
      return [];
  }
}
