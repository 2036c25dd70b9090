import { expect, test } from 'vitest';
import { mishapKinds, phases } from '../../src/simulator/cluster/faults.ts';
import { runScenario } from '../../src/simulator/cluster/run.ts';
import { drawScenario } from '../../src/simulator/cluster/scenario.ts';
import { explain, search } from '../../src/simulator/cluster/search.ts';
import { scriptedDrivers } from '../../src/testing/simulated-drivers.ts';

// Promises 1, 2, 6 and 9 of docs/semantics.md.

// One failing seed again: SEED=417 npx vitest run test/simulation/faults.test.ts. Many: SEEDS=20000
const only = process.env['SEED'];
const count = Number(process.env['SEEDS'] ?? 2_000);
const seeds = only === undefined ? ([1, count] as const) : ([Number(only), Number(only)] as const);
const drivers = scriptedDrivers;
/** Of 483 pairs. */
const unmetMax = 5;

test('never two, never none, whatever goes wrong', { timeout: 60_000 + count * 500 }, async () => {
  const sums = await search({ drivers, seeds });
  for (const failing of sums.failures.slice(0, 1)) expect.fail((await explain(failing, { drivers })).text);
  if (count < 2_000 || only !== undefined) return;
  // A run in which little happens shows little: each phase is entered, each fault strikes, and moves are made.
  for (const phase of phases) expect(sums.coverage.countEntered(phase), phase).toBeGreaterThan(0);
  for (const fault of mishapKinds) {
    const met = phases.reduce((sum, phase) => sum + sums.coverage.countMet(phase, fault), 0);
    expect(met, fault).toBeGreaterThan(100);
  }
  const unmet = phases.flatMap((phase) =>
    mishapKinds
      .filter((fault) => sums.coverage.countMet(phase, fault) === 0)
      .map((fault) => `${phase} × ${fault}`),
  );
  // A pair of phase and fault meets from 5 times on; whatever is changed shifts which seeds bring it about.
  expect(unmet.length, unmet.join(', ')).toBeLessThanOrEqual(unmetMax);
  expect(sums.moves).toBeGreaterThan(2 * count);
});

test('a seed gives the same run again, act for act', async () => {
  for (const seed of [3, 4, 5]) {
    const once = await runScenario(drawScenario(seed), { drivers, traced: true });
    const again = await runScenario(drawScenario(seed), { drivers, traced: true });
    expect(once.trace.length).toBeGreaterThan(20);
    expect(again.trace).toEqual(once.trace);
    expect(again.acts).toBe(once.acts);
  }
});
