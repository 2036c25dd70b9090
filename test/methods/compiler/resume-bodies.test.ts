import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compileModule, refusalText } from '../../../src/methods/compiler/index.ts';

/** The function of a method as it runs from its start, and its resume body. */
function bodiesOf(main: string): { readonly text: string; readonly resume: string } {
  const outcome = compileModule(`'use movable';\n${main}`, {
    path: 'm.js',
    digest: { sha256: (bytes) => createHash('sha256').update(bytes).digest('hex') },
    runtimeSpecifier: 'godwit/runtime',
    rewriteSpecifier: (specifier) => specifier,
    dense: false,
  });
  if (outcome.kind === 'refused') throw new Error(refusalText(outcome));
  const [text, resume] = outcome.code.split('\nfunction main$r(') as [string, string];
  return { text: text.slice(text.indexOf('export function main')), resume };
}

/** The innermost loop that has this in its rounds, last of its kind: as a function goes round by itself. */
function lastLoopAround(text: string, what: string): string {
  const at = text.lastIndexOf(what);
  return text.slice(text.lastIndexOf('for (;;) {', at), at);
}

const twice = `export function main(list, n) {
  let sum = 0;
  for (const value of list) {
    sum += value;
    for (let i = 0; i < n; i++) sum = (sum * 3 + list.at(i)) | 0;
    value.take(sum);
  }
  return sum;
}`;

test('a resume body goes round without guards, and with numbers', () => {
  const { resume } = bodiesOf(twice);
  const round = lastLoopAround(resume, 'take');
  expect(round).not.toBe('');
  expect(round).not.toContain('$q');
  const before = resume.slice(0, resume.lastIndexOf('for (;;) {', resume.lastIndexOf('take')));
  expect(before).toContain("sum = typeof sum === 'number' ? sum - 0 : $.same(sum);");
});

test('a long function keeps the guards, so that its resume body is not much longer', () => {
  const many = Array.from({ length: 800 }, (_, index) => `    value.take(sum + ${index});`).join('\n');
  const { text, resume } = bodiesOf(twice.replace('    value.take(sum);', many));
  expect(lastLoopAround(resume, 'take')).toContain('$q === 0');
  expect(resume.length).toBeLessThan(2.5 * text.length);
});
