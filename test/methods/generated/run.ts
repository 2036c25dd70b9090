import { writeFileSync } from 'node:fs';
import { Crew } from './crew.ts';
import { type Feature, features, wholeLanguage } from './features.ts';
import { moduleText, programOf, programs } from './programs.ts';
import { search, shrink, summaryText } from './search.ts';

// A search by hand: node --import ./dist/register.js test/methods/generated/run.ts [count] [first] [only|without] [features] [fault]
const [count = '200', first = '0', mode = 'without', list = '', fault = ''] = process.argv.slice(2);
const named = new Set(list.split(',').filter((name) => name !== '')) as ReadonlySet<Feature>;
const chosen = new Set(
  features.filter((feature) =>
    mode === 'only' ? named.has(feature) : wholeLanguage.has(feature) && !named.has(feature),
  ),
);
const crew = new Crew();
const startMs = performance.now();
const summary = await search(crew, {
  features: chosen,
  first: Number(first),
  count: Number(count),
  fault: fault === '' ? null : fault,
  stopsEarly: false,
  progress: () => undefined,
});
console.log(
  summaryText(summary),
  `\n${((performance.now() - startMs) / Number(count)).toFixed(2)} ms a program`,
);
const arbitrary = programs(chosen);
for (const { number, verdict } of summary.failures.slice(0, Number(process.env['SHRINK'] ?? 3))) {
  console.log(`\n--- ${number}: ${JSON.stringify(verdict).slice(0, 600)}`);
  if (verdict.kind === 'invalid') continue;
  const simplest = await shrink(
    crew,
    arbitrary,
    programOf(arbitrary, number),
    number,
    fault === '' ? null : fault,
  );
  writeFileSync(`/tmp/shrunk-${number}.ts`, moduleText(simplest, 'described'));
  console.log(moduleText(simplest, 'described'));
}
for (const { number, verdict } of summary.failures.slice(0, 40))
  console.log(number, JSON.stringify(verdict).slice(0, 200));
crew.end();
