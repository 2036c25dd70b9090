import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

/** A node of the syntax tree, as the parser gives it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Import {
  /** As it is written: `./epoch.ts`, `node:fs`, `ws`. */
  readonly specifier: string;
  /** The file that it names, from the root of the repository; null for packages. */
  readonly file: string | null;
  /** Nothing of it is left when the program runs. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly program: SyntaxNode;
  readonly imports: readonly Import[];
  lineAt(offset: number): number;
}

/** The root of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every TypeScript file of these folders. */
export function readSources(folders: readonly string[]): readonly SourceFile[] {
  return folders
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => /\.[cm]?ts$/.test(path) && !path.startsWith('test/fixtures/'))
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

/** Paths of all files in a folder of the repository, in order. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(folder, join(entry.parentPath, entry.name).slice(join(root, folder).length)))
    .toSorted();
}

/** @throws {SyntaxError} naming the file, when it cannot be parsed */
export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text, { sourceType: 'module', lang: 'ts' });
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  const starts = [...text.matchAll(/^/gm)].map(({ index }) => index);
  const lineAt = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1;
  const tree = program as unknown as SyntaxNode;
  return { path, text, program: tree, lineAt, imports: importsOf(path, tree, lineAt) };
}

function importsOf(path: string, program: SyntaxNode, lineAt: (offset: number) => number): readonly Import[] {
  const found: Import[] = [];
  visit(program, (node) => {
    // `import … from`, `export … from`, `import('…')`, and types: import('…').Name.
    const source = node.type === 'TSImportType' ? (node['source'] ?? node['argument']) : node['source'];
    if (!/^(?:Import|Export|TSImport)/.test(node.type) || !isNode(source)) return;
    const literal = isNode(source['literal']) ? source['literal'] : source;
    if (typeof literal['value'] !== 'string') return;
    const specifier = literal['value'];
    const isRelative = specifier.startsWith('.');
    const file = isRelative ? posix.join(posix.dirname(path), specifier) : null;
    found.push({ specifier, file, typeOnly: isTypeOnly(node), line: lineAt(node.start) });
  });
  return found;
}

function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type')
    return true;
  const names = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isNode) : [];
  return (
    names.length > 0 && names.every((name) => name['importKind'] === 'type' || name['exportKind'] === 'type')
  );
}

export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
  );
}

/** Visits a node and all below it, outermost first. */
export function visit(node: SyntaxNode, see: (node: SyntaxNode, parent: SyntaxNode | null) => void): void {
  const go = (at: SyntaxNode, parent: SyntaxNode | null): void => {
    see(at, parent);
    for (const value of Object.values(at)) {
      if (Array.isArray(value)) for (const entry of value) if (isNode(entry)) go(entry, at);
      if (isNode(value)) go(value, at);
    }
  };
  go(node, null);
}
