import type { Node } from './syntax.ts';

/**
 * `className` is the name that a class has inside itself; a declared class has an outer one (`class`) as well.
 * `enum` and `namespace` are seen only before they are translated (translation.ts).
 */
export type BindingKind =
  | 'var'
  | 'let'
  | 'const'
  | 'using'
  | 'parameter'
  | 'function'
  | 'functionName'
  | 'class'
  | 'className'
  | 'import'
  | 'catch'
  | 'enum'
  | 'namespace';

/** One use of a variable's name. `declares` is the one in its declaration. */
export interface Reference {
  readonly node: Node;
  readonly role: 'read' | 'write' | 'readWrite' | 'declares';
  /** `{ x }`: the name is a property's key too. */
  readonly shorthand: boolean;
  /** The innermost unit around it; null at the top level. */
  readonly within: Node | null;
}

/** What an import binds: `name` is the exported name, or `*` for all of the module. */
export interface Imported {
  readonly source: string;
  readonly name: string;
}

export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly declaration: Node;
  /** The unit that owns it; null at the top level. */
  readonly owner: Node | null;
  /** The block, class or function in which it is visible. */
  readonly scope: Node;
  /** Its `VariableDeclarator`, import, function or class; itself where there is none. */
  readonly source: Node;
  readonly references: readonly Reference[];
  /** Names under which the module exports it. */
  readonly exportedAs: readonly string[];
  readonly imported: Imported | null;
  /** For a `var` of a body whose parameters have an environment of their own: the parameter whose value it starts with. */
  readonly copyOf: Binding | null;
  /** The offset at whose end it surely has its value; the start of its scope where that is so from the beginning. */
  readonly initialisedAt: number;
  /** Whether a unit other than its owner uses it. */
  readonly isCaptured: boolean;
  /** Whether its value may change after its initialisation. */
  readonly isAssigned: boolean;
  /**
   * Whether a use may come before the initialisation, so that it must be checked (never for `var` and functions). Uses by
   * other modules, in a cycle of imports, are not among its references: whoever compiles those checks them there.
   */
  readonly maybeEarly: boolean;
  /**
   * Whether closures must share it with its owner: it is captured, and is assigned later, or a closure over it may be made
   * before it has its value. All other captured variables can be copied into the closure.
   */
  readonly needsBox: boolean;
}

/** What a unit takes from outside, its nested units included. */
export interface Captures {
  /** In order of first use. Variables of the module's own scope are not among them. */
  readonly bindings: readonly Binding[];
  /** Each true only where an arrow (or the code of arrows) takes it from a unit further out. */
  readonly thisValue: boolean;
  readonly argumentsObject: boolean;
  readonly newTarget: boolean;
  readonly superMember: boolean;
  /** Classes around it whose private names it uses. */
  readonly privates: readonly Node[];
}

/**
 * A *unit* is what runs as a function of its own: functions, static blocks (`StaticBlock`), field initialisers
 * (`PropertyDefinition` or `AccessorProperty` with a value; their computed keys belong to the unit around).
 */
export interface Scopes {
  readonly bindings: readonly Binding[];
  /** The binding of a name as it stands at a node; absent for globals. */
  readonly byNode: ReadonlyMap<Node, Binding>;
  /** Names that nothing in the module declares, at each place; `arguments` of functions among them. */
  readonly globals: ReadonlyMap<Node, string>;
  /** Globals that the source assigns: in sloppy code that makes them. */
  readonly assignedGlobals: ReadonlySet<string>;
  /** Every identifier of the source, so that generated names can avoid them. */
  readonly names: ReadonlySet<string>;
  /** All units, each after those around it. */
  readonly units: readonly Node[];
  /** For each `this`, `super`, `new.target` and `arguments` the unit whose it is; null for the top level's. */
  readonly contexts: ReadonlyMap<Node, Node | null>;
  /** For each private name, where it is used, the class that declares it. */
  readonly privates: ReadonlyMap<Node, Node>;
  /** Functions in blocks of sloppy code: the function's own `var` that each also assigns where it stands. */
  readonly annexB: ReadonlyMap<Node, Binding>;
  /** Direct calls of `eval`, `with` statements, `var arguments`: names may mean anything there. */
  readonly dynamic: readonly Node[];
  /** In order of declaration; null for the top level. */
  bindingsOf(owner: Node | null): readonly Binding[];
  /** Units directly inside, in source order. */
  unitsIn(unit: Node | null): readonly Node[];
  /** The unit around; null at the top level. */
  parentOf(unit: Node): Node | null;
  capturesOf(unit: Node): Captures;
  isStrict(unit: Node | null): boolean;
}
