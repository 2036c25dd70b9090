'use movable';

import { effect } from 'godwit';
import { listSources, readSource } from './sources.ts';
import { act } from './witness.ts';

export interface CensusOptions {
  /** Where the source files are; absolute, for it is read wherever the method happens to be. */
  readonly folder: string;
  /** This census takes each `parts`-th file, from the one at `part` on. */
  readonly part?: number;
  readonly parts?: number;
  /** At most so many files of its part. */
  readonly filesMax?: number;
  /** How often each file is counted; more than once only to make the census longer. */
  readonly passes?: number;
  /** Acts are told to this witness; null for none. */
  readonly witness?: string | null;
  readonly filesPerAct?: number;
}

export interface CensusResult {
  readonly files: number;
  readonly characters: number;
  readonly identifiers: number;
  readonly distinct: number;
  /** The fifty most frequent, most frequent first. */
  readonly top: readonly { readonly name: string; readonly count: number }[];
  /** Of all identifiers in the order in which they were found. */
  readonly checksum: number;
  readonly acts: number;
}

interface Tally {
  readonly counts: Map<string, number>;
  identifiers: number;
  checksum: number;
}

/** Counts the identifiers of the source files in a folder. */
export async function census(options: CensusOptions): Promise<CensusResult> {
  const {
    folder,
    part = 0,
    parts = 1,
    filesMax = Infinity,
    passes = 1,
    witness = null,
    filesPerAct = 8,
  } = options;
  const everything = await effect('list sources', {}, () => listSources(folder));
  const paths = everything.filter((_, index) => index % parts === part).slice(0, filesMax);
  const tally: Tally = { counts: new Map<string, number>(), identifiers: 0, checksum: 0x811c9dc5 };
  let characters = 0;
  let acts = 0;
  let files = 0;
  for (const path of paths) {
    const text = await effect('read source', {}, () => readSource(folder, path));
    for (let pass = 0; pass < passes; pass += 1) countIdentifiers(text, tally);
    characters += text.length;
    files += 1;
    if (files % filesPerAct !== 0 && files !== paths.length) continue;
    acts += 1;
    if (witness !== null) await effect('witness', {}, (context) => act(witness, acts, context));
  }
  const { counts, identifiers, checksum } = tally;
  return {
    files,
    characters,
    identifiers,
    distinct: counts.size,
    top: mostFrequent(counts, 50),
    checksum,
    acts,
  };
}

/** Where the count stands in one file. */
interface Reader {
  readonly text: string;
  at: number;
  /** Whether a value may come next: tells a regular expression from a division. */
  expectsValue: boolean;
  /** Open braces of the innermost template's `${…}`, or of the file. */
  braces: number;
  /** The same of the templates around it. */
  readonly templates: number[];
}

/** Adds the identifiers of one file; comments, texts and regular expressions are skipped. */
function countIdentifiers(text: string, tally: Tally): void {
  const reader: Reader = { text, at: 0, expectsValue: true, braces: 0, templates: [] };
  while (reader.at < text.length) {
    const code = text.charCodeAt(reader.at);
    if (isNameStart(code)) {
      const end = nameEnd(text, reader.at);
      const name = text.slice(reader.at, end);
      add(name, tally);
      reader.at = end;
      reader.expectsValue = name === 'return' || name === 'typeof' || name === 'case';
    } else if (code <= 32) {
      reader.at += 1;
    } else {
      skipToken(reader, code);
    }
  }
}

function add(name: string, tally: Tally): void {
  tally.counts.set(name, (tally.counts.get(name) ?? 0) + 1);
  tally.identifiers += 1;
  let checksum = tally.checksum;
  for (let at = 0; at < name.length; at += 1)
    checksum = Math.imul(checksum ^ name.charCodeAt(at), 0x01000193);
  tally.checksum = checksum >>> 0;
}

function skipToken(reader: Reader, code: number): void {
  const { text, at } = reader;
  switch (code) {
    case 47: // /
      return skipSlash(reader, text.charCodeAt(at + 1));
    case 34: // "
    case 39: // '
      return moveOn(reader, stringEnd(text, at, code), false);
    case 96: // `
      return skipTemplate(reader);
    case 123: // {
      reader.braces += 1;
      return moveOn(reader, at + 1, true);
    case 125: // }
      if (reader.braces === 0 && reader.templates.length > 0) {
        reader.braces = reader.templates.pop() ?? 0;
        return skipTemplate(reader);
      }
      reader.braces = Math.max(0, reader.braces - 1);
      return moveOn(reader, at + 1, true);
    case 41: // )
    case 93: // ]
      return moveOn(reader, at + 1, false);
    default:
      if (isDigit(code)) moveOn(reader, nameEnd(text, at), false);
      else moveOn(reader, at + 1, true);
  }
}

function moveOn(reader: Reader, at: number, expectsValue: boolean): void {
  reader.at = at;
  reader.expectsValue = expectsValue;
}

function skipSlash(reader: Reader, next: number): void {
  const { text, at } = reader;
  if (next === 47) reader.at = endOf(text, '\n', at);
  else if (next === 42) reader.at = endOf(text, '*/', at + 2);
  else if (reader.expectsValue) moveOn(reader, expressionEnd(text, at), false);
  else moveOn(reader, at + 1, true);
}

/** From a backtick, or from the brace that ends a `${…}`, up to the template's end or the next `${`. */
function skipTemplate(reader: Reader): void {
  const { text } = reader;
  let at = reader.at + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 96) return moveOn(reader, at + 1, false);
    if (code === 36 && text.charCodeAt(at + 1) === 123) {
      reader.templates.push(reader.braces);
      reader.braces = 0;
      return moveOn(reader, at + 2, true);
    }
    at += code === 92 ? 2 : 1;
  }
  moveOn(reader, at, false);
}

function stringEnd(text: string, start: number, quote: number): number {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === quote || code === 10) return at + 1;
    at += code === 92 ? 2 : 1;
  }
  return at;
}

/** Of a regular expression; a slash within brackets does not end it. */
function expressionEnd(text: string, start: number): number {
  let bracketed = false;
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 47 && !bracketed)) break;
    if (code === 91) bracketed = true;
    else if (code === 93) bracketed = false;
    at += code === 92 ? 2 : 1;
  }
  return nameEnd(text, at + 1);
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? text.length : at + mark.length;
}

function nameEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && isNamePart(text.charCodeAt(at))) at += 1;
  return at;
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code);
}

function isNameStart(code: number): boolean {
  if (code >= 97) return code <= 122 || code >= 170;
  return (code >= 65 && code <= 90) || code === 95 || code === 36;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function mostFrequent(counts: Map<string, number>, amount: number): { name: string; count: number }[] {
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .toSorted((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1))
    .slice(0, amount);
}
