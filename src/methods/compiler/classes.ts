import { type FieldUnit, mayWait, unitMethods, unitsOf } from './class-fields.ts';
import { isLowered, type Method, type OuterUse, standsInClass } from './functions.ts';
import type { Finding } from './language.ts';
import type { Binding, Reference, Scopes } from './scopes.ts';
import type { SourceText } from './source-text.ts';
import {
  child,
  classParts,
  flag,
  isClass,
  isSuperCall,
  isTypeOnly,
  type Node,
  nodes,
  optional,
  runtimeChildren,
  text,
} from './syntax.ts';

/** What is known of one class of movable code. */
export interface ClassFacts {
  readonly method: Method;
  /** Holds the class where its own code runs, whatever its name is: of the module, or of the class's factory. */
  readonly home: Binding;
  /** Names of the objects that hold its members' resume bodies, and the factories of functions in them, by what `super` is. */
  readonly instanceCode: string;
  readonly staticCode: string;
  /** Variables that hold the functions of its generators, which need to know themselves. */
  readonly generators: Map<Method, string>;
  readonly members: readonly Node[];
  readonly superclass: Node | null;
  /** Computed keys, in order. */
  readonly keys: readonly Node[];
  /** Private names of instances that hold values, and whether there are any elements behind such names. */
  readonly privateFields: readonly string[];
  readonly hasPrivates: boolean;
  readonly staticFields: readonly string[];
  /** Fields of instances that the constructor evaluates, and parts of the class itself that come after it was made. */
  instanceUnits: readonly FieldUnit[];
  staticUnits: readonly FieldUnit[];
  /** Whether its instances get fields or private elements from it. */
  readonly hasElements: boolean;
}

/** Where a function's resume body and factory must stand: where the private names and `super` mean what they mean in it. */
export interface Place {
  readonly of: ClassFacts;
  /** Which `super` it says; null for none. */
  readonly superOf: 'instance' | 'static' | null;
}

/** Whatever of a class may have to be evaluated apart, as far as syntax shows. */
interface Units {
  readonly instance: readonly FieldUnit[];
  readonly statics: readonly FieldUnit[];
}

interface ClassesParts {
  readonly program: Node;
  readonly scopes: Scopes;
  readonly source: SourceText;
  readonly methods: readonly Method[];
  readonly fresh: (base: string) => string;
}

/** The classes of a module's movable code. Their names inside themselves become variables that resume bodies have, too. */
export class Classes {
  readonly findings: Finding[] = [];
  readonly #parts: ClassesParts;
  readonly #byNode = new Map<Node, Method>();
  readonly #facts = new Map<Method, ClassFacts>();
  readonly #places = new Map<Method, Place>();
  readonly #references = new Map<Method, Reference[]>();
  readonly #boxed = new Set<Method>();
  readonly #deferred = new Set<Method>();
  readonly #unitsOf = new Map<ClassFacts, Units>();

