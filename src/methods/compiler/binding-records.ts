import type { Binding, BindingKind, Captures, Imported, Reference } from './bindings.ts';
import { areInert, isInert } from './inertness.ts';
import { child, isFunction, type Node, nodes, optional } from './syntax.ts';

export type ContextKind = 'thisValue' | 'arguments' | 'newTarget' | 'superMember';

/** What nodes take from the function around arrows; `arguments` is an identifier. */
export const contextKinds: Readonly<Record<string, ContextKind>> = {
  ThisExpression: 'thisValue',
  Super: 'superMember',
  MetaProperty: 'newTarget',
};

export interface UnitRecord {
  /** Null for the top level. */
  readonly node: Node | null;
  readonly parent: UnitRecord | null;
  strict: boolean;
  readonly bindings: BindingRecord[];
  readonly nested: UnitRecord[];
  /** Bindings that its own code uses, in order, with repetitions. */
  readonly used: BindingRecord[];
  readonly privates: Set<Node>;
  readonly contexts: Set<ContextKind>;
  captures: Captures | null;
}

interface Declared {
  readonly name: string;
  readonly kind: BindingKind;
  readonly declaration: Node;
  readonly owner: Node | null;
  readonly scope: Node;
  readonly source: Node;
  readonly initialisedAt: number;
}

/** Kinds whose use before their initialisation throws. */
const dead: ReadonlySet<BindingKind> = new Set(['let', 'const', 'using', 'class', 'className', 'parameter']);
/** Kinds that an assignment does not change: it throws, or is ignored. */
const fixed: ReadonlySet<BindingKind> = new Set(['const', 'using', 'className', 'functionName', 'import']);

/** A binding while it is resolved; what follows from all of its references is found when it is first asked for. */
export class BindingRecord implements Binding {
  readonly name: string;
  readonly kind: BindingKind;
  declaration: Node;
  readonly owner: Node | null;
  readonly scope: Node;
  source: Node;
  initialisedAt: number;
  readonly references: Reference[] = [];
  readonly exportedAs: string[] = [];
  imported: Imported | null = null;
  copyOf: Binding | null = null;
  /** Something besides assignments in the text changes it. */
  isReassigned = false;
  readonly #byNode: ReadonlyMap<Node, BindingRecord>;
  readonly #unit: (node: Node | null) => UnitRecord;
  readonly #declarations: Node[];
  #declaredValues = 0;
  /** Of a `switch`: the text of the case that declares it. */
  #case: { readonly start: number; readonly end: number } | null = null;
  #captured: boolean | null = null;
  #early: boolean | null = null;
  #box: boolean | null = null;
  #earliest: number | null = null;

  constructor(
    declared: Declared,
    byNode: ReadonlyMap<Node, BindingRecord>,
    unit: (node: Node | null) => UnitRecord,
  ) {
    this.name = declared.name;
    this.kind = declared.kind;
    this.declaration = declared.declaration;
    this.owner = declared.owner;
    this.scope = declared.scope;
    this.source = declared.source;
    this.initialisedAt = declared.initialisedAt;
    this.#declarations = [declared.declaration];
    this.#byNode = byNode;
    this.#unit = unit;
  }

  /** `var x` after `var x`, a function after a parameter or `var` of its name: one variable. */
  declaredAgain(name: Node, kind: BindingKind, source: Node): void {
    this.#declarations.push(name);
    if (kind !== 'function') return;
    if (this.kind === 'function') {
      // The last one wins, before anything runs.
      this.declaration = name;
      this.source = source;
    } else {
      this.isReassigned = true;
    }
  }

  isIn(name: Node): boolean {
    return this.#declarations.includes(name);
  }

  /** A declaration with a value, of a `var`. */
  assignedAt(name: Node, inLoop: boolean): void {
    this.#declaredValues += 1;
    if (inLoop || this.kind !== 'var' || this.#declaredValues > 1) this.isReassigned = true;
    // Only the declaration that gives it its value counts, whatever other declarations there are.
    const declarator = this.source;
    if (name.start < declarator.start || name.end > declarator.end) this.isReassigned = true;
  }

  enclosingCase(cases: readonly Node[]): void {
    const { start, end } = this.declaration;
    this.#case = cases.find((entry) => entry.start <= start && end <= entry.end) ?? null;
  }

  get isCaptured(): boolean {
    this.#captured ??= this.references.some(({ within }) => within !== this.owner);
    return this.#captured;
  }

  get isAssigned(): boolean {
    if (fixed.has(this.kind)) return false;
    return this.isReassigned || this.references.some(({ role }) => role === 'write' || role === 'readWrite');
  }

  get maybeEarly(): boolean {
    this.#early ??= dead.has(this.kind) && this.#findsEarly();
    return this.#early;
  }

  get needsBox(): boolean {
    this.#box ??= this.isCaptured && (this.isAssigned || this.#isCapturedEarly());
    return this.#box;
  }

  /** For a hoisted function: the offset before which nothing can have called it. */
  get earliestUseAt(): number {
    this.#earliest ??= this.#earliestUse(new Set());
    return this.#earliest;
  }

  /** The unit directly inside this binding's owner that holds a place; null for a place in the owner's own code. */
  #outermost(within: Node | null): Node | null {
    if (within === this.owner) return null;
    let at = this.#unit(within);
    while (at.parent !== null && at.parent.node !== this.owner) at = at.parent;
    return at.node;
  }

