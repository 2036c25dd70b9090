import type { Binding, Scopes } from './scopes.ts';
import { child, isFunction, isLoop, memberName, type Node, nodes, text, unwrap, walk } from './syntax.ts';
import { constantTrips } from './counted-loops.ts';

/** A function of a module that becomes movable. */
export interface Method {
  readonly name: string;
  /** The function itself. */
  readonly node: Node;
  readonly index: number;
  readonly binding: Binding | null;
  readonly exported: boolean;
}

/** Methods of the language's own objects: a call of one of these names runs natively, in one piece. */
const intrinsicMethods = new Set(
  `at concat copyWithin entries every fill filter find findIndex findLast findLastIndex flat flatMap forEach includes
  indexOf join keys lastIndexOf map pop push reduce reduceRight reverse shift slice some sort splice toLocaleString
  toReversed toSorted toSpliced toString unshift values with subarray set
  anchor charAt charCodeAt codePointAt endsWith localeCompare match matchAll normalize padEnd padStart repeat replace
  replaceAll search split startsWith substr substring toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase trim
  trimEnd trimStart valueOf isWellFormed toWellFormed
  clear delete get has add exec test compile
  toExponential toFixed toPrecision call apply bind hasOwnProperty isPrototypeOf propertyIsEnumerable
  getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getTimezoneOffset
  getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds
  setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds setTime setUTCDate setUTCFullYear
  setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds toDateString toISOString toJSON
  toLocaleDateString toLocaleTimeString toTimeString toUTCString
  getBigInt64 getBigUint64 getFloat32 getFloat64 getInt16 getInt32 getInt8 getUint16 getUint32 getUint8
  setBigInt64 setBigUint64 setFloat32 setFloat64 setInt16 setInt32 setInt8 setUint16 setUint32 setUint8
  encode decode update digest write equals compare log error warn info debug`.split(/\s+/),
);

/** Which calls of a module are safe points, and which of its methods charge fuel when they are entered. */
export class Calls {
  readonly #scopes: Scopes;
  readonly #byBinding = new Map<Binding, Method>();
  readonly #callees = new Map<Method, Set<Method>>();
  readonly #unknown = new Set<Method>();
  readonly #cyclic = new Set<Method>();
  readonly #looping = new Set<Method>();
  readonly #silent = new Map<Method, boolean>();

  constructor(scopes: Scopes, methods: readonly Method[]) {
    this.#scopes = scopes;
    for (const method of methods) if (method.binding !== null) this.#byBinding.set(method.binding, method);
    for (const method of methods) this.#scan(method);
    for (const method of methods) if (this.#reaches(method, method)) this.#cyclic.add(method);
  }

  /** Whether the method charges fuel when it is entered: it may be part of an endless recursion. */
  ticksOnEntry(method: Method): boolean {
    return this.#cyclic.has(method) || this.#unknown.has(method);
  }

  /** Whether a call may reach a safe point inside, so that its caller must be able to stand there too. */
  isSite(call: Node): boolean {
    const target = this.#target(call);
    return target === 'unknown' || (target !== 'native' && !this.#isSilent(target));
  }

  /** Whether the node is a direct call of the named function of godwit's API. */
  isApi(call: Node, name: string): boolean {
    if (call.type !== 'CallExpression') return false;
    const callee = unwrap(child(call, 'callee'));
    if (callee.type !== 'Identifier') return false;
    const binding = this.#scopes.byNode.get(callee);
    return binding !== undefined && isApiImport(binding) && importedName(binding) === name;
  }

  #scan(method: Method): void {
    const callees = new Set<Method>();
    this.#callees.set(method, callees);
    walk(method.node, (node) => {
      if (node !== method.node && isFunction(node)) return false;
      if (isLoop(node) && constantTrips(node, this.#scopes) === null) this.#looping.add(method);
      if (node.type !== 'CallExpression') return true;
      const target = this.#target(node);
      if (target === 'unknown') this.#unknown.add(method);
      else if (target !== 'native') callees.add(target);
      return true;
    });
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

  #isSilent(method: Method): boolean {
    const known = this.#silent.get(method);
    if (known !== undefined) return known;
    const noisy = this.ticksOnEntry(method) || this.#looping.has(method);
    const silent = !noisy && [...(this.#callees.get(method) ?? [])].every((callee) => this.#isSilent(callee));
    this.#silent.set(method, silent);
    return silent;
  }

  #target(call: Node): Method | 'native' | 'unknown' {
    const callee = unwrap(child(call, 'callee'));
    if (isFunction(callee)) return 'native';
    if (callee.type === 'Identifier') return this.#named(callee);
    if (callee.type !== 'MemberExpression') return 'unknown';
    const name = memberName(callee);
    if (name !== null && intrinsicMethods.has(name)) return 'native';
    const object = unwrap(child(callee, 'object'));
    if (object.type === 'MetaProperty') return 'native';
    if (object.type !== 'Identifier') return 'unknown';
    if (this.#scopes.globals.has(object)) return 'native';
    const binding = this.#scopes.byNode.get(object);
    return binding?.kind === 'import' && !isRelativeImport(binding) ? 'native' : 'unknown';
  }

  #named(callee: Node): Method | 'native' | 'unknown' {
    const binding = this.#scopes.byNode.get(callee);
    if (binding === undefined) return 'native';
    const method = this.#byBinding.get(binding);
    if (method !== undefined) return method;
    if (binding.kind === 'import') return isRelativeImport(binding) ? 'unknown' : 'native';
    return closureOf(binding) === null ? 'unknown' : 'native';
  }
}

/** The function that a local constant was initialised with, or that a declaration inside a method declares. */
export function closureOf(binding: Binding): Node | null {
  if (binding.kind === 'function' && binding.owner !== null) return binding.source;
  if (binding.kind !== 'const' || binding.source.type !== 'VariableDeclarator') return null;
  if (child(binding.source, 'id') !== binding.declaration) return null;
  const init = binding.source['init'] as Node | null;
  if (init === null) return null;
  const value = unwrap(init);
  return isFunction(value) ? value : null;
}

export function importSource(binding: Binding): string {
  return String((child(binding.source, 'source') as Node)['value']);
}

export function isRelativeImport(binding: Binding): boolean {
  return binding.kind === 'import' && /^\.{0,2}\//.test(importSource(binding));
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
