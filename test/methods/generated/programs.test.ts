import * as fc from 'fast-check';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { FeatureCounts, features, wholeLanguage } from './features.ts';
import { moduleText, nativeText, programOf, programs } from './programs.ts';

const arbitrary = programs(wholeLanguage);

const errorsOf = (name: string, text: string): number =>
  parseSync(name, text, { sourceType: 'module', lang: name.endsWith('.ts') ? 'ts' : 'js' }).errors.length;

test('a number always gives the same program, in the grammar of the language', () => {
  const counts = new FeatureCounts();
  for (let number = 1; number <= 500; number += 1) {
    const program = programOf(arbitrary, number);
    const text = moduleText(program, 'described');
    expect(moduleText(programOf(arbitrary, number), 'described')).toBe(text);
    expect(errorsOf('m.ts', text), text).toBe(0);
    expect(errorsOf('m.js', nativeText(text)), text).toBe(0);
    counts.add(program);
  }
  for (const feature of features) expect(counts.usesOf(feature), feature).toBeGreaterThan(0);
});

test('a program is limited to the features that are on', () => {
  const few = programs(new Set(['loops', 'exceptions']));
  for (let number = 1; number <= 50; number += 1) {
    const program = programOf(few, number);
    expect(
      [...program.uses.keys()].filter((feature) => feature !== 'loops' && feature !== 'exceptions'),
    ).toEqual([]);
    expect(moduleText(program, 'returned')).not.toMatch(/async|=>|class|function\*|finally/);
  }
});

test('what fails is shrunk to little more than what makes it fail', () => {
  const details = fc.check(
    fc.property(arbitrary, (program) => !/\bfinally \{/.test(moduleText(program, 'described'))),
    { seed: 1, numRuns: 500 },
  );
  const [simplest] = details.counterexample ?? [];
  expect(simplest).toBeDefined();
  if (simplest === undefined) return;
  expect(details.numShrinks).toBeGreaterThan(5);
  const text = moduleText(simplest, 'described');
  expect(text).toContain('finally {');
  expect(text.length).toBeLessThan(600);
});
