import { vlqText, vlqValues } from '../core/vlq.ts';
import type { SourceOrigin } from '../methods/compiler/index.ts';

/** What a source map (version 3) says, as far as it is needed here. */
export interface ReadMap {
  readonly sources: readonly string[];
  readonly contents: readonly (string | null)[];
  /** For each line (from 0) its segments, by ascending column. */
  readonly lines: readonly (readonly Segment[])[];
}

/** From 0, all of them. */
export interface Segment {
  readonly column: number;
  readonly source: number;
  readonly line: number;
  readonly sourceColumn: number;
}

interface MapDocument {
  readonly mappings?: unknown;
  readonly sources?: unknown;
  readonly sourceRoot?: unknown;
  readonly sourcesContent?: unknown;
}

/** @returns null when it is no source map that says anything */
export function readMap(map: unknown): ReadMap | null {
  const document = (typeof map === 'string' ? parsed(map) : map) as MapDocument | null;
  if (typeof document !== 'object' || document === null || typeof document.mappings !== 'string') return null;
  const root = typeof document.sourceRoot === 'string' ? document.sourceRoot : '';
  const sources = (Array.isArray(document.sources) ? document.sources : []).map(
    (one) => `${root}${String(one)}`,
  );
  const contents = Array.isArray(document.sourcesContent) ? document.sourcesContent : [];
  return {
    sources,
    contents: sources.map((_, index) => {
      const content: unknown = contents[index];
      return typeof content === 'string' ? content : null;
    }),
    lines: decodeMappings(document.mappings),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function decodeMappings(mappings: string): readonly (readonly Segment[])[] {
  let source = 0;
  let line = 0;
  let sourceColumn = 0;
  return mappings.split(';').map((text) => {
    const segments: Segment[] = [];
    let column = 0;
    for (const encoded of text === '' ? [] : text.split(',')) {
      const fields = vlqValues(encoded);
      column += fields[0] ?? 0;
      if (fields.length < 4) continue;
      source += fields[1] ?? 0;
      line += fields[2] ?? 0;
      sourceColumn += fields[3] ?? 0;
      segments.push({ column, source, line, sourceColumn });
    }
    return segments;
  });
}

/**
 * What a text was made from, as its map says: the lines of one of the map's sources.
 *
 * @param index which source; null for the only one
 */
export function originOf(map: ReadMap, index: number | null): SourceOrigin | null {
  const source = index ?? (map.sources.length === 1 ? 0 : null);
  const content = source === null ? null : map.contents[source];
  if (source === null || content === null || content === undefined) return null;
  const lines = map.lines.map((segments) => segments.filter((one) => one.source === source));
  return {
    source: content,
    lineOf(line, column) {
      // What the map is silent about belongs to what stands before it.
      for (let at = line - 1; at >= 0; at -= 1) {
        const segments = lines[at] ?? [];
        const found = at === line - 1 ? segments.findLast((one) => one.column <= column) : segments.at(-1);
        if (found !== undefined) return found.line + 1;
        if (at === line - 1 && segments[0] !== undefined) return segments[0].line + 1;
      }
      return 0;
    },
  };
}

const inlineMap = /\n\/\/[#@] ?sourceMappingURL=data:application\/json[^,\n]*;base64,([A-Za-z0-9+/=]+)\s*$/;

/** Parts a text from the map that stands at its end. */
export function splitInlineMap(code: string): { readonly code: string; readonly map: ReadMap | null } {
  const found = inlineMap.exec(code);
  if (found === null) return { code, map: null };
  return {
    code: code.slice(0, found.index + 1),
    map: readMap(Buffer.from(found[1] ?? '', 'base64').toString()),
  };
}

/** A text with its map at its end, as Node.js reads it. */
export function withInlineMap(code: string, map: string): string {
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;
}

/** @returns the map as a document, without names */
export function writeMap(map: ReadMap): SourceMapDocument {
  let source = 0;
  let line = 0;
  let sourceColumn = 0;
  const mappings = map.lines.map((segments) => {
    let column = 0;
    return segments
      .map((one) => {
        const fields = [
          one.column - column,
          one.source - source,
          one.line - line,
          one.sourceColumn - sourceColumn,
        ];
        ({ column, source, line, sourceColumn } = one);
        return vlqText(fields);
      })
      .join(',');
  });
  const { sources, contents } = map;
  return { version: 3, names: [], sources, sourcesContent: contents, mappings: mappings.join(';') };
}

/** A source map (version 3), ready to be written as JSON. */
export interface SourceMapDocument {
  readonly version: 3;
  readonly names: readonly string[];
  readonly sources: readonly string[];
  readonly sourcesContent: readonly (string | null)[];
  readonly mappings: string;
}
