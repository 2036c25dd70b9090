import { type Described, type LineRow, linesIn, type SiteRow, sitesIn } from '../../core/code-tables.ts';
import type { AsyncGeneratorState } from './async-generators.ts';
import type { Depth } from './depths.ts';
import type { GeneratorState } from './generators.ts';
import type { PromiseRecord } from './promise-records.ts';
import { nothingSpoken, type SpokenNames } from './spoken-errors.ts';

export type { Combinator, Job, PromiseRecord, Reaction } from './promise-records.ts';

/** The code of one movable method, as its module registered it with this thread. */
export interface MethodCode {
  /** `census.ts#census`. */
  readonly id: string;
  /** Hash of the method's code, layout and sites: frames of other code are never resumed by this one. */
  readonly code: string;
  readonly name: string;
  readonly path: string;
  readonly isAsync: boolean;
  readonly line: number;
  /** The author's name of each variable of a frame; empty for temporaries. */
  readonly layout: readonly string[];
  /** Whether frames keep the object that `new` makes by it. */
  readonly constructs: boolean;
  /** By position, from 1: kind, original line, indexes of the variables that are live there. */
  readonly sites: readonly SiteRow[];
  /** Generated line and position of each site, in the function itself and in its resume body. */
  readonly fastLines: readonly LineRow[];
  readonly resumeLines: readonly LineRow[];
  readonly fastHash: string;
  readonly resumeHash: string;
  readonly stepHash: string;
}

export type AnyFunction = (...args: unknown[]) => unknown;

/** @param mode how a generator is gone on with: see `modes`; with what was `sent` */
export type StepBody = (frame: Frame, mode: number, sent: unknown, depth?: Depth) => unknown;

export interface LoadedMethod {
  readonly meta: MethodCode;
  /** The function itself, where there is just one: a factory makes those that stand inside others. */
  fast: AnyFunction | null;
  readonly resume: ((frame: Frame) => unknown) | null;
  /** What a generator goes on with where it was left; null for whatever else. */
  readonly step: StepBody | null;
  /** Makes the function out of what it has captured; null where there is just one. */
  readonly factory: AnyFunction | null;
  /** `plain`, `async`, `generator`, `asyncGenerator` or `class`. */
  readonly kind: string;
  /** By position: 1 once a dense build has passed that point. Of no length, so that nothing is noted, unless somebody looks. */
  passed: Uint8Array;
  /** Names of its module's code that errors may say, and what they stand for: see `spoken-errors.ts`. */
  spoken: SpokenNames;
}

export const nothingNoted = new Uint8Array();

/** A compiled method. Its description is read when it is needed first: most are loaded and never captured. */
export class CompiledMethod implements LoadedMethod {
  fast: AnyFunction | null = null;
  passed = nothingNoted;
  spoken = nothingSpoken;
  readonly resume: LoadedMethod['resume'];
  readonly factory: AnyFunction | null;
  readonly kind: string;
  readonly step: StepBody | null;
  readonly #described: string;
  #meta: MethodCode | null = null;

  constructor(
    described: string,
    resume: LoadedMethod['resume'],
    factory: AnyFunction | null,
    kind: string,
    step: StepBody | null,
  ) {
    this.kind = kind;
    this.step = step;
    this.#described = described;
    this.resume = resume;
    this.factory = factory;
  }

  get meta(): MethodCode {
    this.#meta ??= readMethod(JSON.parse(this.#described) as Described, this.kind);
    return this.#meta;
  }
}

function readMethod(described: Described, kind: string): MethodCode {
  const [path, id, code, name, line, layout, constructs, sites, fast, resume, ...hashes] = described;
  const [fastHash, resumeHash, stepHash] = hashes;
  return {
    id: `${path}#${id}`,
    code,
    name,
    path,
    isAsync: kind === 'async',
    line,
    layout,
    constructs: constructs === 1,
    sites: sitesIn(sites),
    fastLines: linesIn(fast),
    resumeLines: linesIn(resume),
    fastHash,
    resumeHash,
    stepHash,
  };
}

/** One activation of a method at rest. */
export interface Frame {
  readonly method: LoadedMethod;
  /** Which site it stands at. An activation that waits again keeps its frame. */
  pc: number;
  vars: readonly unknown[];
  /** The promise that an asynchronous method settles, or the generator whose code it is; null for others. */
  readonly task: PromiseRecord | GeneratorState | AsyncGeneratorState | null;
  /** The object that `new` is making by this activation; null when it was just called. */
  readonly made: object | null;
}
