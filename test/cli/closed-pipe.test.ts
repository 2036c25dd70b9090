import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { builtEntry } from '../../src/entries.ts';

test('a reader that has gone is no failure', async () => {
  const child = spawn(process.execPath, [builtEntry('cli/main').pathname, '--help'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  expect({ code, signal, errors: Buffer.concat(errors).toString() }).toEqual({
    code: 0,
    signal: null,
    errors: '',
  });
});
