import { childOf, childrenOf, nameOf, type SyntaxNode } from './source-tree.ts';

/** Where a name of a file comes from. */
export type NameOrigin =
  /** JavaScript itself, or what surrounds it. */
  | { readonly kind: 'global' }
  | { readonly kind: 'node'; readonly imported: string }
  | { readonly kind: 'godwit'; readonly imported: string }
  | { readonly kind: 'package'; readonly specifier: string }
  /** The file itself, or another of the same program. */
  | { readonly kind: 'own' };

/** The names that a file imports or declares at its top level. */
export class ImportedNames {
  readonly #origins = new Map<string, NameOrigin>();

  constructor(program: SyntaxNode) {
    for (const statement of childrenOf(program, 'body')) {
      if (statement.type === 'ImportDeclaration') this.#import(statement);
      else this.#declare(childOf(statement, 'declaration') ?? statement);
    }
  }

  /** @param name as it is written: `fetch`, `net.Socket` */
  originOf(name: string): NameOrigin {
    const [first = '', ...rest] = name.split('.');
    const origin = this.#origins.get(first);
    if (origin === undefined) return { kind: 'global' };
    const last = rest.at(-1);
    return last !== undefined && (origin.kind === 'node' || origin.kind === 'godwit')
      ? { ...origin, imported: last }
      : origin;
  }

  #import(statement: SyntaxNode): void {
    const specifier = String(childOf(statement, 'source')?.['value']);
    for (const one of childrenOf(statement, 'specifiers')) {
      const local = nameOf(childOf(one, 'local'));
      const imported = nameOf(childOf(one, 'imported')) || local;
      this.#origins.set(local, originOf(specifier, imported));
    }
  }

  #declare(declaration: SyntaxNode): void {
    const own: NameOrigin = { kind: 'own' };
    const name = nameOf(childOf(declaration, 'id'));
    if (name !== '') this.#origins.set(name, own);
    for (const declarator of childrenOf(declaration, 'declarations')) {
      this.#origins.set(nameOf(childOf(declarator, 'id')), own);
    }
  }
}

const builtins = new Set(
  'assert buffer child_process cluster crypto dgram dns events fs http http2 https inspector module net os path perf_hooks process readline stream timers tls url util v8 vm worker_threads zlib'.split(
    ' ',
  ),
);

function originOf(specifier: string, imported: string): NameOrigin {
  if (/^\.{1,2}\/|^\/|^file:/.test(specifier)) return { kind: 'own' };
  if (specifier === 'godwit' || specifier.startsWith('godwit/')) return { kind: 'godwit', imported };
  if (specifier.startsWith('node:') || builtins.has(specifier.split('/')[0] ?? ''))
    return { kind: 'node', imported };
  return { kind: 'package', specifier };
}
