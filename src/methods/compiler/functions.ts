import type { Binding, Scopes } from './scopes.ts';
import {
  child,
  classParts,
  flag,
  isClass,
  isFunction,
  isSuperCall,
  isTypeOnly,
  keyName,
  isWrapper,
  type Node,
  nodes,
  optional,
  runtimeChildren,
  text,
  unwrap,
} from './syntax.ts';

/**
 * What the function object can do: be constructed; bind `this` and `arguments` of its own; neither. The others stand in
 * the text of a class: its constructor, that of a class that extends another, its methods and accessors, static blocks, and
 * initialisers of fields, which are no functions of their own; and the class itself.
 */
export type FunctionForm =
  | 'function'
  | 'member'
  | 'arrow'
  | 'class'
  | 'constructor'
  | 'derived'
  | 'classMember'
  | 'block'
  | 'initialiser';

export type FunctionKind = 'plain' | 'async' | 'generator' | 'asyncGenerator';

/** A function of a module that becomes movable, and a unit of code of its own. */
export interface Method {
  /** Within the module: `census`, `census.count`, `census.~` for one without a name; unique. */
  readonly id: string;
  /** The function's `name`. */
  readonly name: string;
  /** The function itself. */
  readonly node: Node;
  readonly index: number;
  /** The movable function around it; null at the top level of the module. */
  readonly parent: Method | null;
  readonly form: FunctionForm;
  readonly kind: FunctionKind;
  /** The variable that holds it: of the module, or of the function around it when it is declared there. */
  readonly binding: Binding | null;
  readonly exported: boolean;
  /** Whether it is a static part of a class. */
  readonly isStatic: boolean;
}

/** Whether it has bodies of its own, wherever it stands; fields have them where they may be captured (`class-fields.ts`). */
export function isLowered({ form }: Method): boolean {
  return form !== 'class' && form !== 'initialiser';
}

/** Whether it stands in the text of a class, and comes to be with it. */
export function standsInClass({ form }: Method): boolean {
  return ['constructor', 'derived', 'classMember', 'block', 'initialiser'].includes(form);
}

export function hasDirective(body: readonly Node[]): boolean {
  return body.some((statement) => statement['directive'] === 'use movable');
}

interface FindOptions {
  readonly isMovableFile: boolean;
  /** Functions that stay native: those that are passed to `effect`. */
  readonly isNative: (node: Node) => boolean;
}

/** The whole of a module as one function, and the functions in it. */
export function findWhole(
  program: Node,
  scopes: Scopes,
  kind: FunctionKind,
  isNative: (node: Node) => boolean,
): readonly Method[] {
  return new Finder(scopes, { isMovableFile: true, isNative }).whole(program, kind);
}

/** The functions of a module that become movable, each before those inside it. */
export function findMethods(program: Node, scopes: Scopes, options: FindOptions): readonly Method[] {
  return new Finder(scopes, options).module(program);
}

class Finder {
  readonly #options: FindOptions;
  readonly #found: Method[] = [];
  readonly #ids = new Map<string, number>();
  readonly #bindings: ReadonlyMap<Node, Binding>;

  constructor(scopes: Scopes, options: FindOptions) {
    this.#options = options;
    this.#bindings = new Map(scopes.bindings.map((binding) => [binding.declaration, binding]));
  }

