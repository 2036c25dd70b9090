import { assert } from './assert.ts';
import { vlqText, vlqValues } from './vlq.ts';

// What compiled code says of itself, as short texts: they stand in each module, and most are never read.

/** A safe point: its kind, its original line, and the indexes of the variables that are live there, ascending. */
export type SiteRow = readonly [kind: string, line: number, live: readonly number[]];

/** A line of generated code, from 1, and the position of the safe point that stands there. */
export type LineRow = readonly [line: number, pc: number];

/** A method, as its module describes it to the runtime. */
export type Described = readonly [
  path: string,
  /** Within the path. */
  id: string,
  code: string,
  name: string,
  line: number,
  layout: readonly string[],
  constructs: 0 | 1,
  /** `siteText`. */
  sites: string,
  /** `lineText`, of the function itself and of its resume body. */
  fastLines: string,
  resumeLines: string,
  fastHash: string,
  resumeHash: string,
  stepHash: string,
];

const kinds = ['call', 'await', 'effect', 'begin', 'yield', 'entry', 'round', 'return'];

export function siteText(rows: readonly SiteRow[]): string {
  const values: number[] = [];
  let above = 0;
  let before: readonly number[] | null = null;
  for (const [kind, line, live] of rows) {
    const index = kinds.indexOf(kind);
    assert(index !== -1, `a safe point of the kind ${kind}`);
    values.push(index, line - above);
    above = line;
    // -1: the same ones as at the safe point before.
    if (before !== null && String(before) === String(live)) values.push(-1);
    else values.push(live.length, ...live.map((slot, at) => slot - (live[at - 1] ?? 0)));
    before = live;
  }
  return vlqText(values);
}

export function sitesIn(text: string): readonly SiteRow[] {
  const values = vlqValues(text);
  const rows: SiteRow[] = [];
  let line = 0;
  let live: readonly number[] = [];
  for (let at = 0; at < values.length;) {
    const kind = kinds[values[at] as number] as string;
    line += values[at + 1] as number;
    const count = values[at + 2] as number;
    at += 3;
    if (count !== -1) {
      let slot = 0;
      live = values.slice(at, at + count).map((step) => (slot += step));
      at += count;
    }
    rows.push([kind, line, live]);
  }
  return rows;
}

export function lineText(rows: readonly LineRow[]): string {
  return vlqText(
    rows.flatMap(([line, pc], at) => [line - (rows[at - 1]?.[0] ?? 0), pc - (rows[at - 1]?.[1] ?? 0)]),
  );
}

export function linesIn(text: string): readonly LineRow[] {
  const values = vlqValues(text);
  const rows: LineRow[] = [];
  let line = 0;
  let pc = 0;
  for (let at = 0; at < values.length; at += 2) {
    line += values[at] as number;
    pc += values[at + 1] as number;
    rows.push([line, pc]);
  }
  return rows;
}

/** @param lines for each generated line its original one, from 1; 0 where there is none */
export function originText(lines: readonly number[]): string {
  const values: number[] = [];
  let above = 0;
  for (let at = 0; at < lines.length;) {
    const line = lines[at] as number;
    let end = at + 1;
    while (end < lines.length && lines[end] === line) end += 1;
    // 0 stands for a line without an origin, so that steps forward are one longer.
    const step = line - above;
    values.push(line === 0 ? 0 : step >= 0 ? step + 1 : step, end - at);
    if (line !== 0) above = line;
    at = end;
  }
  return vlqText(values);
}

export function originsIn(text: string): readonly number[] {
  const values = vlqValues(text);
  const lines: number[] = [];
  let above = 0;
  for (let at = 0; at < values.length; at += 2) {
    const step = values[at] as number;
    if (step !== 0) above += step > 0 ? step - 1 : step;
    for (let count = values[at + 1] as number; count > 0; count -= 1) lines.push(step === 0 ? 0 : above);
  }
  return lines;
}
