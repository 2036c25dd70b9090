import { packageHash } from '../../core/ids.ts';
import type { CompiledMethod, CompileOutcome, Refusal } from '../compiler/index.ts';
import {
  type BundleOutcome,
  type BundlePorts,
  type PackageContent,
  type PackagedMethod,
  type PackagedModule,
  packageFormatVersion,
} from './contract.ts';
import { importMetaSpecifier, type SourceScan, scanSource } from './source-scan.ts';
import {
  commonFolder,
  fileOf,
  metaFileOf,
  packageName,
  reference,
  relativeSpecifier,
  specifierKind,
} from './specifiers.ts';

/** A source file on its way into the package. */
interface SourceModule {
  readonly url: string;
  readonly scan: SourceScan;
  /** The file that each relative specifier names. */
  readonly targets: ReadonlyMap<string, string>;
}

/**
 * Bundles a file and everything that it imports by relative path, compiled.
 *
 * @param entryUrl `file:` URL of the file that was named
 */
export function bundle(entryUrl: string, ports: BundlePorts): BundleOutcome {
  const refusals: Refusal[] = [];
  const modules = readModules(entryUrl, ports, refusals);
  const base = commonFolder(modules.map(({ url }) => url));
  const marker = `godwit-${ports.digest.sha256(encodeText(modules.map(({ scan }) => scan.source).join('\0'))).slice(0, 24)}`;
  const packaged: PackagedModule[] = [];
  const methods: PackagedMethod[] = [];
  for (const module of modules) {
    const path = pathWithin(base, module.url);
    const outcome = compileOne(module, { path, base, marker }, ports);
    if (outcome.kind === 'refused') {
      refusals.push(...outcome.refusals);
      continue;
    }
    packaged.push({
      path,
      code: outcome.code,
      sourceMap: outcome.sourceMap,
      packages: [
        ...new Set(outcome.imports.filter((name) => specifierKind(name) === 'package').map(packageName)),
      ].toSorted(),
      readsImportMeta: module.scan.readsImportMeta,
    });
    methods.push(...outcome.methods.map((method) => packagedMethod(method, path)));
  }
  if (refusals.length > 0) return { kind: 'refused', refusals };
  return {
    kind: 'bundled',
    package: seal(
      {
        formatVersion: packageFormatVersion,
        compilerVersion: ports.compilerVersion,
        base,
        entry: pathWithin(base, entryUrl),
        marker,
        modules: packaged.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
        methods: methods.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      },
      ports,
    ),
  };
}

/** Follows relative imports from the entry; what cannot be found is refused where it is imported. */
function readModules(entryUrl: string, ports: BundlePorts, refusals: Refusal[]): SourceModule[] {
  const modules = new Map<string, SourceModule>();
  const waiting = [entryUrl];
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    if (modules.has(url)) continue;
    const source = ports.files.read(url);
    if (source === null) {
      refusals.push(
        refusal(url, { line: 1, column: 1 }, 'a file that is not there', 'the path of a file that exists'),
      );
      continue;
    }
    const scan = scanSource(url, source);
    const targets = new Map<string, string>();
    for (const found of scan.imports) {
      const target = targetOf(found.specifier, url, ports);
      if (typeof target === 'string') {
        targets.set(found.specifier, target);
        waiting.push(target);
      } else if (target !== null) {
        refusals.push(refusal(url, found, `import '${found.specifier}'`, target.instead));
      }
    }
    modules.set(url, { url, scan, targets });
  }
  return [...modules.values()].toSorted((a, b) => (a.url < b.url ? -1 : 1));
}

const moduleName = /\.(?:ts|js|mts|mjs)$/;

/** The URL of the file, null when it is no part of the package, or what to write instead. */
function targetOf(
  specifier: string,
  from: string,
  ports: BundlePorts,
): string | { readonly instead: string } | null {
  const kind = specifierKind(specifier);
  if (kind === 'private') return { instead: 'a relative path: the package.json with that name stays behind' };
  if (kind !== 'relative') return null;
  const url = new URL(specifier, from).href;
  if (!moduleName.test(url)) return { instead: 'a module that ends in .ts, .js, .mts or .mjs' };
  // TypeScript lets `./words.js` name the file words.ts.
  for (const candidate of [url, url.replace(/\.js$/, '.ts'), url.replace(/\.mjs$/, '.mts')]) {
    if (ports.files.read(candidate) !== null) return candidate;
  }
  return { instead: `the path of a file that exists: there is no ${url}` };
}

function compileOne(
  module: SourceModule,
  place: { readonly path: string; readonly base: string; readonly marker: string },
  ports: BundlePorts,
): CompileOutcome {
  return ports.compile(module.scan.source, {
    path: place.path,
    digest: ports.digest,
    runtimeSpecifier: reference(place.marker, 'runtime'),
    rewriteSpecifier: (specifier) => {
      if (specifier === importMetaSpecifier) return relativeSpecifier(place.path, metaFileOf(place.path));
      const target = module.targets.get(specifier);
      if (target !== undefined) return relativeSpecifier(place.path, fileOf(pathWithin(place.base, target)));
      return specifierKind(specifier) === 'godwit' ? reference(place.marker, specifier) : specifier;
    },
  });
}

function packagedMethod(method: CompiledMethod, module: string): PackagedMethod {
  const { id, code, name, line, isAsync, exported, length } = method;
  return { id, code, module, name, line, isAsync, exported, length };
}

function seal(
  content: PackageContent,
  ports: BundlePorts,
): Extract<BundleOutcome, { kind: 'bundled' }>['package'] {
  // The order of the keys is that of the literals above, so the text is canonical.
  const bytes = encodeText(JSON.stringify(content));
  return { hash: packageHash(ports.digest.sha256(bytes)), bytes, content };
}

function pathWithin(base: string, url: string): string {
  return decodeURIComponent(url.slice(base.length));
}

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function refusal(
  url: string,
  place: { readonly line: number; readonly column: number },
  what: string,
  instead: string,
): Refusal {
  return {
    path: decodeURIComponent(new URL(url).pathname),
    line: place.line,
    column: place.column,
    what,
    instead,
  };
}