  constructor(parts: ClassesParts) {
    this.#parts = parts;
    for (const method of parts.methods) this.#byNode.set(method.node, method);
    const classes = parts.methods.filter(({ form }) => form === 'class');
    if (classes.length === 0) return;
    const bindings = parts.scopes.bindings as Binding[];
    for (const method of classes) {
      this.#references.set(method, []);
      const facts = this.#describe(method);
      this.#facts.set(method, facts);
      this.#unitsOf.set(facts, { instance: facts.instanceUnits, statics: facts.staticUnits });
    }
    for (const method of parts.methods) if (method.parent === null) this.#visit(method.node, []);
    for (const facts of this.#facts.values()) this.#placeUnits(facts);
    for (const method of classes) this.#adoptName(method);
    const inner = bindings.filter(({ kind, source }) => !(kind === 'className' && this.#byNode.has(source)));
    bindings.splice(0, bindings.length, ...inner, ...[...this.#facts.values()].map(({ home }) => home));
  }

  factsOf(method: Method): ClassFacts {
    return this.#facts.get(method) as ClassFacts;
  }

  all(): Iterable<ClassFacts> {
    return this.#facts.values();
  }

  placeOf(method: Method): Place | null {
    return this.#places.get(method) ?? null;
  }

  /** Whether a method has bodies of its own. */
  isLowered(method: Method): boolean {
    return isLowered(method) || this.#deferred.has(method);
  }

  /** Whether a field or static block is a function of its own. */
  isDeferred(method: Method): boolean {
    return this.#deferred.has(method);
  }

  /** Whether evaluating a class goes on after it was made. */
  isCompletedLater(node: Node): boolean {
    const method = this.#byNode.get(node);
    return method !== undefined && (this.#facts.get(method)?.staticUnits.length ?? 0) > 0;
  }

  /** For one build: leaves fields and static blocks in the text of their class where none of them can be captured after all. */
  settle(canBeCaptured: (part: Node) => boolean): void {
    this.#deferred.clear();
    const keep = (units: readonly FieldUnit[]): readonly FieldUnit[] => {
      if (!units.some((unit) => mayWait(unit, canBeCaptured))) return [];
      for (const method of unitMethods(units)) this.#deferred.add(method);
      return units;
    };
    // Classes inside others first: whether those go on later may depend on them.
    for (const facts of [...this.#facts.values()].reverse()) {
      const { instance, statics } = this.#unitsOf.get(facts) as Units;
      facts.instanceUnits = keep(instance);
      facts.staticUnits = keep(statics);
    }
  }

  /** The class that a constructor, member or static block belongs to. */
  around(method: Method): ClassFacts | null {
    return method.parent === null ? null : (this.#facts.get(method.parent) ?? null);
  }

  /**
   * Finds constructors whose `this` arrow functions may take before `super(…)` has made it. They share a box; all other
   * arrow functions take the value.
   */
  noteThis(uses: readonly OuterUse[]): void {
    for (const { node, value, within, isCaptured, isSpelled } of uses) {
      if (!isCaptured || value.kind !== 'this' || value.of.form !== 'derived') continue;
      const arrow = within.at(-2);
      if (arrow !== undefined && arrow.node.start > readyAt(value.of.node)) continue;
      this.#boxed.add(value.of);
      if (isSpelled) continue;
      const instead = "'super' in the constructor itself";
      this.findings.push({
        offset: node.start,
        what: "'super' in an arrow function before super(…)",
        instead,
      });
    }
  }

  /** Whether arrow functions take the constructor's `this` in a box. */
  isThisBoxed(method: Method): boolean {
    return this.#boxed.has(method);
  }

  /** The variable that holds a member that makes generators; null for any other. */
  generatorName(method: Method): string | null {
    const isGenerator = method.kind === 'generator' || method.kind === 'asyncGenerator';
    const around = isGenerator && standsInClass(method) ? this.around(method) : null;
    if (around === null) return null;
    let name = around.generators.get(method);
    if (name === undefined) {
      name = this.#parts.fresh('$g');
      around.generators.set(method, name);
    }
    return name;
  }

  /** What a constructor does first: it can be asked for an object with the class's elements and nothing else. */
  prologue(method: Method, gate: string): string {
    const around = this.around(method);
    if (around === null || !needsPrologue(around)) return '';
    if (method.form === 'constructor') return `if (${gate}.c !== null) return;\n`;
    if (method.form !== 'derived') return '';
    return `if (${gate}.c !== null) {\nsuper(${gate}.c = null);\nreturn;\n}\n`;
  }

  #describe(method: Method): ClassFacts {
    const { node } = method;
    const { fresh } = this.#parts;
    const name = method.name.replaceAll(/[^\p{ID_Continue}$]/gu, '');
    const members = nodes(child(node, 'body'), 'body').filter(
      (member) => !isTypeOnly(member) && optional(member, 'value')?.type !== 'TSEmptyBodyFunctionExpression',
    );
    const isPrivate = (member: Node): boolean => optional(member, 'key')?.type === 'PrivateIdentifier';
    const own = members.filter((member) => !flag(member, 'static') && member.type !== 'StaticBlock');
    const fieldNames = (list: readonly Node[]): string[] =>
      list
        .filter((member) => member.type === 'PropertyDefinition' && isPrivate(member))
        .map((member) => `#${text(child(member, 'key'), 'name')}`);
    const hasPrivates = own.some(isPrivate);
    const keys = members.filter((member) => flag(member, 'computed')).map((member) => child(member, 'key'));
    return {
      method,
      home: {
        name: fresh(`$${name}`),
        kind: 'functionName',
        declaration: node,
        owner: method.parent === null ? null : node,
        scope: node,
        source: node,
        references: this.#references.get(method) ?? [],
        exportedAs: [],
        imported: null,
        copyOf: null,
        initialisedAt: node.start,
        isCaptured: true,
        isAssigned: false,
        maybeEarly: false,
        needsBox: false,
      },
      instanceCode: fresh(`$${name}$i`),
      staticCode: fresh(`$${name}$s`),
      generators: new Map(),
      members,
      superclass: optional(node, 'superClass'),
      keys,
      privateFields: fieldNames(own),
      hasPrivates,
      staticFields: fieldNames(members.filter((member) => flag(member, 'static'))),
      instanceUnits: this.#units(method, own, keys),
      staticUnits: this.#units(
        method,
        members.filter((member) => !own.includes(member)),
        keys,
      ),
      hasElements: hasPrivates || own.some(({ type }) => type === 'PropertyDefinition'),
    };
  }

  /** What is evaluated apart, out of a class's elements of one kind. */
  #units(method: Method, members: readonly Node[], keys: readonly Node[]): readonly FieldUnit[] {
    const isMadeHere = method.parent !== null && this.isLowered(method.parent);
    const { scopes, fresh } = this.#parts;
    const units = unitsOf(members, { isMadeHere, keys, globals: scopes.globals }).map((unit): FieldUnit => ({
      ...unit,
      method: this.#byNode.get(unit.member) ?? null,
      name: fresh('$field'),
    }));
    for (const unit of unitMethods(units)) this.#deferred.add(unit);
    return units;
  }

  /** What puts private fields and fields with computed keys on an object must stand in the class, and so must constructors. */
  #placeUnits({ method, members, instanceUnits, staticUnits }: ClassFacts): void {
    for (const unit of [...instanceUnits, ...staticUnits]) {
      const key = optional(unit.member, 'key');
      const isInside = key?.type === 'PrivateIdentifier' || unit.keyIndex !== null;
      if (isInside && unit.method !== null) this.#need(unit.member, [unit.method], method, null);
    }
    if (instanceUnits.length === 0) return;
    const constructor = members.find((member) => member['kind'] === 'constructor');
    const made = constructor === undefined ? undefined : this.#byNode.get(child(constructor, 'value'));
    if (made !== undefined) this.#need(made.node, [made], method, null);
  }

  /** @param chain the methods around, from the innermost; class members begin a new one below their class */
  #visit(node: Node, chain: readonly Method[]): void {
    const method = this.#byNode.get(node);
    const inner = method === undefined ? chain : [method, ...chain];
    if (isClass(node)) {
      for (const part of classParts(node)) this.#visit(part, chain);
      for (const member of nodes(child(node, 'body'), 'body')) {
        if (isTypeOnly(member)) continue;
        if (member.type === 'StaticBlock') this.#visit(member, inner);
        else if (member.type === 'MethodDefinition') this.#visit(child(member, 'value'), inner);
        else this.#initialiser(member, inner);
      }
      return;
    }
    if (node.type === 'PrivateIdentifier') this.#private(node, inner);
    else if (node.type === 'Super') this.#super(node, inner);
    else if (isSuperCall(node)) {
      this.#superCall(child(node, 'callee'), inner);
      for (const argument of nodes(node, 'arguments')) this.#visit(argument, inner);
      return;
    }
    for (const below of runtimeChildren(node)) this.#visit(below, inner);
  }

  #initialiser(member: Node, chain: readonly Method[]): void {
    const value = optional(member, 'value');
    const method = this.#byNode.get(member);
    if (value !== null) this.#visit(value, method === undefined ? chain : [method, ...chain]);
  }

  #private(node: Node, chain: readonly Method[]): void {
    const owner = this.#parts.scopes.privates.get(node);
    const target = owner === undefined ? undefined : this.#byNode.get(owner);
    if (target !== undefined) this.#need(node, chain, target, null);
  }

  #super(node: Node, chain: readonly Method[]): void {
    const member = chain.find(({ form }) => form !== 'arrow');
    const target = member?.parent;
    if (member === undefined || target?.form !== 'class') return;
    this.#need(node, chain, target, member.isStatic ? 'static' : 'instance');
  }

