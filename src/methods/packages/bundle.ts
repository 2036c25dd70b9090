import type { MethodId } from '../../core/ids.ts';
import { packageHash } from '../../core/ids.ts';
import type { CompiledMethod, CompileOptions, CompileOutcome, Refusal } from '../compiler/index.ts';
import {
  type AuthoredAffinity,
  type BundleOutcome,
  type BundlePorts,
  type PackageContent,
  type PackagedMethod,
  type PackagedModule,
  packageFormatVersion,
} from './contract.ts';
import { takeBundle } from './compiled-bundle.ts';
import { type AffinityScan, readAffinity } from './declared-affinity.ts';
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
import { callGraph, callsOf } from './static-calls.ts';

/** A source file on its way into the package. */
interface SourceModule {
  readonly url: string;
  readonly scan: SourceScan;
  /** The file that each relative specifier names. */
  readonly targets: ReadonlyMap<string, string>;
}

/** What is to become one package. */
export interface BundleRoots {
  readonly name: string;
  /** `file:` URLs. */
  readonly files: readonly [string, ...string[]];
  /** The one of them whose methods may be named alone. */
  readonly entry: string;
}

/**
 * Bundles files and everything that they import by relative path, compiled.
 *
 * @param roots the `file:` URL of one file, or several with a name
 */
export function bundle(roots: string | BundleRoots, ports: BundlePorts): BundleOutcome {
  const { name, files, entry } = typeof roots === 'string' ? alone(roots) : roots;
  const refusals: Refusal[] = [];
  const modules = readModules(files, ports, refusals);
  const base = commonFolder(modules.map(({ url }) => url));
  const marker = `godwit-${ports.digest.sha256(encodeText(modules.map(({ scan }) => scan.source).join('\0'))).slice(0, 24)}`;
  const packaged: PackagedModule[] = [];
  const compiled: { readonly path: string; readonly methods: readonly CompiledMethod[] }[] = [];
  const declared = new Map<string, AuthoredAffinity>();
  for (const module of modules) {
    const path = pathWithin(base, module.url);
    const affinity = readAffinity(path, module.scan.source);
    const outcome = compileOne(module, affinity.source, { path, base, marker }, ports);
    refusals.push(...affinity.refusals);
    if (outcome.kind === 'refused') {
      refusals.push(...outcome.refusals);
      continue;
    }
    refusals.push(...misdeclared(path, affinity, outcome.methods));
    for (const [method, { affinity: authored }] of affinity.declared) {
      declared.set(`${path}#${method}`, authored);
    }
    packaged.push({
      path,
      code: outcome.code,
      sourceMap: outcome.sourceMap,
      packages: [
        ...new Set(outcome.imports.filter((one) => specifierKind(one) === 'package').map(packageName)),
      ].toSorted(),
      readsImportMeta: module.scan.readsImportMeta,
    });
    compiled.push({ path, methods: outcome.methods });
  }
  if (refusals.length > 0) return { kind: 'refused', refusals };
  const starts = graphOf(modules, base);
  const methods = compiled.flatMap(({ path, methods: inModule }) =>
    inModule.map((method) => packagedMethod(method, path, declared, starts)),
  );
  return {
    kind: 'bundled',
    package: seal(
      {
        formatVersion: packageFormatVersion,
        compilerVersion: ports.compilerVersion,
        name,
        base,
        entry: pathWithin(base, entry),
        marker,
        modules: packaged.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
        methods: methods.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      },
      ports,
    ),
  };
}

/** A file is called after itself. */
function alone(url: string): BundleRoots {
  const file = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));
  return { name: titleOf(file.replace(/\.[^.]*$/, '')), files: [url], entry: url };
}

/** @returns the text as a package may be called */
export function titleOf(text: string): string {
  const title = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 63);
  return title === '' ? 'package' : title;
}

/** Names in an affinity that the file has no method for. */
function misdeclared(
  path: string,
  { declared }: AffinityScan,
  methods: readonly CompiledMethod[],
): Refusal[] {
  const names = methods.map(({ name }) => name);
  return [...declared].flatMap(([name, { at }]) =>
    names.includes(name)
      ? []
      : [
          {
            path,
            ...at,
            what: `an affinity of '${name}'`,
            instead: `the name of a method of this file: ${names.join(', ')}`,
          },
        ],
  );
}

function graphOf(modules: readonly SourceModule[], base: string): ReadonlyMap<MethodId, readonly MethodId[]> {
  const calls = new Map(
    modules.map(({ url, scan }) => [pathWithin(base, url), callsOf(pathWithin(base, url), scan.source)]),
  );
  const targets = new Map(modules.map((module) => [pathWithin(base, module.url), module.targets]));
  return callGraph(calls, (path, specifier) => {
    const target = targets.get(path)?.get(specifier);
    return target === undefined ? null : pathWithin(base, target);
  });
}

/** Follows relative imports from the roots; what cannot be found is refused where it is imported. */
function readModules(roots: readonly string[], ports: BundlePorts, refusals: Refusal[]): SourceModule[] {
  const modules = new Map<string, SourceModule>();
  const waiting = [...roots];
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
  source: string,
  place: { readonly path: string; readonly base: string; readonly marker: string },
  ports: BundlePorts,
): CompileOutcome {
  const options: CompileOptions = {
    path: place.path,
    digest: ports.digest,
    runtimeSpecifier: reference(place.marker, 'runtime'),
    rewriteSpecifier: (specifier) => {
      if (specifier === importMetaSpecifier) return relativeSpecifier(place.path, metaFileOf(place.path));
      const target = module.targets.get(specifier);
      if (target !== undefined) return relativeSpecifier(place.path, fileOf(pathWithin(place.base, target)));
      return specifierKind(specifier) === 'godwit' ? reference(place.marker, specifier) : specifier;
    },
  };
  return takeBundle(source, options, ports.compilerVersion) ?? ports.compile(source, options);
}

function packagedMethod(
  method: CompiledMethod,
  module: string,
  declared: ReadonlyMap<string, AuthoredAffinity>,
  graph: ReadonlyMap<MethodId, readonly MethodId[]>,
): PackagedMethod {
  const { id, code, name, line, isAsync, exported, length } = method;
  const affinity = declared.get(id) ?? null;
  return { id, code, module, name, line, isAsync, exported, length, affinity, starts: graph.get(id) ?? [] };
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