  whole(program: Node, kind: FunctionKind): readonly Method[] {
    const body = this.#add({
      name: '',
      node: program,
      parent: null,
      form: 'arrow',
      binding: null,
      exported: true,
      isStatic: false,
    });
    const method: Method = { ...body, id: '', kind };
    this.#found[0] = method;
    this.#inside(program, method);
    return this.#found;
  }

  module(program: Node): readonly Method[] {
    const reexported = new Set(
      nodes(program, 'body').flatMap((statement) =>
        statement.type === 'ExportNamedDeclaration' && optional(statement, 'source') === null
          ? nodes(statement, 'specifiers').map((specifier) => text(child(specifier, 'local'), 'name'))
          : [],
      ),
    );
    for (const statement of nodes(program, 'body')) {
      if (isTypeOnly(statement)) continue;
      const declaration = optional(statement, 'declaration') ?? statement;
      const exported = declaration !== statement;
      if (declaration.type === 'FunctionDeclaration') {
        const id = optional(declaration, 'id');
        const name = id === null ? 'default' : text(id, 'name');
        this.#top(declaration, name, id, exported || reexported.has(name));
      } else if (declaration.type === 'ClassDeclaration') {
        const id = optional(declaration, 'id');
        const name = id === null ? 'default' : text(id, 'name');
        this.#topClass(declaration, statement, id, exported || reexported.has(name));
      } else if (declaration.type === 'VariableDeclaration' && declaration['kind'] === 'const') {
        for (const declarator of nodes(declaration, 'declarations')) {
          const init = optional(declarator, 'init');
          const id = child(declarator, 'id');
          if (init === null || id.type !== 'Identifier') continue;
          if (isClass(unwrap(init)))
            this.#topClass(unwrap(init), declarator, id, exported || reexported.has(text(id, 'name')));
          if (!isFunction(unwrap(init))) continue;
          this.#top(unwrap(init), text(id, 'name'), id, exported || reexported.has(text(id, 'name')));
        }
      }
    }
    return this.#found;
  }

  #top(node: Node, name: string, id: Node | null, exported: boolean): void {
    const body = child(node, 'body');
    const own = body.type === 'BlockStatement' && hasDirective(nodes(body, 'body'));
    if (!this.#options.isMovableFile && !own) return;
    const binding = id === null ? null : (this.#bindings.get(id) ?? null);
    const form = formOf(node, null);
    const method = this.#add({ name, node, parent: null, form, binding, exported, isStatic: false });
    this.#inside(node, method);
  }

  #topClass(node: Node, around: Node, id: Node | null, exported: boolean): void {
    if (!this.#options.isMovableFile) return;
    this.#class(node, null, around, id === null ? null : (this.#bindings.get(id) ?? null), exported);
  }

  /** A class, and what stands in its text; what it extends and its keys belong to the code around. */
  #class(node: Node, parent: Method | null, around: Node, binding: Binding | null, exported: boolean): void {
    const id = optional(node, 'id');
    const name = id === null ? nameFrom(around, node) : text(id, 'name');
    if (parent !== null) for (const part of classParts(node)) this.#visit(part, parent, part);
    const isStatic = false;
    const made = this.#add({ name, node, parent, form: 'class', binding, exported, isStatic });
    for (const member of nodes(child(node, 'body'), 'body'))
      if (!isTypeOnly(member)) this.#member(member, made);
  }

  #member(member: Node, parent: Method): void {
    const isStatic = flag(member, 'static') || member.type === 'StaticBlock';
    const given = { parent, binding: null, exported: false, isStatic };
    if (member.type === 'StaticBlock') {
      const block = this.#add({ ...given, name: 'static', node: member, form: 'block' });
      return this.#inside(member, block);
    }
    const value = optional(member, 'value');
    if (value === null || isTypeOnly(value)) return;
    const name = `${isStatic ? 'static ' : ''}${nameFrom(member, value)}`;
    if (member.type !== 'MethodDefinition') {
      const initialiser = this.#add({ ...given, name, node: member, form: 'initialiser' });
      return this.#visit(value, initialiser, member);
    }
    const isDerived = optional(parent.node, 'superClass') !== null;
    const constructs = isDerived ? 'derived' : 'constructor';
    const form = member['kind'] === 'constructor' ? constructs : 'classMember';
    this.#inside(value, this.#add({ ...given, name, node: value, form }));
  }

  #add(given: Omit<Method, 'id' | 'index' | 'kind'>): Method {
    const isInside = given.parent !== null && given.parent.id !== '';
    const plain = `${isInside ? `${given.parent.id}.` : ''}${given.name === '' ? '~' : given.name}`;
    const count = this.#ids.get(plain) ?? 0;
    this.#ids.set(plain, count + 1);
    const { length } = this.#found;
    const method: Method = {
      ...given,
      id: count === 0 ? plain : `${plain}~${count + 1}`,
      index: length,
      kind: kindOf(given.node),
    };
    this.#found.push(method);
    return method;
  }

  /** Everything below a node that belongs to `parent`. */
  #inside(node: Node, parent: Method, around: Node = node): void {
    for (const below of runtimeChildren(node)) this.#visit(below, parent, around);
  }

  #visit(below: Node, parent: Method, around: Node): void {
    if (isClass(below)) return this.#class(below, parent, around, null, false);
    if (!isFunction(below)) return this.#inside(below, parent, isWrapper(below) ? around : below);
    if (this.#options.isNative(below)) return;
    const id = optional(below, 'id');
    const name = id === null ? nameFrom(around, below) : text(id, 'name');
    const declared = below.type === 'FunctionDeclaration' && id !== null ? this.#bindings.get(id) : undefined;
    const method = this.#add({
      name,
      node: below,
      parent,
      form: formOf(below, around),
      binding: declared ?? this.#constant(around, below),
      exported: false,
      isStatic: false,
    });
    this.#inside(below, method);
  }

  /** The constant that a function is the initial value of. */
  #constant(around: Node, node: Node): Binding | null {
    if (around.type !== 'VariableDeclarator' || unwrap(child(around, 'init')) !== node) return null;
    const binding = this.#bindings.get(child(around, 'id'));
    return binding?.kind === 'const' ? binding : null;
  }
}

function formOf(node: Node, around: Node | null): FunctionForm {
  if (node.type === 'ArrowFunctionExpression') return 'arrow';
  if (flag(node, 'async') || flag(node, 'generator')) return 'member';
  if (around?.type === 'Property' && isMember(around)) return 'member';
  return around?.type === 'MethodDefinition' ? 'member' : 'function';
}

function isMember(property: Node): boolean {
  return flag(property, 'method') || property['kind'] === 'get' || property['kind'] === 'set';
}

function kindOf(node: Node): FunctionKind {
  if (flag(node, 'generator')) return flag(node, 'async') ? 'asyncGenerator' : 'generator';
  return flag(node, 'async') ? 'async' : 'plain';
}

