import { afterAll, describe, expect, test } from 'vitest';
import type { StoreKind } from './matrix/cases.ts';
import { casesOf, nameOf, places, sample, stores, strikes } from './matrix/cases.ts';
import { StoreServers } from './matrix/servers.ts';
import { runTrial } from './matrix/trial.ts';
import { turn } from './fleet.ts';

// Promises 1, 2, 3 and 9 of docs/semantics.md.

/** A few cases with each run; `npm run faults -- matrix` runs all of them. */
const casesPerRun = 12;

const kinds: StoreKind[] = [];
for (const store of stores) {
  const why = await StoreServers.missing(store);
  if (why === null || process.env['CI'] === 'true') kinds.push(store);
  else console.warn(`Skipped: cases on ${store}, since ${why}`);
}
const servers = new StoreServers();
afterAll(() => servers.dispose());

describe.concurrent('a host is struck where a strike might make two copies, or none', () => {
  test.for(
    sample(Number(process.env['GODWIT_MATRIX_TURN'] ?? 0), casesPerRun, kinds).map(
      (one) => [nameOf(one), one] as const,
    ),
  )('%s: exactly one copy goes on, and is right', { timeout: 180_000 }, async ([, one], context) => {
    await turn(context);
    const { fault, trace } = await runTrial(one, servers);
    context.expect(fault, trace).toBe(null);
  });
});

test('a few cases have a bit of everything, and in turn all of it', () => {
  const few = sample(0, casesPerRun, stores);
  expect(few).toHaveLength(casesPerRun);
  expect(new Set(few.map(({ strike }) => strike))).toEqual(new Set(strikes));
  expect(new Set(few.map(({ store }) => store))).toEqual(new Set(stores));
  const all = new Set(stores.flatMap(casesOf).map(nameOf));
  expect(all.size).toBe(places.length * (3 * strikes.length - 1));
  const met = new Set<string>();
  for (let run = 0; run < 182; run += 1)
    for (const one of sample(run, casesPerRun, stores)) met.add(nameOf(one));
  expect(met).toEqual(all);
});
