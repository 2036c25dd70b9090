import { parseSync } from 'oxc-parser';

export interface ScannedImport {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface SourceScan {
  /** Static imports and re-exports, and dynamic imports of a literal; without those that are types only. */
  readonly imports: readonly ScannedImport[];
  /** The source, with another object in the place of `import.meta`; every position is as it was. */
  readonly source: string;
  readonly readsImportMeta: boolean;
}

/** As long as `import.meta`, so that no position changes. */
const importMetaName = '$importMeta';
/** The specifier under which the source imports it. */
export const importMetaSpecifier = 'godwit-import-meta:';

/** Reads what a module imports, whatever the compiler will say of the rest. */
export function scanSource(url: string, source: string): SourceScan {
  const { module } = parseSync(url.slice(url.lastIndexOf('/') + 1), source);
  /** By place: what is imported and exported again is listed twice. */
  const found = new Map<number, string>();
  for (const { moduleRequest, entries } of module.staticImports) {
    const isTypes = entries.length > 0 && entries.every((entry) => entry.isType);
    if (!isTypes) found.set(moduleRequest.start, moduleRequest.value);
  }
  for (const { moduleRequest, isType } of module.staticExports.flatMap(({ entries }) => entries)) {
    if (moduleRequest && !isType) found.set(moduleRequest.start, moduleRequest.value);
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const specifier = literal(source.slice(moduleRequest.start, moduleRequest.end));
    if (specifier !== null) found.set(moduleRequest.start, specifier);
  }
  return {
    imports: [...found].map(([at, specifier]) => ({ specifier, ...placeOf(source, at) })),
    source: withoutImportMeta(source, module.importMetas),
    readsImportMeta: module.importMetas.length > 0,
  };
}

function literal(expression: string): string | null {
  return /^(['"])[^'"\\]*\1$/.test(expression) ? expression.slice(1, -1) : null;
}

function placeOf(source: string, at: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

function withoutImportMeta(
  source: string,
  spans: readonly { readonly start: number; readonly end: number }[],
): string {
  if (spans.length === 0) return source;
  let text = '';
  let at = 0;
  for (const { start, end } of spans) {
    text += source.slice(at, start) + importMetaName.padEnd(end - start);
    at = end;
  }
  return `${text}${source.slice(at)}\nimport ${importMetaName} from '${importMetaSpecifier}';\n`;
}