/** The name that an anonymous function takes from where it stands (ECMA-262, NamedEvaluation); empty if none, or computed. */
function nameFrom(around: Node, node: Node): string {
  const named = (target: Node): string => (target.type === 'Identifier' ? text(target, 'name') : '');
  switch (around.type) {
    case 'VariableDeclarator':
      return named(child(around, 'id'));
    case 'AssignmentExpression': {
      const names = ['=', '&&=', '||=', '??='].includes(text(around, 'operator'));
      return names && unwrap(child(around, 'right')) === node ? named(child(around, 'left')) : '';
    }
    case 'AssignmentPattern':
      return named(child(around, 'left'));
    case 'Property':
    case 'PropertyDefinition':
    case 'MethodDefinition': {
      if (flag(around, 'computed')) return '';
      const key = keyName(child(around, 'key'));
      const kind = around['kind'];
      return kind === 'get' || kind === 'set' ? `${kind} ${key}` : key;
    }
    case 'ExportDefaultDeclaration':
      return 'default';
    default:
      return '';
  }
}

/** What a method takes from the functions around it, besides what stands at the top level of the module. */
export interface Captures {
  /** In the order of their declarations. */
  readonly bindings: readonly Binding[];
  /** Its own variable, when that is only ever itself. */
  readonly self: Binding | null;
  /** An arrow's: of the function whose `this`, `arguments` or `new.target` it uses. */
  readonly outer: readonly OuterValue[];
}

/** `home`: a box with the object literal in which a method that says `super` stands. */
export type OuterKind = 'this' | 'arguments' | 'new.target' | 'home';

/** `this`, `arguments`, `new.target` or the home of one function. */
export interface OuterValue {
  readonly kind: OuterKind;
  readonly of: Method;
}

/** Where `this`, `arguments` and `new.target` stand, by the method that they belong to. */
export interface OuterUse {
  readonly node: Node;
  readonly value: OuterValue;
  /** Whether an arrow that is a method of its own stands between: then it is captured. A home always is. */
  readonly isCaptured: boolean;
  /** Methods whose code contains it, from the innermost up to the one that it belongs to. */
  readonly within: readonly Method[];
  /** Whether the node is to be spelled as the value: `super` uses `this` without saying it. */
  readonly isSpelled: boolean;
}

/** Finds the uses of `this`, `arguments` and `new.target` in movable functions. */
export function outerUses(methods: readonly Method[], scopes: Scopes): readonly OuterUse[] {
  const byNode = new Map(methods.map((method) => [method.node, method]));
  const uses: OuterUse[] = [];
  const use = (node: Node, kind: OuterKind, within: readonly Method[], isSpelled: boolean): void => {
    const owner = within.at(-1);
    // An arrow at the top level of a module has nothing of its own, and nothing around it.
    if (owner === undefined || owner.form === 'arrow') return;
    const isCaptured = kind === 'home' || within.length > 1;
    uses.push({ node, value: { kind, of: owner }, isCaptured, within, isSpelled });
  };
  const visit = (node: Node, within: readonly Method[]): void => {
    for (const below of runtimeChildren(node)) visitNode(below, within);
  };
  const visitNode = (node: Node, within: readonly Method[]): void => {
    if (isClass(node)) return visitClass(node, within);
    if (isFunction(node)) {
      const method = byNode.get(node);
      const isArrow = node.type === 'ArrowFunctionExpression';
      if (method !== undefined) visit(node, isArrow ? [method, ...within] : [method]);
      else visit(node, isArrow ? within : []);
      return;
    }
    if (node.type === 'Super') {
      use(node, 'this', within, false);
      if (within.at(-1)?.form === 'member') use(node, 'home', within, true);
      return;
    }
    if (isSuperCall(node)) {
      use(child(node, 'callee'), 'new.target', within, false);
      for (const argument of nodes(node, 'arguments')) visitNode(argument, within);
      return;
    }
    const kind = outerKind(node, scopes);
    if (kind !== null) use(node, kind, within, true);
    visit(node, within);
  };
  // Members of classes have `this` of their own; what is extended and keys have the surrounding one.
  const visitClass = (node: Node, within: readonly Method[]): void => {
    for (const part of classParts(node)) visitNode(part, within);
    for (const member of nodes(child(node, 'body'), 'body')) {
      if (isTypeOnly(member)) continue;
      const method = byNode.get(member);
      const own = method === undefined ? [] : [method];
      const value = optional(member, 'value');
      if (member.type === 'StaticBlock') visit(member, own);
      else if (value !== null) visitNode(value, own);
    }
  };
  for (const method of methods) {
    if (method.parent !== null) continue;
    if (method.form === 'class') visitNode(method.node, []);
    else visit(method.node, [method]);
  }
  return uses;
}

function outerKind(node: Node, scopes: Scopes): OuterKind | null {
  if (node.type === 'ThisExpression') return 'this';
  if (node.type === 'MetaProperty') return text(child(node, 'meta'), 'name') === 'new' ? 'new.target' : null;
  return node.type === 'Identifier' && scopes.globals.get(node) === 'arguments' ? 'arguments' : null;
}
