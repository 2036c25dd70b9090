import type * as fc from 'fast-check';
import type { Feature } from './features.ts';
import type { Piece } from './pieces.ts';

/** One of several ways to go on; it is open only where its feature is on. */
export interface Choice<T> {
  readonly weight: number;
  readonly feature: Feature | null;
  readonly write: () => T;
}

/** What a variable holds. `number`s are whatever arithmetic leaves; all else is made by the program and keeps its kind. */
export type Kind =
  | 'number'
  | 'list'
  | 'record'
  | 'map'
  | 'set'
  | 'bytes'
  /** A plain function of one number. */
  | 'action'
  /** An asynchronous function of one number. */
  | 'job'
  /** A list of actions. */
  | 'actions'
  /** An object with methods `step` and `peek`, and a property `at`. */
  | 'agent';

export interface Variable {
  readonly name: string;
  readonly kind: Kind;
  readonly isConstant: boolean;
}

export type FunctionKind = 'plain' | 'async' | 'generator' | 'asyncGenerator';

/** A function or class at the top level of the program. */
export interface Callee {
  readonly name: string;
  readonly kind: FunctionKind;
}

export interface ClassName {
  readonly name: string;
  /** Whether its methods are asynchronous as well: `later`. */
  readonly hasLater: boolean;
  readonly hasStatic: boolean;
  readonly ancestor: string | null;
}

/** What the parts of the grammar know of each other. */
export interface Grammar {
  /** An expression whose value is a number, or something else that arithmetic takes; never a text. */
  number(d: Draft, p: Place, size: number): Piece;
  /** Statements, up to so many, for a block of their own. */
  block(d: Draft, p: Place, most: number): Piece;
  /** A function expression of one number. */
  action(d: Draft, p: Place): Piece;
}

/** What one program is written with: chance, the features that are on, and how much room is left. */
export class Draft {
  readonly uses = new Map<Feature, number>();
  readonly callees: Callee[] = [];
  readonly classes: ClassName[] = [];
  /** Functions that other parts of the program need, by name. */
  readonly common = new Map<string, string>();
  functions = 0;
  /** Statements that may still be written. */
  room: number;
  readonly #random: fc.Random;
  readonly #features: ReadonlySet<Feature>;
  readonly #grammar: Grammar;
  #names = 0;

  constructor(random: fc.Random, features: ReadonlySet<Feature>, room: number, grammar: Grammar) {
    this.#random = random;
    this.#features = features;
    this.room = room;
    this.#grammar = grammar;
  }

  number(p: Place, size = 1): Piece {
    return this.#grammar.number(this, p, size);
  }

  block(p: Place, most = 3): Piece {
    return this.#grammar.block(this, p, most);
  }

  action(p: Place): Piece {
    return this.#grammar.action(this, p);
  }

  has(feature: Feature): boolean {
    return this.#features.has(feature);
  }

  note(feature: Feature): void {
    this.uses.set(feature, (this.uses.get(feature) ?? 0) + 1);
  }

  below(count: number): number {
    return this.#random.nextInt(0, count - 1);
  }

  between(least: number, most: number): number {
    return this.#random.nextInt(least, most);
  }

  /** True once in `count` times, and the feature is on; then it counts as used. */
  once(count: number, feature: Feature | null = null): boolean {
    if (feature !== null && !this.has(feature)) return false;
    if (this.below(count) !== 0) return false;
    if (feature !== null) this.note(feature);
    return true;
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  choose<T>(choices: readonly Choice<T>[]): T {
    const open = choices.filter(
      ({ feature, weight }) => weight > 0 && (feature === null || this.has(feature)),
    );
    let left = this.below(open.reduce((sum, { weight }) => sum + weight, 0));
    const chosen = open.find(({ weight }) => (left -= weight) < 0) as Choice<T>;
    if (chosen.feature !== null) this.note(chosen.feature);
    return chosen.write();
  }

  fresh(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  /** Makes a function of the program's common stock available. */
  use(name: string, text: string): string {
    this.common.set(name, text);
    return name;
  }
}

/** Makes one choice; the feature is off unless the draft has it on. */
export function way<T = Piece>(weight: number, feature: Feature | null, write: () => T): Choice<T> {
  return { weight, feature, write };
}

interface PlaceState {
  readonly kind: FunctionKind;
  /** Whether it is in a class with `this`: `number` fields can be read. */
  readonly hasThis: boolean;
  readonly hasSuper: boolean;
  readonly hasArguments: boolean;
  /** Labels of the loops around, innermost last; empty text where a loop has none. */
  readonly loops: readonly string[];
  /** Labels of blocks around. */
  readonly blocks: readonly string[];
  readonly depth: number;
  /** Where nothing is to wait: between tasks whose outcomes nobody holds yet. */
  readonly isQuiet: boolean;
}

/** A place in the program where a statement or an expression goes: what can be seen and done from there. */
export class Place {
  readonly variables: Variable[];
  readonly state: PlaceState;

  private constructor(variables: readonly Variable[], state: PlaceState) {
    this.variables = [...variables];
    this.state = state;
  }

  /** A body at the top level of the program. */
  static body(kind: FunctionKind, more: Partial<PlaceState> = {}): Place {
    return new Place([], { ...emptyState, kind, ...more });
  }

  get awaits(): boolean {
    return (this.state.kind === 'async' || this.state.kind === 'asyncGenerator') && !this.state.isQuiet;
  }

  get yields(): boolean {
    return (this.state.kind === 'generator' || this.state.kind === 'asyncGenerator') && !this.state.isQuiet;
  }

  /** A block or expression within this place. */
  inner(changes: Partial<PlaceState> = {}): Place {
    return new Place(this.variables, { ...this.state, depth: this.state.depth + 1, ...changes });
  }

  /** The body of a function that stands here and sees all that can be seen from here. */
  nested(kind: FunctionKind, changes: Partial<PlaceState> = {}): Place {
    return this.inner({ kind, loops: [], blocks: [], isQuiet: false, ...changes });
  }

  declare(name: string, kind: Kind, isConstant = false): string {
    const shadowed = this.variables.findIndex((variable) => variable.name === name);
    if (shadowed !== -1) this.variables.splice(shadowed, 1);
    this.variables.push({ name, kind, isConstant });
    return name;
  }

  /** Takes back what cannot be seen from a part of it. */
  forget(name: string): void {
    const at = this.variables.findIndex((variable) => variable.name === name);
    if (at !== -1) this.variables.splice(at, 1);
  }

  of(kind: Kind): readonly Variable[] {
    return this.variables.filter((variable) => variable.kind === kind);
  }

  /** Numbers that may be assigned. */
  get slots(): readonly Variable[] {
    return this.variables.filter(({ kind, isConstant }) => kind === 'number' && !isConstant);
  }
}

const emptyState: PlaceState = {
  kind: 'plain',
  hasThis: false,
  hasSuper: false,
  hasArguments: false,
  loops: [],
  blocks: [],
  depth: 0,
  isQuiet: false,
};
