import { vlqText } from '../../core/vlq.ts';
import type { SourceOrigin } from './contract.ts';

/** A change to the source: `start` to `end` (offsets) become `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Whether it erases a type, rather than change what the methods do. */
  readonly erases: boolean;
}

// Generated text carries marks until it is complete: an original line at \uFDD1…\uFDD2, a site at \uFDD3…\uFDD4.
const marks = /\uFDD1\d+\uFDD2|\uFDD3\d+:\d+\uFDD4/g;
const lineOpen = 0xfdd1;
const lineClose = '\uFDD2';
const siteOpen = 0xfdd3;
const siteClose = '\uFDD4';
const lineEnd = 10;

/** Stands for a function's own `this`, which its resume body holds in a variable. */
export const selfMark = '\uFDD6';

/** Stands for a function itself, inside of it. */
export const itMark = '\uFDD7';

/** Stands for the variable that holds what is below an activation; see `Emission`. */
export const depthMark = '\uFDDD';

/** Around what a call passes to a callee that is known: it depends on that one's code, and so is no part of the caller's own. */
export const knownMarks = { open: '\uFDDB', close: '\uFDDC' } as const;

/** Around the arguments of `super(…)`, and before the object that it has made; see `Emission`. */
export const superMarks = { open: '\uFDD8', close: '\uFDD9', made: '\uFDDA' } as const;

/** Marks the generated line that holds it as a site of a method. */
export function siteMark(method: number, pc: number): string {
  return `\uFDD3${method}:${pc}\uFDD4`;
}

export function lineMark(line: number): string {
  return `\uFDD1${line}\uFDD2`;
}

/** Whether a source cannot be compiled since it contains the marks itself. */
export function containsMarks(source: string): boolean {
  return /[\uFDD1-\uFDDF]/.test(source);
}

/** One module's source, with the edits that erase types and rename variables. Slices keep track of their lines. */
export class SourceText {
  readonly source: string;
  /** What another tool made it from; lines are those of that text. */
  origin: SourceOrigin | null = null;
  readonly #lineStarts: number[] = [0];
  #edits: Edit[] = [];
  #sorted = true;

  constructor(source: string) {
    this.source = source;
    for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  /** From 1, in the text that its author wrote. */
  lineOf(offset: number): number {
    return this.#originalOf(this.#ownLineOf(offset), offset);
  }

  #originalOf(line: number, offset: number): number {
    if (this.origin === null) return line;
    return this.origin.lineOf(line, offset - (this.#lineStarts[line - 1] ?? 0));
  }

  #ownLineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** From 1. */
  columnOf(offset: number): number {
    return offset - (this.#lineStarts[this.#ownLineOf(offset) - 1] ?? 0) + 1;
  }

  edit(start: number, end: number, text: string): void {
    this.#add({ start, end, text, erases: false });
  }

  #add(edit: Edit): void {
    this.#edits.push(edit);
    this.#sorted = false;
  }

  /** Replaces by blanks; line ends stay, so that lines keep their numbers. */
  blank(start: number, end: number, lead = ''): void {
    const blanks = this.source.slice(start, end).replace(/[^\n\r]/g, ' ');
    this.#add({ start, end, text: lead + blanks.slice(lead.length), erases: true });
  }

  /** The edited text between two offsets, with line marks. Edits that reach beyond either end are left out. */
  slice(start: number, end: number): string {
    return this.#apply(start, end, false);
  }

  /** Like `slice`, with types erased and nothing else changed. */
  original(start: number, end: number): string {
    return this.#apply(start, end, true);
  }

  #apply(start: number, end: number, erasingOnly: boolean): string {
    if (!this.#sorted) {
      // Insertions stand before a replacement at the same offset, and the longest replacement wins; the sort is stable.
      const isInsertion = (edit: Edit): boolean => edit.end === edit.start;
      this.#edits.sort(
        (a, b) => a.start - b.start || Number(isInsertion(b)) - Number(isInsertion(a)) || b.end - a.end,
      );
      this.#sorted = true;
    }
    let out = lineMark(this.lineOf(start));
    let at = start;
    for (let index = this.#firstFrom(start); index < this.#edits.length; index += 1) {
      const edit = this.#edits[index] as Edit;
      if (edit.start > end) break;
      if (edit.start < at || edit.end > end || (erasingOnly && !edit.erases)) continue;
      out += this.#marked(at, edit.start) + edit.text;
      at = edit.end;
    }
    return out + this.#marked(at, end);
  }

  #firstFrom(offset: number): number {
    let low = 0;
    let high = this.#edits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#edits[middle] as Edit).start < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #marked(start: number, end: number): string {
    const plain = this.source.slice(start, end);
    if (!plain.includes('\n')) return plain;
    let line = this.#ownLineOf(start);
    return plain.replace(/\n/g, () => {
      const from = this.#lineStarts[line] ?? 0;
      line += 1;
      return `\n${lineMark(this.#originalOf(line, from))}`;
    });
  }
}

export interface FinishedText {
  readonly code: string;
  /** For each generated line its original line, from 1; 0 where there is none. */
  readonly lines: readonly number[];
  /** Sites, as `method:pc`, each with its generated line (from 1); a resume body has a site once for each loop around it, too. */
  readonly siteLines: readonly (readonly [site: string, line: number])[];
}

/** Takes the marks out, and says where things ended up. */
export function finish(marked: string): FinishedText {
  const lines: number[] = [];
  const siteLines: (readonly [string, number])[] = [];
  let code = '';
  let original = 0;
  let from = 0;
  for (let at = 0; at < marked.length; at += 1) {
    const unit = marked.charCodeAt(at);
    if (unit === lineEnd) {
      lines.push(original);
      original = 0;
    } else if (unit === lineOpen || unit === siteOpen) {
      code += marked.slice(from, at);
      const end = marked.indexOf(unit === lineOpen ? lineClose : siteClose, at);
      const said = marked.slice(at + 1, end);
      if (unit === siteOpen) siteLines.push([said, lines.length + 1]);
      else if (original === 0) original = Number(said);
      from = end + 1;
      at = end;
    }
  }
  lines.push(original);
  return { code: code + marked.slice(from), lines, siteLines };
}

/** The text alone. */
export function withoutMarks(marked: string): string {
  return marked.replace(marks, '');
}

/** A version 3 source map, one segment per line. */
export function sourceMapOf(path: string, source: string, lines: readonly number[]): string {
  let last = 0;
  const mappings = lines.map((line) => {
    if (line === 0) return '';
    const segment = vlqText([0, 0, line - 1 - last, 0]);
    last = line - 1;
    return segment;
  });
  return JSON.stringify({
    version: 3,
    sources: [path],
    sourcesContent: [source],
    names: [],
    mappings: mappings.join(';'),
  });
}
