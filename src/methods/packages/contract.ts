import type { CodeId, MethodId, PackageHash } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import type { CompileOptions, CompileOutcome, Refusal } from '../compiler/index.ts';

/** The layout of a package's bytes; part of its hash. */
export const packageFormatVersion = 2;

/** How packages may be called: part of a key in the store, and no path. */
export const packageTitlePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Where `bundle` reads source files from. */
export interface SourceFiles {
  /**
   * @param url `file:` URL
   * @returns the text of the file, or null when there is none
   */
  read(url: string): string | null;
}

export interface BundlePorts {
  readonly files: SourceFiles;
  readonly digest: Digest;
  readonly compile: (source: string, options: CompileOptions) => CompileOutcome;
  /** Part of the package's hash: another compiler makes other code. */
  readonly compilerVersion: number;
}

export interface PackagedModule {
  /** Within the package, with `/`: `census.ts`, `lib/words.ts`. */
  readonly path: string;
  readonly code: string;
  /** Source map version 3, as JSON. */
  readonly sourceMap: string;
  /** Names of npm packages that it imports; each host links its own copy of them. */
  readonly packages: readonly string[];
  /** Whether it reads `import.meta`, which goes on to describe the original file. */
  readonly readsImportMeta: boolean;
}

/** Where a method belongs, as its author wrote it in `export const affinity`. An empty list asks for nothing. */
export interface AuthoredAffinity {
  /** The host must carry all of these: `gpu`, `cpu:arm64`. */
  readonly labels: readonly string[];
  /** The host's rack must be one of these. */
  readonly racks: readonly string[];
  /** Ids of methods whose executions are to be near. */
  readonly near: readonly string[];
  /** Ids of methods whose executions must not share its host. */
  readonly apart: readonly string[];
  /** A host that has `orders` carries the label `data:orders`. */
  readonly data: readonly string[];
}

export interface PackagedMethod {
  readonly id: MethodId;
  readonly code: CodeId;
  readonly module: string;
  readonly name: string;
  /** In the original source, from 1. */
  readonly line: number;
  readonly isAsync: boolean;
  readonly exported: boolean;
  /** Number of declared parameters. */
  readonly length: number;
  /** Null when its author declares nothing. */
  readonly affinity: AuthoredAffinity | null;
  /** Methods that it starts as executions of their own, itself or in what it calls, as the code says; sorted. */
  readonly starts: readonly MethodId[];
}

/** A bundle of methods: one or more files with everything that they import by relative path. */
export interface PackageContent {
  readonly formatVersion: number;
  readonly compilerVersion: number;
  /** What people call it; of those of one name the newest is meant. */
  readonly name: string;
  /** `file:` URL of the folder that all modules were under, ending in `/`. */
  readonly base: string;
  /** The module whose methods may be named alone: `census.ts`. */
  readonly entry: string;
  /** Stands in the code for what each host has elsewhere: see `reference`. Occurs nowhere else in it. */
  readonly marker: string;
  /** By path. */
  readonly modules: readonly PackagedModule[];
  /** By id. */
  readonly methods: readonly PackagedMethod[];
}

export interface Package {
  /** SHA-256 of `bytes`. */
  readonly hash: PackageHash;
  /** The canonical form: the same sources at the same place always give the same bytes. */
  readonly bytes: Uint8Array;
  readonly content: PackageContent;
}

export type BundleOutcome =
  | { readonly kind: 'bundled'; readonly package: Package }
  /** What cannot be moved or found, in all files, by file and place. */
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

/** Where this host keeps what compiled modules import from godwit itself. */
export interface Installation {
  /** `file:` URL of the module that generated code imports its runtime from. */
  readonly runtime: string;
  /**
   * @param specifier as the program wrote it: `godwit`, `godwit/testing`
   * @returns `file:` URL, or null when this godwit has no such module
   */
  resolve(specifier: string): string | null;
}
