import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultOptions, type Verdict, verifyFile } from '../../../src/verify/index.ts';
import { Crew } from './crew.ts';
import { movableLanguage, wholeLanguage } from './features.ts';
import { moduleText, programOf, programs } from './programs.ts';
import { search, shrink, type Summary, summaryText } from './search.ts';

// Programs 1 to 2,000 in each run. More: GODWIT_PROGRAMS=200000 SEED=1 npx vitest run test/methods/generated
const count = Number(process.env['GODWIT_PROGRAMS'] ?? 2_000);
const first = Number(process.env['SEED'] ?? 1);
/** Of so many programs one also goes through the verifier, with fresh processes and all that it observes. */
const verifiedOneIn = Number(process.env['GODWIT_VERIFIED_ONE_IN'] ?? 100);
const timeoutMs = 120_000 + count * 400;
const arbitrary = programs(movableLanguage);
const whole = programs(wholeLanguage);

let crew: Crew;
beforeAll(() => {
  crew = new Crew();
});
afterAll(() => crew.end());

function reporter(): (summary: Summary) => void {
  let told = 0;
  return (summary) => {
    if (summary.findings < told + 5_000) return;
    told = summary.findings;
    console.log(`${told} of ${count} programs from ${first} on: ${summary.failures.length} failed`);
  };
}

test(
  `random programs do the same natively and moved (SEED=${first} GODWIT_PROGRAMS=${count})`,
  async () => {
    const summary = await search(crew, {
      features: movableLanguage,
      first,
      count,
      batch: 25,
      fault: null,
      stopsEarly: false,
      progress: reporter(),
    });
    console.log(summaryText(summary), `\n${(crew.cpuMs / count).toFixed(1)} ms of CPU a program`);
    const [failure] = summary.failures;
    if (failure !== undefined) {
      const simplest = await shrink(arbitrary, programOf(arbitrary, failure.number), failure.number);
      const text = moduleText(simplest, 'described');
      expect.fail(`program ${failure.number}: ${JSON.stringify(failure.verdict)}\n${text}`);
    }
    expect([...summary.refusals]).toEqual([]);
    expect(summary.pointsLeast).toBeGreaterThanOrEqual(20);
    expect(summary.counts.functions).toBeGreaterThanOrEqual(5 * count);
    // Each program moves, on average more often than once for each of its functions.
    expect(summary.moves).toBeGreaterThan(summary.counts.functions / 2);
    // Few programs cannot have all of the language in them.
    for (const feature of count < 1_000 ? [] : movableLanguage)
      expect(summary.counts.usesOf(feature), feature).toBeGreaterThan(0);
  },
  timeoutMs,
);

test(
  'one in a hundred of them is equal for the verifier as well',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'godwit-generated-'));
    try {
      for (let number = first; number < first + count; number += verifiedOneIn) {
        // Every other one is a whole module that belongs to the execution, with variables of its own.
        const all = ((number - first) / verifiedOneIn) % 2 === 1;
        const file = join(folder, `program-${number}.ts`);
        const text = moduleText(programOf(all ? whole : arbitrary, number), 'returned');
        writeFileSync(file, text);
        const verify = (movesMax: number): Promise<Verdict> =>
          verifyFile(file, { ...defaultOptions, all, movesMax });
        const few = await verify(6);
        // All of a few moves may fall where it cannot be captured.
        const verdict = few.moves > 0 ? few : await verify(100);
        // Native code that calls back stays where it is while it runs: that alone is no difference.
        expect(['equal', 'unmoved'], `${JSON.stringify(verdict)}\n${text}`).toContain(verdict.verdict);
        expect(verdict.moves).toBeGreaterThan(0);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  timeoutMs,
);
