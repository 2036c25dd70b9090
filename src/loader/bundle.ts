import { assert } from '../core/assert.ts';
import type { Digest } from '../core/ports.ts';
import {
  type CompiledMethod,
  compileModule,
  type CompileOutcome,
  compilerVersion,
  refusalText,
  type SourceOrigin,
} from '../methods/compiler/index.ts';
import { findPieces, lineAt, lineStartsOf, type Piece } from './bundled-pieces.ts';
import { compiledMarkOf } from '../methods/packages/compiled-bundle.ts';
import { originOf, type ReadMap, readMap, type Segment } from './source-map.ts';

/** A movable module that a bundler has met. */
export interface MovableModule {
  /** As its author sees it; ids of methods start with it. */
  readonly path: string;
  /** Whether all of the file is movable; else the functions that say so. */
  readonly isWhole: boolean;
  /** Ids of its methods, as its author named them; null where they are not known before it is bundled. */
  readonly methods: readonly string[] | null;
}

export interface BundledFile {
  readonly code: string;
  readonly map: ReadMap;
  /** The movable module that each source of the map is, if it is one. */
  readonly modules: readonly (MovableModule | null)[];
}

export interface CompiledBundle {
  readonly code: string;
  readonly map: ReadMap;
  /** Ids of the methods that can be moved. */
  readonly methods: readonly string[];
  /** What cannot be moved in this bundle, and why. */
  readonly warnings: readonly string[];
}

/**
 * Compiles what is movable in a file that a bundler has finished: nothing may change it afterwards, since the methods'
 * safe points are known by their lines.
 */
