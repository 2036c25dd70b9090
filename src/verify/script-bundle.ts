import { readFileSync } from 'node:fs';

/** Several files as one script, and where each of its lines comes from. */
export interface ScriptBundle {
  readonly text: string;
  /** The file and line of a line of the text, both from 1; null for what was added. */
  readonly placeOf: (line: number) => { readonly file: string; readonly line: number } | null;
}

interface Segment {
  readonly file: string | null;
  readonly text: string;
}

const directive = /^(?:#!.*\n)?(?:\s|\/\/.*|\/\*[^]*?\*\/)*(['"])use strict\1/;

/**
 * Scripts that share a realm, as one: what each declares at its top is seen by those that follow. It is strict if its last
 * one is.
 */
export function bundleScripts(files: readonly string[]): ScriptBundle {
  const segments: Segment[] = files.map((file) => ({
    file,
    text: withoutHashbang(readFileSync(file, 'utf8')),
  }));
  const last = segments.at(-1)?.text ?? '';
  return joined(directive.test(last) ? [{ file: null, text: "'use strict';" }, ...segments] : segments);
}

function withoutHashbang(text: string): string {
  return text.replace(/^#!.*/, '');
}

function joined(segments: readonly Segment[]): ScriptBundle {
  const places: ({ readonly file: string; readonly line: number } | null)[] = [];
  for (const { file, text } of segments) {
    for (const [index] of text.split('\n').entries())
      places.push(file === null ? null : { file, line: index + 1 });
  }
  return {
    text: segments.map(({ text }) => text).join('\n'),
    placeOf: (line) => places[line - 1] ?? null,
  };
}
