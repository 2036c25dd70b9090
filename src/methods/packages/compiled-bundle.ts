import * as v from 'valibot';
import { codeId, methodId } from '../../core/ids.ts';
import type { CompiledMethod, CompileOptions, CompileOutcome } from '../compiler/index.ts';
import { scanSource } from './source-scan.ts';

/** Stands at the end of a file that a bundler made, and whose methods were compiled there. */
export const compiledMark = '//# godwit: compiled';

const marked = /^\/\/# godwit: compiled (\{.*\})$/m;

/** A method of such a file, without what only its code needs. */
const schema = v.object({
  compilerVersion: v.number(),
  methods: v.array(
    v.object({
      id: v.pipe(v.string(), v.transform(methodId)),
      name: v.string(),
      code: v.pipe(v.string(), v.transform(codeId)),
      isAsync: v.boolean(),
      length: v.number(),
      line: v.number(),
    }),
  ),
});

/** @returns the line that ends a compiled file */
export function compiledMarkOf(methods: readonly CompiledMethod[], compilerVersion: number): string {
  const described = methods.map(({ id, name, code, isAsync, length, line }) => ({
    id,
    name,
    code,
    isAsync,
    length,
    line,
  }));
  return `${compiledMark} ${JSON.stringify({ compilerVersion, methods: described })}`;
}

/** The methods of a file that a bundler made, by the line at its end; null for other files. */
export function methodsOfBundle(source: string): v.InferOutput<typeof schema> | null {
  const text = marked.exec(source)?.[1];
  if (text === undefined) return null;
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/**
 * Takes a file that was compiled when it was bundled as it is: no line of it moves.
 *
 * @returns null for a file that is still to be compiled
 */
export function takeBundle(
  source: string,
  options: CompileOptions,
  compilerVersion: number,
): CompileOutcome | null {
  const made = methodsOfBundle(source);
  if (made === null) return null;
  const refusal = (what: string, instead: string): CompileOutcome => ({
    kind: 'refused',
    refusals: [{ path: options.path, line: 1, column: 1, what, instead }],
  });
  if (made.compilerVersion !== compilerVersion) {
    return refusal(
      `a bundle of compiler version ${made.compilerVersion} (this godwit has ${compilerVersion})`,
      'the same with this version: build it again',
    );
  }
  const { imports } = scanSource('bundle.mjs', source);
  const lines = source.split('\n');
  // From the end, so that what was found before stays where it is.
  for (const { specifier, line, column } of imports.toReversed()) {
    const text = lines[line - 1] ?? '';
    const rewritten = JSON.stringify(options.rewriteSpecifier(specifier));
    const end = text.indexOf(text[column - 1] ?? '"', column);
    lines[line - 1] = text.slice(0, column - 1) + rewritten + text.slice(end + 1);
  }
  return {
    kind: 'compiled',
    code: lines.join('\n'),
    format: 'module',
    sourceMap: JSON.stringify({ version: 3, sources: [], names: [], mappings: '' }),
    methods: made.methods.map((method) => ({ ...method, exported: true, sites: [], held: [] })),
    imports: [...new Set(imports.map(({ specifier }) => specifier))],
  };
}
