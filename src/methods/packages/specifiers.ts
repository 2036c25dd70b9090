/** What an import's specifier asks for. */
export type SpecifierKind = 'relative' | 'godwit' | 'package' | 'asIs' | 'private';

export function specifierKind(specifier: string): SpecifierKind {
  if (/^\.{1,2}\//.test(specifier)) return 'relative';
  if (specifier === 'godwit' || specifier.startsWith('godwit/')) return 'godwit';
  if (specifier.startsWith('#')) return 'private';
  // A URL (`node:fs`, `data:…`), or an absolute path.
  if (/^[a-z][a-z0-9+.-]*:/i.test(specifier) || specifier.startsWith('/')) return 'asIs';
  return 'package';
}

/** `lodash` of `lodash/fp`, `@scope/name` of `@scope/name/deep`. */
export function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** A module's file on disk: `census.ts` becomes `census.ts.mjs`, so that it is a module whatever surrounds it. */
export const fileOf = (path: string): string => `${path}.mjs`;

/** Beside it, what its `import.meta` was. */
export const metaFileOf = (path: string): string => `${path}.meta.mjs`;

/** A path within a package as a part of a URL. */
export const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** How the module at `from` imports the file `to`, both within the package. */
export function relativeSpecifier(from: string, to: string): string {
  const here = from.split('/').slice(0, -1);
  const there = to.split('/');
  let shared = 0;
  while (shared < here.length && here[shared] === there[shared]) shared += 1;
  const up = here.slice(shared).map(() => '..');
  return [up.length === 0 ? '.' : up.join('/'), encodePath(there.slice(shared).join('/'))].join('/');
}

/** The folder that all of these `file:` URLs are under, ending in `/`. */
export function commonFolder(urls: readonly string[]): string {
  const [first = '', ...others] = urls;
  let folder = first.slice(0, first.lastIndexOf('/') + 1);
  for (const url of others) {
    while (!url.startsWith(folder)) folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  }
  return folder;
}

/** Stands in a package's code for a specifier that each host resolves for itself. */
export const reference = (marker: string, specifier: string): string => `${marker}:${specifier}:`;
