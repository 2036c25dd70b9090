import { parseSync } from 'oxc-parser';
import { eraseAround } from './erasure.ts';
import { resolveScopes, type Scopes } from './scopes.ts';
import { SourceText, withoutMarks } from './source-text.ts';
import type { Node } from './syntax.ts';
import { type Format, translate } from './translation.ts';

export type { Format } from './translation.ts';

export interface PlainOptions {
  /** Its extension says whether there are types in it. */
  readonly path: string;
  readonly format: Format;
}

/** Something in a source that cannot be plain JavaScript. */
export interface PlainFinding {
  /** In the source as written. */
  readonly offset: number;
  readonly what: string;
  readonly instead: string;
}

export type PlainOutcome =
  | {
      readonly kind: 'plain';
      /** Nothing of TypeScript in it exists at run time. */
      readonly program: Node;
      /** The text that the nodes stand in: as written, or translated, line by line. Types in it are erased by edits. */
      readonly source: SourceText;
      readonly scopes: Scopes;
      /** Names of the top level that were enums or namespaces: their objects come from code alone. */
      readonly spaces: ReadonlySet<string>;
    }
  | { readonly kind: 'refused'; readonly findings: readonly PlainFinding[] };

/**
 * Parses a source as plain JavaScript. Types are erased; enums, namespaces, `import =`, parameter properties and
 * `accessor` fields are translated, each on its own lines; names that are imported for types only are taken out.
 */
export function parsePlain(source: string, options: PlainOptions): PlainOutcome {
  const written = parse(source, languageOf(options.path), options);
  if (written.kind === 'refused') return written;
  const { program } = written;
  const text = new SourceText(source);
  const scopes = resolveScopes(program);
  const { inerasable, changes } = eraseAround(program, text, scopes);
  if (inerasable.length === 0 && !changes) {
    return { kind: 'plain', program, source: text, scopes, spaces: new Set() };
  }
  const refused = [...inerasable, ...translate(program, text, scopes, options.format)];
  if (refused.length > 0) {
    const findings = refused.map(({ node, what, instead }) => ({ offset: node.start, what, instead }));
    return { kind: 'refused', findings };
  }
  const translated = withoutMarks(text.slice(0, source.length));
  const again = parse(translated, 'js', options);
  if (again.kind === 'refused') return again;
  const spaces = scopes.bindings.filter(
    ({ owner, scope, source: from }) =>
      owner === null &&
      scope === program &&
      (from.type === 'TSEnumDeclaration' || from.type === 'TSModuleDeclaration'),
  );
  return {
    kind: 'plain',
    program: again.program,
    source: new SourceText(translated),
    scopes: resolveScopes(again.program),
    spaces: new Set(spaces.map(({ name }) => name)),
  };
}

type Language = 'ts' | 'tsx' | 'js' | 'jsx';

function languageOf(path: string): Language {
  if (path.endsWith('.tsx')) return 'tsx';
  if (path.endsWith('.jsx')) return 'jsx';
  return /\.[cm]?js$/.test(path) ? 'js' : 'ts';
}

type Parsed =
  | { readonly kind: 'parsed'; readonly program: Node }
  | { readonly kind: 'refused'; readonly findings: readonly PlainFinding[] };

function parse(source: string, lang: Language, { path, format }: PlainOptions): Parsed {
  const parsed = parseSync(path, source, { sourceType: format, lang });
  if (parsed.errors.length === 0) return { kind: 'parsed', program: parsed.program as unknown as Node };
  return {
    kind: 'refused',
    findings: parsed.errors.map((error) => ({
      offset: error.labels[0]?.start ?? 0,
      what: `a syntax error (${error.message})`,
      instead: 'what the grammar of TypeScript allows',
    })),
  };
}
