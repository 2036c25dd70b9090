import { parseSync } from 'oxc-parser';
import type { ReadMap } from './source-map.ts';

/** A part of a bundled file: what came from one movable module, in one piece. */
export interface Piece {
  /** Index of the module's file among the map's sources. */
  readonly source: number;
  readonly start: number;
  readonly end: number;
}

export interface BundledParts {
  readonly pieces: readonly Piece[];
  /** Sources that have statements in common with others: a minifier has joined them. */
  readonly joined: ReadonlySet<number>;
  /** Import declarations of godwit itself, as they are written: the compiler knows its functions by them. */
  readonly imports: readonly string[];
}

interface Statement {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly source?: { readonly value?: unknown } | null;
}

/**
 * Finds what came from movable modules among the top-level statements of a bundled file, by its source map.
 *
 * @param isMovable which of a source's statements are to be compiled: all of them, or those that say so themselves
 */
export function findPieces(
  code: string,
  map: ReadMap,
  isMovable: (source: number, statement: string) => boolean,
): BundledParts {
  const body = parseSync('bundle.js', code).program.body as unknown as readonly Statement[];
  const places = new Places(code, map);
  const pieces: Piece[] = [];
  const joined = new Set<number>();
  const imports: string[] = [];
  let isOpen = false;
  for (const { type, start, end, source: from } of body) {
    if (type === 'ImportDeclaration') {
      if (String(from?.value).split('/')[0] === 'godwit') imports.push(code.slice(start, end));
      continue;
    }
    // How imports look in CommonJS.
    if (type === 'VariableDeclaration' && required.test(code.slice(start, end))) continue;
    const sources = places.sourcesWithin(start, end);
    const [source] = sources;
    // Helpers of the bundler stand for no source, and may stand in the middle of a module.
    if (source === undefined) {
      if (type.startsWith('Export')) isOpen = false;
      continue;
    }
    if (![...sources].some((one) => isMovable(one, code.slice(start, end)))) {
      isOpen = false;
      continue;
    }
    if (sources.size > 1) {
      for (const one of sources) joined.add(one);
      isOpen = false;
      continue;
    }
    const last = pieces.at(-1);
    if (isOpen && last?.source === source) pieces[pieces.length - 1] = { ...last, end };
    else pieces.push({ source, start, end });
    isOpen = true;
  }
  return { pieces: pieces.filter(({ source }) => !joined.has(source)), joined, imports };
}

const required = /^(?:var|const|let) [\w$]+ = (?:[\w$]+\()?require\(/;

/** Where the segments of a map stand in a text. */
class Places {
  readonly #map: ReadMap;
  readonly #lineStarts: readonly number[];

  constructor(code: string, map: ReadMap) {
    this.#map = map;
    this.#lineStarts = lineStartsOf(code);
  }

  /** The sources that a part of the text came from. */
  sourcesWithin(start: number, end: number): ReadonlySet<number> {
    const found = new Set<number>();
    for (let line = lineAt(this.#lineStarts, start); line < this.#lineStarts.length; line += 1) {
      const lineStart = this.#lineStarts[line] ?? 0;
      if (lineStart >= end) break;
      for (const { column, source } of this.#map.lines[line] ?? []) {
        const at = lineStart + column;
        if (at >= start && at < end) found.add(source);
      }
    }
    return found;
  }
}

/** Offsets at which lines begin. */
export function lineStartsOf(code: string): readonly number[] {
  const starts = [0];
  for (let at = code.indexOf('\n'); at !== -1; at = code.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The line, from 0, that an offset stands in. */
export function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