  #findsEarly(): boolean {
    if (this.kind === 'parameter' && this.initialisedAt === this.scope.start) return false;
    return this.references.some(({ node, role, within }) => {
      if (role === 'declares') return false;
      const unit = this.#outermost(within);
      if (unit === null) return node.start < this.initialisedAt || this.#isOtherCase(node);
      const hoisted = this.#hoisted(unit);
      const from = hoisted === null ? unit.start : hoisted.earliestUseAt;
      if (this.#isOtherCase(unit)) return true;
      return from < this.initialisedAt && !this.#isQuiet(from);
    });
  }

  #isOtherCase(node: Node): boolean {
    return this.#case !== null && !(this.#case.start <= node.start && node.end <= this.#case.end);
  }

  /** The binding of a function declaration, which exists before its text is reached. */
  #hoisted(unit: Node): BindingRecord | null {
    const id = unit.type === 'FunctionDeclaration' ? optional(unit, 'id') : null;
    return id === null ? null : (this.#byNode.get(id) ?? null);
  }

  #earliestUse(seen: Set<BindingRecord>): number {
    seen.add(this);
    if (this.exportedAs.length > 0 || this.isReassigned) return this.scope.start;
    let earliest = Infinity;
    for (const { node, role, within } of this.references) {
      if (role === 'declares') continue;
      const unit = this.#outermost(within);
      const hoisted = unit === null ? null : this.#hoisted(unit);
      if (hoisted === null) earliest = Math.min(earliest, unit?.start ?? node.start);
      else if (!seen.has(hoisted)) earliest = Math.min(earliest, hoisted.#earliestUse(seen));
    }
    return earliest;
  }

  /** Whether nothing can be called from a place up to the end of the initialisation: only values are made there. */
  #isQuiet(from: number): boolean {
    const init = this.source.type === 'VariableDeclarator' ? optional(this.source, 'init') : null;
    if (this.kind === 'className') return from > this.initialisedAt;
    if (init === null || child(this.source, 'id') !== this.declaration || !isInert(init)) return false;
    if (from >= init.start) return true;
    const list = this.scope.type === 'SwitchStatement' ? [] : statementsOf(this.scope);
    const first = list.findIndex((statement) => statement.start <= from && from < statement.end);
    const last = list.findIndex((statement) => statement.start <= init.start && init.end <= statement.end);
    return first !== -1 && areInert(list.slice(first, last + 1));
  }

  /** Whether a closure over it may be made before it has its value. Hoisted functions are made when their scope starts. */
  #isCapturedEarly(): boolean {
    if (this.kind === 'functionName') return true;
    return this.references.some(({ node, within }) => {
      const unit = this.#outermost(within);
      if (unit === null) return false;
      if (this.#isOtherCase(node)) return true;
      const hoisted = this.#hoisted(unit);
      if (hoisted === null || hoisted.kind !== 'function') return unit.start < this.initialisedAt;
      if (this.kind === 'parameter' || this.kind === 'catch') return false;
      return hoisted.scope.start <= this.initialisedAt;
    });
  }
}

function statementsOf(scope: Node): readonly Node[] {
  if (scope.type === 'Program' || scope.type === 'BlockStatement' || scope.type === 'StaticBlock')
    return nodes(scope, 'body');
  return isFunction(scope) && child(scope, 'body').type === 'BlockStatement'
    ? nodes(child(scope, 'body'), 'body')
    : [];
}

/** What a unit and those inside it take from further out. */
export function capturesOf(unit: UnitRecord): Captures {
  if (unit.captures !== null) return unit.captures;
  const bindings = new Set<Binding>();
  const privates = new Set(unit.privates);
  const take = (binding: Binding): void => {
    const isModule = binding.owner === null && binding.scope.type === 'Program';
    if (!isModule && binding.owner !== unit.node) bindings.add(binding);
  };
  for (const binding of unit.used) take(binding);
  for (const nested of unit.nested) {
    const below = capturesOf(nested);
    for (const binding of below.bindings) take(binding);
    for (const owner of below.privates) privates.add(owner);
  }
  const isArrow = unit.node?.type === 'ArrowFunctionExpression';
  const isAround = (owner: Node): boolean =>
    unit.node !== null && owner.start <= unit.node.start && unit.node.end <= owner.end;
  unit.captures = {
    bindings: [...bindings],
    thisValue: isArrow && unit.contexts.has('thisValue'),
    argumentsObject: isArrow && unit.contexts.has('arguments'),
    newTarget: isArrow && unit.contexts.has('newTarget'),
    superMember: isArrow && unit.contexts.has('superMember'),
    privates: [...privates].filter(isAround),
  };
  return unit.captures;
}
