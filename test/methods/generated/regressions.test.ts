import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Crew } from './crew.ts';

// Programs that once went wrong, as simple as they could be made. Each is named for what it is about.
const folder = fileURLToPath(new URL('./regressions/', import.meta.url));
const schedules = 6;

let crew: Crew;
beforeAll(() => {
  crew = new Crew();
});
afterAll(() => crew.end());

let number = 0;

test.each(readdirSync(folder))('%s', async (name) => {
  const source = readFileSync(folder + name, 'utf8');
  const tasks = Array.from({ length: schedules }, (_, seed) => {
    number += 1;
    return { number, source, seed: seed * 7919, fault: null };
  });
  const findings = await crew.run(tasks);
  for (const { verdict } of findings) expect(verdict).toEqual({ kind: 'equal' });
  expect(findings.reduce((moves, finding) => moves + finding.moves, 0)).toBeGreaterThan(0);
});
