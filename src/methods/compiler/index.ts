import type { CompileOutcome } from './contract.ts';

export type {
  CompiledMethod,
  CompiledSite,
  CompileOptions,
  CompileOutcome,
  HeldVariable,
  Refusal,
  SourceOrigin,
} from './contract.ts';
export { type Builds, compileBuilds, compileModule } from './module.ts';

/** Part of every package's hash: code of another version is other code. */
export const compilerVersion = 1;

/** `crawl.ts:12:5 class 'Crawler' cannot be moved. Write: …` for each, one per line. */
export function refusalText(refused: CompileOutcome & { readonly kind: 'refused' }): string {
  return refused.refusals
    .map(
      ({ path, line, column, what, instead }) =>
        `${path}:${line}:${column} ${what} cannot be compiled. Write: ${instead}`,
    )
    .join('\n');
}
