import type { FunctionKind } from './functions.ts';

/** Names that one method's bodies use besides its own variables. */
export interface BodyNames {
  readonly gate: string;
  /** The record that describes the method to the runtime. */
  readonly meta: string;
  /** The resume body. */
  readonly resume: string;
  /** What a generator goes on with where it was left. */
  readonly step: string;
  /** The function that stands for a whole module; empty for others. */
  readonly body: string;
  /** Position: which site is being passed. */
  readonly pc: string;
  /** In a resume body: the site to go on from; 0 once it is reached. */
  readonly goal: string;
  readonly frame: string;
  readonly task: string;
  /** In a function that awaits: what stands below it in its job, as far as that only awaits; see `depths.ts` of the runtime. */
  readonly depth: string;
  /** Whether each `await` is a safe point, whatever it awaits. */
  readonly isDense: boolean;
  readonly error: string;
  /** Of a generator: how it is gone on with, with what, and the variables of its frame. */
  readonly mode: string;
  readonly sent: string;
  readonly vars: string;
  /** In a resume body: the object that the function was called on. */
  readonly self: string;
  readonly index: number;
  /** Whether each point that is passed is noted: for `verify`. */
  readonly notesPoints: boolean;
  readonly kind: FunctionKind;
  /** Whether the function may be called by `new`: then what it returns may not be its result. */
  readonly constructs: boolean;
  /** In the constructor of a class that extends another. */
  readonly derived: DerivedNames | null;
}

/** What the constructor of a class that extends another needs in its resume body. */
export interface DerivedNames {
  /** The class itself. */
  readonly home: string;
  /** `new.target`. */
  readonly target: string;
  /** What the constructor returns, and the block that it leaves with it: whether it may is said outside of every `try`. */
  readonly result: string;
  readonly label: string;
  /** Whether the class puts elements of its own on what its parent has made. */
  readonly hasElements: boolean;
}

/** `step`: what a generator goes on with where it was left. */
export type Body = 'fast' | 'resume' | 'step';
