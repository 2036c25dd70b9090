import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Job } from '../../src/verify/process/messages.ts';
import { type Build, compileProgram } from '../../src/verify/program.ts';
import { timeBoth } from '../../src/verify/timing.ts';

const folder = mkdtempSync(join(tmpdir(), 'godwit-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function jobOf(build: Build, role: Job['role']): Job {
  const file = fileURLToPath(new URL('programs/ledger.ts', import.meta.url));
  const compiled = compileProgram(
    { file, all: false, script: false, include: [] },
    build,
    join(folder, build),
  );
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.refusals));
  const { map, hasModules, entry, method } = compiled;
  const fixed = { fixClock: false, fixRandom: false };
  return {
    role,
    map,
    hasModules,
    entry,
    method,
    movesRealm: false,
    points: null,
    trace: false,
    argv: [file],
    ...fixed,
    sabotage: null,
  };
}

test('both programs are timed, from their beginning to their result', async () => {
  const limits = { deadlineMs: performance.now() + 20_000, hurryAtMs: Infinity, settleAtMs: Infinity };
  const times = await timeBoth(jobOf('native', 'native'), jobOf('production', 'movable'), limits, 1);
  expect(times.nativeMs).toBeGreaterThan(0);
  expect(times.compiledMs).toBeGreaterThan(0);
});
