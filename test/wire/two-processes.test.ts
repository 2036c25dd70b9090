import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { incarnationId } from '../../src/core/ids.ts';
import { clusterSecret, digestOf, numbered, openHost, stopHosts, type TestHost } from './test-host.ts';

const MiB = 1024 * 1024;
const puller = incarnationId('client.puller');

afterEach(stopHosts);

/** Runs a client in a process of its own; resolves with its exit code. */
async function runPuller(source: TestHost): Promise<number | null> {
  const program = fileURLToPath(new URL('puller.mjs', import.meta.url));
  const order = JSON.stringify({ source: source.identity, secret: clusterSecret.toString('hex') });
  const child = spawn(process.execPath, [program, order], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve) => child.on('exit', resolve));
}

test('messages pass while another process pulls 200 MB', async () => {
  const source = await openHost('source.1');
  const exited = runPuller(source);
  await source.until('up');
  const bytes = randomBytes(200 * MiB);
  const cargo = source.wire.bulk.load(puller, bytes, digestOf(bytes));
  source.wire.links.send(
    puller,
    { ...numbered(0), message: { kind: 'pull', cargo } as { kind: string } },
    'urgent',
  );

  let echoes = 0;
  let pulledBytes = 0;
  for (let next = 1; pulledBytes === 0; next += 1) {
    source.wire.links.send(puller, numbered(echoes), 'urgent');
    const { envelope } = await source.until('envelope', next);
    if (envelope.message.kind === 'pulled') pulledBytes = Number(Reflect.get(envelope.message, 'sizeBytes'));
    else echoes += 1;
  }

  // The target has checked the digest before it says that it is done.
  expect(pulledBytes).toBe(bytes.byteLength);
  expect(echoes).toBeGreaterThan(bytes.byteLength / (16 * MiB));

  source.wire.links.disconnect(puller);
  expect(await exited).toBe(0);
});
