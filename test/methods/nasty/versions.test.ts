import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtEntry } from '../../../src/entries.ts';
import { nodeOfVersion } from '../../../src/verify/node-versions.ts';
import type { Verdict } from '../../../src/verify/index.ts';

const run = promisify(execFile);
const versions = ['22', '24', '26'];
const program = fileURLToPath(new URL('programs/every-program.ts', import.meta.url));

test(
  'all programs side by side, moved between Node.js 20, 22, 24 and 26',
  { timeout: 300_000 },
  async ({ skip }) => {
    for (const version of versions) {
      await nodeOfVersion(version).catch((error: unknown) =>
        skip(`Node.js ${version} cannot be had here: ${(error as Error).message}`),
      );
    }
    const cli = fileURLToPath(builtEntry('cli/main'));
    const { stdout } = await run(process.execPath, [
      cli,
      'verify',
      '--json',
      '--every',
      '100',
      '--node',
      ...versions,
      '--',
      program,
    ]).catch((error: unknown) => error as { readonly stdout: string });
    const verdict = JSON.parse(stdout) as Verdict;
    expect(verdict).toMatchObject({ verdict: 'equal', difference: null });
    expect(verdict.moves).toBeGreaterThan(80);
  },
);