export function compileBundle(file: BundledFile, digest: Digest): CompiledBundle {
  const { code, map, modules } = file;
  const { pieces, joined, imports } = findPieces(code, map, (source, statement) => {
    const module = modules[source] ?? null;
    return module !== null && (module.isWhole || /(["'])use movable\1/.test(statement));
  });
  const warnings = [...joined].flatMap((source) => {
    const module = modules[source] ?? null;
    return module === null
      ? []
      : [
          `${module.path} cannot be moved: a minifier has joined it with other files. Build without minifying.`,
        ];
  });
  const text = new BundleText(code, map, imports.map((one) => one.replaceAll('\n', ' ')).join(' '));
  const methods: CompiledMethod[] = [];
  for (const piece of pieces) {
    const module = modules[piece.source];
    if (module === null || module === undefined) continue;
    const outcome = text.compile(piece, module, digest);
    if (outcome.kind === 'refused') {
      warnings.push(`${module.path} cannot be moved as the bundler has written it:\n${refusalText(outcome)}`);
      continue;
    }
    methods.push(...outcome.methods);
  }
  const ids = methods.map(({ id }) => id);
  warnings.push(...renamings(modules, ids));
  const finished = text.finish();
  if (methods.length === 0) return { code, map, methods: ids, warnings };
  const mark = compiledMarkOf(methods, compilerVersion);
  return { code: `${finished.code}\n${mark}\n`, map: finished.map, methods: ids, warnings };
}

/** Methods that go by another name than their author's. */
function renamings(
  modules: readonly (MovableModule | null)[],
  methods: readonly string[],
): readonly string[] {
  const known = new Map(
    modules.flatMap((module) => (module === null ? [] : [[module.path, module.methods]])),
  );
  const strangers = methods.filter(
    (id) => known.get(id.slice(0, id.lastIndexOf('#')))?.includes(id) === false,
  );
  if (strangers.length === 0) return [];
  return [
    `${strangers.join(', ')}: a minifier or bundler has given these methods other names than their author. ` +
      'They can be moved, but only between copies of this very bundle. Build without minifying to keep the names.',
  ];
}

/** Ends what the compiler puts before everything else; then comes what only the compiler needed to see. */
const leadMark = '/*godwit:lead*/';
const pieceMark = '/*godwit:piece*/';
/** One to see how many lines the compiler puts first, one to make up for them. */
const attemptsMax = 4;

/** A bundled file, while its pieces are replaced by compiled ones, from its start to its end. */
class BundleText {
  readonly #code: string;
  readonly #map: ReadMap;
  readonly #imports: string;
  readonly #lineStarts: readonly number[];
  #out = '';
  #lines: Segment[][] = [[]];
  #column = 0;
  #at = 0;

  constructor(code: string, map: ReadMap, imports: string) {
    this.#code = code;
    this.#map = map;
    this.#imports = imports;
    this.#lineStarts = lineStartsOf(code);
  }

  compile(piece: Piece, module: MovableModule, digest: Digest): CompileOutcome {
    this.#copy(piece.start);
    if (this.#column > 0 || this.#lines.length === 1) this.#append('\n', [[], []]);
    const text = this.#code.slice(piece.start, piece.end).replaceAll(/^var /gm, 'const ');
    const taken = `${this.#out}${this.#code}`.match(identifiers) ?? [];
    const reserved = [...new Set(taken)];
    const directive = module.isWhole ? "'use movable';" : '';
    // Names that are used elsewhere in the file are mentioned, so that the compiler makes up others.
    const reserve = `void [${reserved.join(', ')}];`;
    const lead = `${directive}${leadMark} ${this.#imports} ${reserve}`;
    let padding = this.#lines.length - 1;
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const outcome = compileModule(`${lead}${'\n'.repeat(padding)}${pieceMark}${text}`, {
        path: module.path,
        digest,
        runtimeSpecifier: 'godwit/runtime',
        rewriteSpecifier: (specifier) => specifier,
        origin: this.#originOf(piece, padding),
      });
      if (outcome.kind === 'refused' || outcome.methods.length === 0) return outcome;
      const at = outcome.code.indexOf(pieceMark);
      assert(at !== -1, 'the compiler keeps what stands before a function');
      // The compiler's own first lines are not ours to count: the piece is to stand at the line that it is compiled for.
      const surplus = outcome.code.slice(0, at).split('\n').length - this.#lines.length;
      if (surplus === 0) {
        this.#place(piece, outcome, at);
        return outcome;
      }
      if (surplus > padding) this.#append('\n'.repeat(surplus - padding), []);
      padding = Math.max(0, padding - surplus);
    }
    assert(false, 'as many lines stand before a piece whenever it is compiled');
  }

  finish(): { readonly code: string; readonly map: ReadMap } {
    this.#copy(this.#code.length);
    return { code: this.#out, map: { ...this.#map, lines: this.#lines } };
  }

  /** Which line of the author's each line of the text that is compiled stands for. */
  #originOf(piece: Piece, padding: number): SourceOrigin | null {
    const origin = originOf(this.#map, piece.source);
    const firstLine = lineAt(this.#lineStarts, piece.start) + 1;
    const firstColumn = piece.start - (this.#lineStarts[firstLine - 1] ?? 0);
    return {
      source: origin?.source ?? '',
      lineOf: (line, column) => {
        if (line <= padding) return 0;
        const shift = line === padding + 1 ? firstColumn - pieceMark.length : 0;
        return origin?.lineOf(firstLine + line - 1 - padding, column + shift) ?? 0;
      },
    };
  }

  #place(piece: Piece, outcome: CompileOutcome & { readonly kind: 'compiled' }, at: number): void {
    // The runtime is part of the bundle, or imported by it, and has been evaluated before.
    const header = outcome.code
      .slice(0, outcome.code.indexOf(leadMark))
      .replace(
        /^import \{ \$ as ([\w$]+) \} from "[^"]*";/,
        'const $1 = globalThis[Symbol.for("godwit.gate.1")];',
      )
      .replace(/'use movable';$/, '')
      .replaceAll('\n', ' ');
    const body = outcome.code.slice(at + pieceMark.length);
    // The runtime finds out by itself what the file is called: it may be put anywhere.
    const code = body.replace('.module(import.meta.url,', '.module(null,');
    const compiled = readMap(outcome.sourceMap)?.lines.slice(this.#lines.length - 1) ?? [];
    const lines = compiled.map((segments) => segments.map((one) => ({ ...one, source: piece.source })));
    this.#append(`${header}${code}`, lines);
    this.#at = piece.end;
  }

  /** Copies the text up to an offset as it is. */
  #copy(end: number): void {
    const start = this.#at;
    if (start >= end) return;
    const from = lineAt(this.#lineStarts, start);
    const to = lineAt(this.#lineStarts, end);
    const lines: (readonly Segment[])[] = [];
    for (let line = from; line <= to; line += 1) {
      const lineStart = this.#lineStarts[line] ?? 0;
      const first = Math.max(start - lineStart, 0);
      const within = (this.#map.lines[line] ?? []).filter(
        ({ column }) => column >= first && lineStart + column < end,
      );
      lines.push(within.map((one) => ({ ...one, column: one.column - first })));
    }
    this.#append(this.#code.slice(start, end), lines);
    this.#at = end;
  }

  #append(text: string, lines: readonly (readonly Segment[])[]): void {
    this.#out += text;
    const count = text.split('\n').length;
    for (let line = 0; line < count; line += 1) {
      if (line > 0) {
        this.#lines.push([]);
        this.#column = 0;
      }
      const offset = this.#column;
      this.#lines
        .at(-1)
        ?.push(...(lines[line] ?? []).map((one) => ({ ...one, column: one.column + offset })));
    }
    const last = text.lastIndexOf('\n');
    this.#column = last === -1 ? this.#column + text.length : text.length - last - 1;
  }
}

/** Names that the compiler might choose, too. */
const identifiers = /(?<![\w$])[\w$]*\$[\w$]*/g;
