import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { search } from '../../src/simulator/cluster/search.ts';
import type { World } from '../../src/simulator/cluster/world.ts';
import { scriptedDrivers } from '../../src/testing/simulated-drivers.ts';
import type { PlantedFault } from './planted-fault.ts';
import { plantedFaults } from './planted-faults.ts';
import { root } from '../house/source-tree.ts';

/** What is broken now: the machines of all hosts go by it. */
const planted = vi.hoisted((): { now: PlantedFault | null } => ({ now: null }));

vi.mock(import('../../src/protocols/ownership/step.ts'), async (original) => {
  const { step, ...others } = await original();
  return { ...others, step: (state, event) => (planted.now?.ownership?.(step) ?? step)(state, event) };
});

vi.mock(import('../../src/protocols/lease/holder-step.ts'), async (original) => {
  const { stepHolder, ...others } = await original();
  return {
    ...others,
    stepHolder: (state, event) => (planted.now?.holder?.(stepHolder) ?? stepHolder)(state, event),
  };
});

vi.mock(import('../../src/protocols/lease/observer-step.ts'), async (original) => {
  const { stepObserver, ...others } = await original();
  return {
    ...others,
    stepObserver: (state, event) => (planted.now?.observer?.(stepObserver) ?? stepObserver)(state, event),
  };
});

function drivers(world: World): ReturnType<typeof scriptedDrivers> {
  const sound = scriptedDrivers(world);
  planted.now?.world?.(world);
  return planted.now?.drivers?.(sound) ?? sound;
}

test.each(Object.entries(plantedFaults))('%s is caught', { timeout: 600_000 }, async (name, fault) => {
  planted.now = fault;
  const heal = fault.plant?.();
  const { runs, failures, broken } = await search({
    drivers,
    seeds: [1, fault.seeds],
    ...(fault.draw === undefined ? {} : { draw: fault.draw }),
    stopAtFirst: true,
  });
  heal?.();
  planted.now = null;
  if (process.env['GODWIT_SHOW'] === 'seeds')
    process.stderr.write(`${name}: seed ${runs}, ${broken.join()}\n`);
  expect(failures, `found nothing within ${runs} seeds`).toHaveLength(1);
  expect(fault.breaks).toContain(broken[0]);
});

test('the same runs break nothing where nothing is planted', { timeout: 120_000 }, async () => {
  for (const { draw } of Object.values(plantedFaults)) {
    if (draw === undefined) continue;
    const { failures } = await search({ drivers, draw, seeds: [1, 5] });
    expect(failures).toEqual([]);
  }
});

test('the document names each of them, with its rule, and who catches it', () => {
  const document = readFileSync(join(root, 'docs/simulated-faults.md'), 'utf8');
  const rows = document
    .split('\n')
    .filter((line) => /^\| \d+ +\|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const told = rows.filter(([, , , by]) => by === 'the simulator').map(([, ...cells]) => cells.slice(0, 4));
  const planted = Object.entries(plantedFaults).map(([name, { rule, seeds }]) => [
    String(rule),
    name,
    'the simulator',
    `${seeds} seeds`,
  ]);
  const lines = (cells: readonly (readonly string[])[]) => new Set(cells.map((row) => row.join(', ')));
  expect(lines(told)).toEqual(lines(planted));
  for (const [, , name = '', by = ''] of rows.filter((row) => row[3] !== 'the simulator')) {
    const file = /\((?:\.\.\/)(.+)\)/.exec(by)?.[1] ?? '';
    expect(readFileSync(join(root, file), 'utf8'), `${file} plants it`).toContain(`'${name}'`);
  }
  const rules = new Set(rows.map(([, rule]) => Number(rule)));
  // Rule 10 shows nowhere here: the document says why.
  expect(Array.from({ length: 15 }, (_, at) => at + 1).filter((rule) => !rules.has(rule))).toEqual([10]);
});
