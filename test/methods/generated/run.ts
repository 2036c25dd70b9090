import { writeFileSync } from 'node:fs';
import { Crew } from './crew.ts';
import { type Feature, features, wholeLanguage } from './features.ts';
import { moduleText, programOf, programs } from './programs.ts';
import { failureClass, search, shrink, summaryText } from './search.ts';

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
  batch: 25,
  stopsEarly: false,
  progress: () => undefined,
});
console.log(
  summaryText(summary),
  `
${((performance.now() - startMs) / Number(count)).toFixed(1)} ms a program, ${((crew.cpuMs + process.cpuUsage().user / 1000) / Number(count)).toFixed(1)} ms of CPU`,
);
const classes = new Map<string, number[]>();
for (const { number, verdict } of summary.failures) {
  const name = failureClass(verdict);
  classes.set(name, [...(classes.get(name) ?? []), number]);
}
for (const [name, numbers] of classes)
  console.log(`${numbers.length} × ${name}: ${numbers.slice(0, 12).join(' ')}`);
const wanted = process.env['CLASS'] ?? '';
const arbitrary = programs(chosen);
for (const { number, verdict } of summary.failures
  .filter(({ verdict: found }) => failureClass(found).includes(wanted))
  .slice(0, Number(process.env['SHRINK'] ?? 3))) {
  console.log(`\n--- ${number}: ${JSON.stringify(verdict).slice(0, 600)}`);
  if (verdict.kind === 'invalid') continue;
  const simplest = await shrink(arbitrary, programOf(arbitrary, number), number, fault === '' ? null : fault);
  writeFileSync(`/tmp/shrunk-${number}.ts`, moduleText(simplest, 'described'));
  console.log(moduleText(simplest, 'described'));
}
crew.end();
