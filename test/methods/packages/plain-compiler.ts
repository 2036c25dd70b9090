import { parseSync } from 'oxc-parser';
import { codeId, methodId } from '../../../src/core/ids.ts';
import type { CompileOptions, CompileOutcome } from '../../../src/methods/compiler/index.ts';

/**
 * A compiler for JavaScript that only rewrites specifiers, and counts exported functions as methods: it shows what
 * bundling asks of a compiler, and that bundling relies on nothing else. A line with `class` is refused.
 */
export function compilePlainly(source: string, options: CompileOptions): CompileOutcome {
  const { program, module } = parseSync(options.path, source);
  const refused = source.split('\n').findIndex((line) => line.startsWith('class '));
  if (refused >= 0) {
    const refusal = { path: options.path, line: refused + 1, column: 1, what: 'class', instead: 'functions' };
    return { kind: 'refused', refusals: [refusal] };
  }
  const requests = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap((entry) => entry.moduleRequest ?? [])),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => {
      return { value: source.slice(start + 1, end - 1), start, end };
    }),
  ]
    .toSorted((a, b) => a.start - b.start)
    .filter((request, index, all) => request.start !== all[index - 1]?.start);
  let code = '';
  let at = 0;
  for (const { value, start, end } of requests) {
    code += `${source.slice(at, start)}'${options.rewriteSpecifier(value)}'`;
    at = end;
  }
  const methods = program.body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || node.declaration?.type !== 'FunctionDeclaration') return [];
    const { id, async: isAsync, params } = node.declaration;
    const name = id?.name ?? '';
    const line = source.slice(0, node.start).split('\n').length;
    const id2 = methodId(`${options.path}#${name}`);
    const code2 = codeId(options.digest.sha256(new TextEncoder().encode(source.slice(node.start, node.end))));
    return [{ id: id2, name, code: code2, isAsync, length: params.length, exported: true, line, sites: [] }];
  });
  return {
    kind: 'compiled',
    code: code + source.slice(at),
    sourceMap: JSON.stringify({ version: 3, sources: [options.path], names: [], mappings: '' }),
    methods,
    imports: [...new Set(requests.map(({ value }) => value))],
  };
}
