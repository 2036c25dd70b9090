import { readFileSync } from 'node:fs';
import { Crew, type Finding } from './crew.ts';
import { type Feature, features, movableLanguage } from './features.ts';
import { moduleText, programOf, programs } from './programs.ts';
import { failureClass, search, shrink, summaryText } from './search.ts';

// By hand, after `npm run build`:
//   node --import ./dist/register.js test/methods/generated/run.ts programs FIRST COUNT [WITHOUT,FEATURES]
//   node --import ./dist/register.js test/methods/generated/run.ts file FILE [RUNS]

async function searchByHand(first: number, count: number, without: readonly string[]): Promise<void> {
  const chosen = new Set(
    features.filter(
      (feature): feature is Feature => movableLanguage.has(feature) && !without.includes(feature),
    ),
  );
  const crew = new Crew();
  const options = { features: chosen, first, count, batch: 25, fault: null, stopsEarly: false };
  const summary = await search(crew, { ...options, progress: () => undefined });
  crew.end();
  console.log(summaryText(summary), `\n${(crew.cpuMs / count).toFixed(1)} ms of CPU a program`);
  const byClass = new Map<string, Finding[]>();
  for (const finding of summary.failures) {
    const name = failureClass(finding.verdict);
    byClass.set(name, [...(byClass.get(name) ?? []), finding]);
  }
  const arbitrary = programs(chosen);
  for (const [name, failures] of byClass) {
    const numbers = failures.map(({ number }) => number).toSorted((a, b) => a - b);
    console.log(`\n${numbers.length} × ${name}: ${numbers.slice(0, 12).join(' ')}`);
    for (const { number, verdict } of failures.slice(0, 2)) {
      const simplest = await shrink(arbitrary, programOf(arbitrary, number), number);
      console.log(`\n// ${number}: ${JSON.stringify(verdict)}\n${moduleText(simplest, 'described')}`);
    }
  }
}

async function runFile(file: string, runs: number): Promise<void> {
  const source = readFileSync(file, 'utf8');
  const crew = new Crew();
  const tasks = Array.from({ length: runs }, (_, at) => ({
    number: at + 1,
    source,
    seed: at * 7919,
    fault: null,
  }));
  for (const finding of await crew.run(tasks)) console.log(JSON.stringify(finding));
  crew.end();
}

const [what, name = '', count = '12', without = ''] = process.argv.slice(2);
if (what === 'file') await runFile(name, Number(count));
else await searchByHand(Number(name), Number(count), without.split(','));