  #superCall(node: Node, chain: readonly Method[]): void {
    const [method] = chain;
    if (method?.form !== 'derived' || method.parent === null) {
      this.findings.push({
        offset: node.start,
        what: "'super(…)' in an arrow function",
        instead: "'super(…)' in the constructor itself",
      });
      return;
    }
    this.#refer(method.parent, node, method);
  }

  #need(node: Node, chain: readonly Method[], target: Method, superOf: Place['superOf']): void {
    const [innermost] = chain;
    if (innermost === undefined) return;
    this.#refer(target, node, innermost);
    const of = this.factsOf(target);
    for (const method of chain) {
      if (method === target) break;
      const known = this.#places.get(method);
      if (known === undefined || known.of.method.node.start < target.node.start)
        this.#places.set(method, { of, superOf: known?.of === of ? (superOf ?? known.superOf) : superOf });
      else if (known.of === of && superOf !== null) this.#places.set(method, { of, superOf });
    }
  }

  #refer(target: Method, node: Node, within: Method): void {
    this.#references.get(target)?.push({ node, role: 'read', shorthand: false, within: within.node });
  }

  /** The class's name inside itself is another way to say the variable that holds it. */
  #adoptName(method: Method): void {
    const { scopes, source } = this.#parts;
    const binding = scopes.bindings.find(
      ({ kind, source: from }) => kind === 'className' && from === method.node,
    );
    if (binding === undefined) return;
    const { home } = this.factsOf(method);
    const parts = classParts(method.node);
    // At the top level of a module its name means the same wherever its code stands.
    const isDeclared = method.parent === null && method.node.type === 'ClassDeclaration';
    for (const reference of binding.references) {
      const { node, shorthand, role } = reference;
      if (node === binding.declaration || role === 'declares') continue;
      if (parts.some((part) => node.start >= part.start && node.end <= part.end)) {
        this.findings.push({
          offset: node.start,
          what: `the class '${binding.name}' in what it extends, or in a key`,
          instead: 'a function that is called later',
        });
        continue;
      }
      (home.references as Reference[]).push({ ...reference, role: 'read' });
      if (isDeclared) continue;
      source.edit(node.start, node.end, shorthand ? `${binding.name}: ${home.name}` : home.name);
    }
  }
}

/** The position after which a constructor surely has its `this`: the end of a statement `super(…)`. */
function readyAt(constructorNode: Node): number {
  const statement = nodes(child(constructorNode, 'body'), 'body').find((candidate) => {
    const call = optional(candidate, 'expression');
    return call !== null && isSuperCall(call);
  });
  return statement?.end ?? Infinity;
}

/** The function whose `this` an arrow has. */
export function selfOwner(method: Method): Method {
  let at = method;
  while (at.form === 'arrow' && at.parent !== null) at = at.parent;
  return at;
}

/** Variables around a class that its code uses. */
export function classNames(facts: ClassFacts): readonly string[] {
  return [facts.home.name, ...facts.generators.values(), facts.instanceCode, facts.staticCode];
}

/** Whether its constructor is run for the elements alone: to put them on an object again. */
export function needsPrologue({ hasPrivates, hasElements, superclass }: ClassFacts): boolean {
  return hasPrivates || (hasElements && superclass !== null);
}
