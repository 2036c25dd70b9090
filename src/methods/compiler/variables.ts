import type { Captures, Method, OuterUse, OuterValue } from './functions.ts';
import type { Binding, Reference, Scopes } from './scopes.ts';
import {
  child,
  classParts,
  isClass,
  isFunction,
  isTypeOnly,
  type Node,
  nodes,
  optional,
  runtimeChildren,
  unwrap,
} from './syntax.ts';

export function inside(node: Node, outer: Node): boolean {
  return node.start >= outer.start && node.end <= outer.end;
}

interface Facts {
  readonly isCaptured: boolean;
  readonly isBoxed: boolean;
  /** A use may come before the initialisation, which is an error: reads are checked. */
  readonly isEarly: boolean;
}

/**
 * What is known of a module's variables: which ones functions share, and how. A shared variable that nobody assigns, and
 * that is initialised before any function takes it, is copied; any other lives in a box, `{ v: value }`.
 */
export class Variables {
  readonly scopes: Scopes;
  readonly #facts = new Map<Binding, Facts>();
  readonly #parents = new Map<Node, Node | null>();
  readonly #methods = new Map<Node, Method>();
  readonly #captures = new Map<Method, Captures>();
  readonly #ofOwner = new Map<Node | null, Binding[]>();
  readonly #ofScope = new Map<Node, Binding[]>();
  readonly #shared: ReadonlySet<Binding>;

  /** @param shared variables that other modules see: each lives in a box */
  constructor(
    program: Node,
    scopes: Scopes,
    methods: readonly Method[],
    outer: readonly OuterUse[],
    shared: ReadonlySet<Binding> = new Set(),
  ) {
    this.scopes = scopes;
    this.#shared = shared;
    for (const method of methods) this.#methods.set(method.node, method);
    this.#noteParents(program, this.#methods.has(program) ? program : null);
    for (const binding of scopes.bindings) {
      // A type for `this`, which looks like a parameter.
      if (binding.name === 'this') continue;
      listIn(this.#ofOwner, binding.owner).push(binding);
      listIn(this.#ofScope, binding.scope).push(binding);
    }
    this.#noteCaptures(methods, outer);
  }

  /** The variables of a function; null for the module's. */
  ownedBy(owner: Node | null): readonly Binding[] {
    return this.#ofOwner.get(owner) ?? [];
  }

  /** The variables that are visible in a block or function from its start. */
  declaredIn(scope: Node): readonly Binding[] {
    return this.#ofScope.get(scope) ?? [];
  }

  capturesOf(method: Method): Captures {
    return this.#captures.get(method) ?? { bindings: [], self: null, outer: [] };
  }

  isCaptured(binding: Binding): boolean {
    return this.#factsOf(binding).isCaptured;
  }

  isBoxed(binding: Binding): boolean {
    return this.#factsOf(binding).isBoxed;
  }

  isEarly(binding: Binding): boolean {
    return this.#factsOf(binding).isEarly;
  }

  /** Whether a read must make sure that the variable was initialised. */
  isChecked(binding: Binding, { node, role, within }: Reference): boolean {
    if (role === 'declares' || !this.isEarly(binding)) return false;
    if (binding.kind === 'import') return true;
    if (within === binding.owner) return node.start < initialisedAt(binding) || isOtherCase(binding, node);
    return (
      this.#createdAt(this.#childAround(binding, within)) < initialisedAt(binding) ||
      isOtherCase(binding, node)
    );
  }

  #factsOf(binding: Binding): Facts {
    let facts = this.#facts.get(binding);
    if (facts === undefined) {
      facts = this.#find(binding);
      this.#facts.set(binding, facts);
    }
    return facts;
  }

  #find(binding: Binding): Facts {
    if (this.#shared.has(binding)) {
      const isEarly = ['let', 'const', 'class', 'import'].includes(binding.kind);
      return { isCaptured: true, isBoxed: true, isEarly };
    }
    if (binding.owner === null) return { isCaptured: false, isBoxed: false, isEarly: false };
    const ready = initialisedAt(binding);
    let isCaptured = false;
    let isAssigned = binding.kind === 'var';
    let isTakenEarly = false;
    let isUsedEarly = false;
    let isAssignedEarly = false;
    const { kind } = binding;
    const hasDeadZone = kind === 'let' || kind === 'const' || kind === 'class';
    for (const { node, role, within } of binding.references) {
      if (role === 'write' || role === 'readWrite') isAssigned = true;
      if (within === binding.owner) {
        if (role === 'declares' || (node.start >= ready && !isOtherCase(binding, node))) continue;
        isUsedEarly = true;
        // To assign it there is an error, which a box can tell.
        if (role !== 'read' && hasDeadZone) isAssignedEarly = true;
        continue;
      }
      isCaptured = true;
      const around = this.#childAround(binding, within);
      if (around === selfOf(binding)) continue;
      if (this.#createdAt(around) < ready || isOtherCase(binding, node)) isTakenEarly = true;
    }
    return {
      isCaptured,
      isBoxed: isAssignedEarly || (isCaptured && (isAssigned || isTakenEarly)),
      isEarly: kind === 'parameter' ? isTakenEarly : hasDeadZone && (isUsedEarly || isTakenEarly),
    };
  }

  /** The function directly inside the owner through which a use reaches the variable. */
  #childAround(binding: Binding, within: Node | null): Node {
    let at = within as Node;
    for (;;) {
      const parent = this.#parents.get(at) ?? null;
      if (parent === null || parent === binding.owner) return at;
      at = parent;
    }
  }

