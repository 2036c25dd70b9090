import type { CompileOptions, CompileOutcome } from './contract.ts';

export type { CompiledMethod, CompiledSite, CompileOptions, CompileOutcome, Refusal } from './contract.ts';

/** Part of every package's hash: code of another version is other code. */
export const compilerVersion = 1;

/**
 * Compiles one ECMAScript module, TypeScript or JavaScript. With the directive `"use movable"` (at the top of the file,
 * or of a function) its methods become movable; without it, only its types are erased.
 */
export declare function compileModule(source: string, options: CompileOptions): CompileOutcome;

/** `crawl.ts:12:5 class 'Crawler': …` for each, one per line. */
export declare function refusalText(refusals: CompileOutcome & { readonly kind: 'refused' }): string;
