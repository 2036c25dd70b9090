import { once } from 'node:events';
import { mkdtempSync, readFileSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openHostLog } from '../../src/telemetry/log.ts';

test('a host logs at its level and above, with its name, one line of JSON each', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-log-'));
  const file = join(folder, 'log');
  const opened = once(watch(folder), 'change');
  const log = openHostLog('warn', { host: 'r1-h1' }, file);
  await opened;
  log.info({}, 'too little');
  log.warn({ remote: '127.0.0.1:9' }, 'turned away');
  log.error({}, 'a row cannot be read');
  log.close();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 40, host: 'r1-h1', remote: '127.0.0.1:9', msg: 'turned away' },
    { level: 50, host: 'r1-h1', msg: 'a row cannot be read' },
  ]);
});
