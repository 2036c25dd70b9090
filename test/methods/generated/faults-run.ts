import { Crew } from './crew.ts';
import { faults } from './faults.ts';
import { type Feature, features, wholeLanguage } from './features.ts';
import { failureClass, search } from './search.ts';

// node --import ./dist/register.js test/methods/generated/faults-run.ts [count] [without features]
const [count = '2000', list = '', only = ''] = process.argv.slice(2);
const chosen = new Set(
  features.filter((feature) => wholeLanguage.has(feature) && !list.split(',').includes(feature)),
);
const crew = new Crew();
let found = 0;
for (const { name } of faults.filter((fault) => fault.name.includes(only))) {
  const summary = await search(crew, {
    features: chosen as ReadonlySet<Feature>,
    first: 0,
    count: Number(count),
    fault: name,
    batch: 25,
    stopsEarly: true,
    progress: () => undefined,
  });
  const failures = summary.failures.toSorted((a, b) => a.number - b.number);
  const [first] = failures;
  if (first !== undefined) found += 1;
  console.log(
    `${first === undefined ? 'NOT FOUND' : `found by program ${first.number}`} (${summary.findings} run, ${failures.length} failed, ${summary.moves} moves): ${name}` +
      (first === undefined ? '' : ` [${failureClass(first.verdict)}]`),
  );
}
console.log(`${found} of ${faults.length} found`);
crew.end();
