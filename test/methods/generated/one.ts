import { readFileSync } from 'node:fs';
import { Crew } from './crew.ts';

// node --import ./dist/register.js test/methods/generated/one.ts FILE [runs]
const crew = new Crew();
const source = readFileSync(process.argv[2] as string, 'utf8');
const count = Number(process.argv[3] ?? 20);
const tasks = Array.from({ length: count }, (_, n) => ({
  number: n + 1,
  source,
  seed: n * 7919,
  fault: null,
}));
for (const finding of await crew.run(tasks)) console.log(JSON.stringify(finding).slice(0, 700));
crew.end();
