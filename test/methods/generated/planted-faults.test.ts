import { afterAll, beforeAll, expect, test } from 'vitest';
import { Crew } from './crew.ts';
import { faults } from './faults.ts';
import { movableLanguage } from './features.ts';
import { search } from './search.ts';

// All of them: GODWIT_FAULT_PROGRAMS=2000. A fault that is not found within so many programs is one too many.
const count = Number(process.env['GODWIT_FAULT_PROGRAMS'] ?? 120);

let crew: Crew;
beforeAll(() => {
  crew = new Crew();
});
afterAll(() => crew.end());

test('random programs find the faults that are planted in the compiler', async () => {
  expect(faults.length).toBeGreaterThanOrEqual(20);
  const found: string[] = [];
  const missed: string[] = [];
  for (const { name } of faults) {
    const summary = await search(crew, {
      features: movableLanguage,
      first: 1,
      count,
      batch: 4,
      fault: name,
      stopsEarly: true,
      progress: () => undefined,
    });
    const [failure] = summary.failures;
    if (failure === undefined) missed.push(name);
    else found.push(`${summary.findings} programs: ${name}`);
  }
  console.log([...found, ...missed.map((name) => `not found within ${count}: ${name}`)].join('\n'));
  expect(missed.length, missed.join()).toBeLessThanOrEqual(faults.length - 19);
}, 600_000);
