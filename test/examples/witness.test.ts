import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { judge, parseWitnessLog } from '../../src/testing/index.ts';
import { startWitness, type Witness } from '../../src/testing/witness.ts';
import { load, runNative, tenure } from '../methods/runtime/workshop.ts';
import { movable, movedAtRandom, native } from './as-written.ts';

let folder: string;
let witness: Witness;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit acts '));
  witness = await startWitness(join(folder, 'log'));
});
afterEach(async () => {
  await witness.close();
  await rm(folder, { recursive: true });
});

const cases = [
  ['search.ts', 'search', { size: 6, openingsPerAct: 4 }],
  ['pathtracer.ts', 'render', { width: 6, height: 6, samples: 1, rowsPerAct: 1 }],
  [
    'census.ts',
    'census',
    { folder: new URL('../../examples', import.meta.url).pathname, filesMax: 2, filesPerAct: 1 },
  ],
] as const;

test.each(cases)(
  '%s: the witness sees each act once, in order, while it moves',
  async (file, method, options) => {
    const plain = await runNative(native, file, method, [options]);
    if (!plain.ok) throw new Error(plain.error);
    const { acts } = plain.value as { readonly acts: number };
    await load(movable, file);
    const { outcome, moved } = await movedAtRandom(
      `${file}#${method}`,
      [{ ...options, witness: witness.address }],
      7,
    );
    expect(outcome).toEqual(plain);
    expect(moved).toBeGreaterThan(0);
    const log = parseWitnessLog(await readFile(join(folder, 'log'), 'utf8'));
    expect(
      judge(log, { recoveries: [], losses: [], stops: [] }, [{ execution: tenure.execution, acts }]),
    ).toEqual([{ execution: tenure.execution, acts, late: 0, faults: [] }]);
  },
);
