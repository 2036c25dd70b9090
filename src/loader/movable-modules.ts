import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { parseSync } from 'oxc-parser';
import type { Digest } from '../core/ports.ts';
import { compileModule, type Refusal } from '../methods/compiler/index.ts';
import type { MovableModule } from './bundle.ts';
import { isProgramFile, mayBeMovable } from './directive.ts';
import { containsJsx } from './module-format.ts';

/** What a file turned out to be. */
export type Examination =
  | { readonly kind: 'plain' }
  | { readonly kind: 'movable'; readonly module: MovableModule }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

/** The movable files that a build has met, by absolute path. What is refused is told in the author's own lines. */
export class MovableModules {
  readonly #digest: Digest;
  readonly #found = new Map<string, MovableModule>();

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  get(path: string): MovableModule | null {
    return this.#found.get(path) ?? null;
  }

  /**
   * @param id what a bundler calls a file: an absolute path, with a query perhaps
   * @param code the text that the bundler has of it; null to read the file
   */
  examine(id: string, code: string | null): Examination {
    const path = pathOf(id);
    if (path.startsWith('\0') || !isProgramFile(path.split(sep).join('/'))) return { kind: 'plain' };
    if (code !== null && !mayBeMovable(code)) return { kind: 'plain' };
    const source = readFileSync(path, 'utf8');
    if (!mayBeMovable(source)) return { kind: 'plain' };
    const name = relative(process.cwd(), path).split(sep).join('/');
    const isWhole = hasDirective(path, source);
    if (containsJsx(path, source)) return this.#keep(path, { path: name, isWhole, methods: null });
    const outcome = compileModule(source, {
      path: name,
      digest: this.#digest,
      runtimeSpecifier: 'godwit/runtime',
      rewriteSpecifier: (specifier) => specifier,
    });
    if (outcome.kind === 'refused') return outcome;
    if (outcome.methods.length === 0) return { kind: 'plain' };
    return this.#keep(path, {
      path: name,
      isWhole,
      methods: outcome.methods.map(({ id: method }) => method),
    });
  }

  #keep(path: string, module: MovableModule): Examination {
    this.#found.set(path, module);
    return { kind: 'movable', module };
  }
}

export function pathOf(id: string): string {
  return id.replace(/[?#].*$/, '');
}

function hasDirective(path: string, source: string): boolean {
  const body = parseSync(path, source).program.body as unknown as readonly { readonly directive?: unknown }[];
  return body.some(({ directive }) => directive === 'use movable');
}

/** The text without the file's own directive, of which bundlers complain; no position changes. */
export function withoutDirective(code: string): string {
  return code.replace(
    /^(\s*(?:\/\/.*\s*|\/\*[^]*?\*\/\s*|(['"])use [^'"\n]*\2;?\s*)*)(['"])use movable\3/,
    (text, lead: string) => lead + ' '.repeat(text.length - lead.length - 1) + ';',
  );
}