  /** When a function comes to be, as a position; declarations at the start of their block. */
  #createdAt(node: Node): number {
    if (node.type !== 'FunctionDeclaration') return node.start;
    const binding = this.scopes.byNode.get(optional(node, 'id') ?? node);
    return binding === undefined ? node.start : initialisedAt(binding);
  }

  #noteParents(node: Node, around: Node | null): void {
    for (const below of runtimeChildren(node)) this.#noteParent(below, around);
  }

  #noteParent(below: Node, around: Node | null): void {
    if (isClass(below)) return this.#noteClass(below, around);
    if (!isFunction(below)) return this.#noteParents(below, around);
    this.#parents.set(below, around);
    this.#noteParents(below, below);
  }

  /** A class comes to be as a function does: its members take what they use from around it through the class. */
  #noteClass(node: Node, around: Node | null): void {
    for (const part of classParts(node)) this.#noteParent(part, around);
    this.#parents.set(node, around);
    for (const member of nodes(child(node, 'body'), 'body')) {
      if (isTypeOnly(member)) continue;
      const value = optional(member, 'value');
      if (member.type === 'MethodDefinition') this.#noteParent(value ?? member, node);
      else {
        this.#parents.set(member, node);
        if (value === null) this.#noteParents(member, member);
        else this.#noteParent(value, member);
      }
    }
  }

  #noteCaptures(methods: readonly Method[], outer: readonly OuterUse[]): void {
    const bindings = new Map<Method, Set<Binding>>();
    const selves = new Map<Method, Binding>();
    const values = new Map<Method, Map<string, OuterValue>>();
    for (const binding of this.scopes.bindings) {
      if (binding.owner === null) continue;
      const self = selfOf(binding);
      for (const { within } of binding.references) {
        for (let at = within; at !== null && at !== binding.owner; at = this.#parents.get(at) ?? null) {
          const method = this.#methods.get(at);
          if (method === undefined) continue;
          if (at === self && !this.isBoxed(binding)) selves.set(method, binding);
          else listOf(bindings, method).add(binding);
        }
      }
    }
    for (const use of outer) {
      if (!use.isCaptured) continue;
      const holders = use.value.kind === 'home' ? use.within : use.within.slice(0, -1);
      for (const method of holders) {
        const known = values.get(method) ?? new Map<string, OuterValue>();
        values.set(method, known);
        known.set(use.value.kind, use.value);
      }
    }
    for (const method of methods) {
      this.#captures.set(method, {
        bindings: [...(bindings.get(method) ?? [])].sort((a, b) => a.declaration.start - b.declaration.start),
        self: selves.get(method) ?? null,
        outer: [...(values.get(method)?.values() ?? [])],
      });
    }
  }
}

function listIn<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list: V[] = [];
  lists.set(key, list);
  return list;
}

function listOf<K, V>(sets: Map<K, Set<V>>, key: K): Set<V> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const set = new Set<V>();
  sets.set(key, set);
  return set;
}

/** The function that a variable always is: declared under its name, or the initial value of a constant. */
export function selfOf(binding: Binding): Node | null {
  if (binding.kind === 'function' && binding.owner !== null) return binding.source;
  if (binding.kind !== 'const' || binding.source.type !== 'VariableDeclarator') return null;
  if (child(binding.source, 'id') !== binding.declaration) return null;
  const init = optional(binding.source, 'init');
  return init !== null && isFunction(unwrap(init)) ? unwrap(init) : null;
}

/** The function that a variable always is, for as long as it holds anything. */
export function functionOf(binding: Binding): Node | null {
  if (binding.isAssigned) return null;
  return selfOf(binding) ?? (binding.kind === 'function' ? binding.source : null);
}

/** The position from which on a variable is initialised: declared functions at the start of their block, in their order. */
export function initialisedAt(binding: Binding): number {
  const { kind, source, scope, declaration } = binding;
  if (kind === 'functionName' || kind === 'var' || kind === 'import') return scope.start;
  // A parameter list with defaults or patterns: each at the end of its element.
  if (kind === 'parameter') return binding.initialisedAt;
  if (kind === 'function') return scope.start + source.start / 2 ** 31;
  if (source.type !== 'VariableDeclarator') return source.end;
  return child(source, 'id') === declaration || optional(source, 'init') !== null
    ? source.end
    : declaration.end;
}

/** Whether a use stands in another case of the switch that the variable is declared in. */
function isOtherCase({ scope, declaration }: Binding, use: Node): boolean {
  if (scope.type !== 'SwitchStatement') return false;
  const home = nodes(scope, 'cases').find((entry) => inside(declaration, entry));
  return home !== undefined && !inside(use, home);
}
