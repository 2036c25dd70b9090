import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openHostLog } from '../../src/telemetry/log.ts';

test('a host logs at its level and above, with its name, one line of JSON each, in their order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-log-'));
  const file = join(folder, 'log');
  const to = openSync(file, 'a');
  const log = openHostLog('warn', { host: 'r1-h1' }, to);
  log.info({}, 'too little');
  log.warn({ remote: '127.0.0.1:9' }, 'turned away');
  log.error({}, 'a row cannot be read');
  await log.close();
  log.error({}, 'too late');
  await log.close();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  rmSync(folder, { recursive: true });
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 40, host: 'r1-h1', remote: '127.0.0.1:9', msg: 'turned away' },
    { level: 50, host: 'r1-h1', msg: 'a row cannot be read' },
  ]);
});
