import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { encodeValue, UnserialisableError } from '../../../src/methods/snapshot/index.ts';
import type { Row } from './kind-row.ts';
import { encodeOptions, resources, rows } from './kinds.ts';

const document = fileURLToPath(new URL('../../../docs/semantics.md', import.meta.url));
const register = new URL('../../../dist/register.js', import.meta.url).href;
const far = fileURLToPath(new URL('far.ts', import.meta.url));

/** Another Node.js, if it is to be one. */
const farNode = process.env['GODWIT_FAR_NODE'] ?? process.execPath;

const isMovable = ({ how }: Row): boolean => how !== 'pinned' && how !== 'refused';
const seenFar = new Map<number, unknown>();
const seenHere = new Map<number, unknown>();

/** All rows go to one other process, in one go. */
beforeAll(async () => {
  const child = spawn(farNode, ['--import', register, far], { stdio: ['pipe', 'pipe', 'pipe'] });
  const errors = text(child.stderr);
  rows.forEach((row, index) => {
    if (!isMovable(row)) return;
    const value = row.example();
    const bytes = encodeValue(value, encodeOptions);
    child.stdin.write(`${JSON.stringify([index, Buffer.from(bytes).toString('base64')])}\n`);
    seenHere.set(index, row.see(value as never));
    // What is held open stays behind.
    resources.leave();
  });
  child.stdin.end();
  for await (const line of createInterface({ input: child.stdout })) {
    const [index, seen] = JSON.parse(line) as [number, unknown];
    seenFar.set(index, seen);
  }
  if (seenFar.size < seenHere.size) throw new Error(await errors);
});

test.each(rows.map((row, index) => ({ ...row, index })))('$kind: $how', (row) => {
  if (isMovable(row)) {
    const here: unknown = JSON.parse(JSON.stringify({ sees: seenHere.get(row.index) }));
    expect(seenFar.get(row.index)).toEqual(here);
  } else {
    expect(() => encodeValue(row.example(), encodeOptions)).toThrow(UnserialisableError);
  }
});

function section(): string {
  const lines = rows.map(({ kind, how, remark }) => `| ${kind} | ${how} | ${remark} |`);
  return [
    '## What moves, and how',
    '',
    'Of each kind of value, what becomes of it when the method that holds it moves. _Exact_: no program can tell the copy from the',
    'original. _By reference_: only its name moves. _By reopening_: it is closed, and opened again. _Pinned_: the method stays where it is',
    'for as long as it holds the value where it can be captured; `inspect` names the value and a way out. _Refused_: it does not compile.',
    'Messages, arguments and results move by the same rules; what would pin is an error there.',
    '',
    '| kind | how | remark |',
    '| --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

test('the documentation says the same', () => {
  const written = readFileSync(document, 'utf8');
  const start = written.indexOf('## What moves, and how\n');
  const next = written.indexOf('\n## ', start + 1);
  const end = next < 0 ? written.length : next + 1;
  if (process.env['GODWIT_WRITE_DOCS'] !== undefined) {
    const before = start < 0 ? written : written.slice(0, start);
    const after = start < 0 ? '' : written.slice(end);
    writeFileSync(document, `${before.trimEnd()}\n\n${section()}${after === '' ? '' : `\n${after}`}`);
    return;
  }
  const table = (markdown: string): string[] =>
    markdown
      .split('\n')
      .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .join('|'),
      );
  expect(table(written.slice(start, end))).toEqual(table(section()));
});
