import type { CodeId, MethodId } from '../../core/ids.ts';
import type { TickPoint } from './ir.ts';
import type { Format } from './plain.ts';
import type { WholeOptions } from './whole.ts';
import type { Digest } from '../../core/ports.ts';

export interface CompileOptions {
  /** The module's name within its package, with `/`: `census.ts`, `lib/words.ts`. Method ids start with it. */
  readonly path: string;
  readonly digest: Digest;
  /** What generated code imports `$` from: a URL or `godwit/runtime`. */
  readonly runtimeSpecifier: string;
  /** Rewrites the specifier of each import and re-export (static, or dynamic with a literal); identity to leave them. */
  readonly rewriteSpecifier: (specifier: string) => string;
  /** Safe points wherever the source defines one, not only where time can pass: for `verify`. Default: false. */
  readonly dense?: boolean;
  /** The whole file, top-level code and all, belongs to the execution: for `verify --all`. Default: null. */
  readonly whole?: WholeOptions | null;
  /** Default: `module`. */
  readonly format?: Format;
  /** What the source was made from, when another tool came first: every line that is spoken of is one of that text. */
  readonly origin?: SourceOrigin | null;
}

/** The text that an author wrote, of a source that was made from it. */
export interface SourceOrigin {
  readonly source: string;
  /**
   * @param line in the source, from 1
   * @param column in the source, from 0
   * @returns from 1; 0 where that place stands for nothing that was written
   */
  lineOf(line: number, column: number): number;
}

/** A place in a method where its state can be captured. */
export interface CompiledSite {
  /** From 1, ascending in evaluation order. */
  readonly pc: number;
  /**
   * `entry`, `round`, `return`: where a method begins, a loop begins a round, a call has come back. `effect`: an effect that
   * is awaited as it is started; it can be started again from there. `begin`: where a generator has been made.
   */
  readonly kind: TickPoint | 'call' | 'await' | 'effect' | 'begin' | 'yield';
  /** In the original source, from 1. */
  readonly line: number;
}

export interface CompiledMethod {
  readonly id: MethodId;
  readonly name: string;
  readonly code: CodeId;
  readonly isAsync: boolean;
  /** Number of declared parameters (the function's `length`). */
  readonly length: number;
  readonly exported: boolean;
  readonly line: number;
  readonly sites: readonly CompiledSite[];
  /** What its snapshots hold, by the names that its author gave; temporaries are left out. */
  readonly held: readonly HeldVariable[];
}

/** A variable that is needed after a safe point. */
export interface HeldVariable {
  readonly name: string;
  /** Of the safe points that it is needed after, in the original source, ascending, once each. */
  readonly lines: readonly number[];
}

/** Something in a movable file that cannot be moved (yet), and what to write instead. */
export interface Refusal {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What stands there: `class 'Crawler'`. */
  readonly what: string;
  /** What to write instead. */
  readonly instead: string;
}

export type CompileOutcome =
  | {
      readonly kind: 'compiled';
      readonly code: string;
      /** How Node.js has to load the code: whole scripts and CommonJS modules stay what they are, strictness included. */
      readonly format: 'module' | 'commonjs';
      /** Source map version 3, as JSON. */
      readonly sourceMap: string;
      /** Empty for a module without the directive: only its types were erased. */
      readonly methods: readonly CompiledMethod[];
      /** Specifiers as written, before `rewriteSpecifier`, in order, once each; type-only imports left out. */
      readonly imports: readonly string[];
    }
  /** Every refusal of the file, in order; syntax errors included. */
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };
