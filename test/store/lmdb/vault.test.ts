import { execFile } from 'node:child_process';
import { mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/simulator/clock.ts';
import { StoreUnavailableError } from '../../../src/store/errors.ts';
import { FileVault } from '../../../src/store/lmdb/vault.ts';
import { storeOptions } from '../../../src/store/options.ts';
import { random } from '../ports.ts';

/** A pipe holds more than that, so that no write to it waits. */
const writesMax = 20_000;

test('a file that opens when its call has failed already is closed', async () => {
  const clock = new SimulatedClock();
  const options = storeOptions({ clock, random });
  const folder = await mkdtemp(join(tmpdir(), 'vault-'));
  const vault = await FileVault.open('lmdb:/there', folder, options);
  const pipe = join(folder, 'stuck');
  await promisify(execFile)('mkfifo', [pipe]);
  // Nobody writes to it yet: it does not open.
  const found = vault.get('stuck');
  clock.advance(options.callTimeoutMs);
  await expect(found).rejects.toThrow(StoreUnavailableError);
  const writer = await open(pipe, 'w');
  // A pipe without readers refuses what is written.
  let refused = '';
  for (let writes = 0; writes < writesMax && refused === ''; writes += 1)
    await writer
      .write('x')
      .catch((error: unknown) => (refused = (error as NodeJS.ErrnoException).code ?? ''));
  expect(refused).toBe('EPIPE');
  await writer.close();
  await vault.close();
});
