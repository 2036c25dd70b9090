import { randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { incarnationId } from '../../src/core/ids.ts';
import type { Cargo } from '../../src/wire/contract.ts';
import { BulkFullError, BulkPullError } from '../../src/wire/errors.ts';
import { Proxy } from './proxy.ts';
import { digestOf, openHost, stopHosts, type TestHost, type TestHostOptions, turn } from './test-host.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const proxies: Proxy[] = [];

afterEach(async () => {
  await stopHosts();
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

async function hosts(
  options: Partial<TestHostOptions> = {},
): Promise<{ readonly source: TestHost; readonly target: TestHost; readonly proxy: Proxy }> {
  const [source, target] = [await openHost('source.1', options), await openHost('target.1', options)];
  const proxy = await Proxy.open(source.address);
  proxies.push(proxy);
  return { source, target, proxy };
}

async function codeOf(pull: Promise<Uint8Array>): Promise<string> {
  return pull.then(
    (bytes) => `pulled ${bytes.byteLength}`,
    (error: unknown) => (error instanceof BulkPullError ? error.code : String(error)),
  );
}

function load(source: TestHost, target: TestHost, bytes: Uint8Array): Cargo & { readonly kind: 'ticket' } {
  const cargo = source.wire.bulk.load(target.self, bytes, digestOf(bytes));
  if (cargo.kind !== 'ticket') throw new Error('expected a ticket');
  return cargo;
}

test('small bytes travel inside the message, larger ones are pulled; both arrive as they were', async () => {
  const { source, target } = await hosts();
  for (const [sizeBytes, kind] of [
    [0, 'inline'],
    [64 * KiB, 'inline'],
    [64 * KiB + 1, 'ticket'],
    [3 * MiB + 17, 'ticket'],
  ] as const) {
    const bytes = randomBytes(sizeBytes);
    const cargo = source.wire.bulk.load(target.self, bytes, digestOf(bytes));
    expect(cargo.kind).toBe(kind);
    const arrived = await target.wire.bulk.unload(source.identity, cargo);
    expect(Buffer.compare(arrived, bytes)).toBe(0);
    if (kind === 'ticket') expect(arrived.buffer.byteLength).toBe(sizeBytes);
  }
});

test('a ticket is good once, for one host, until it expires or is withdrawn', async () => {
  const { source, target } = await hosts();
  const thief = await openHost('thief.1', { listens: false });
  const bytes = randomBytes(MiB);
  const [used, stolen, expired, withdrawn] = [1, 2, 3, 4].map(() => load(source, target, bytes));
  if (!used || !stolen || !expired || !withdrawn) throw new Error('expected four tickets');

  expect(await codeOf(target.wire.bulk.unload(source.identity, used))).toBe(`pulled ${MiB}`);
  expect(await codeOf(target.wire.bulk.unload(source.identity, used))).toBe('BULK_TICKET_REFUSED');
  expect(await codeOf(thief.wire.bulk.unload(source.identity, stolen))).toBe('BULK_TICKET_REFUSED');
  expect(await codeOf(target.wire.bulk.unload(source.identity, stolen))).toBe(`pulled ${MiB}`);
  source.wire.bulk.withdraw(withdrawn);
  expect(await codeOf(target.wire.bulk.unload(source.identity, withdrawn))).toBe('BULK_TICKET_REFUSED');
  source.clock.advance(source.ports.settings.cargoOfferMs);
  expect(await codeOf(target.wire.bulk.unload(source.identity, expired))).toBe('BULK_TICKET_REFUSED');
});

test('bytes that change or stop on the way are never handed out', async () => {
  const { source, target, proxy } = await hosts();
  const bytes = randomBytes(2 * MiB);
  let passed = 0;
  proxy.alter = (direction, chunk) => {
    if (direction === 'toClient') passed += chunk.byteLength;
    if (passed > MiB) chunk.writeUInt8(chunk.readUInt8(0) ^ 1, 0);
    return chunk;
  };
  expect(await codeOf(target.wire.bulk.unload(source.at(proxy.address), load(source, target, bytes)))).toBe(
    'BULK_DIGEST_MISMATCH',
  );

  passed = 0;
  proxy.alter = (direction, chunk) => {
    if (direction === 'toClient') passed += chunk.byteLength;
    if (passed > MiB) proxy.cut();
    return chunk;
  };
  expect(await codeOf(target.wire.bulk.unload(source.at(proxy.address), load(source, target, bytes)))).toBe(
    'BULK_TRUNCATED',
  );
  const lie: Cargo = { kind: 'inline', bytes: bytes.subarray(0, 10), digest: digestOf(bytes) };
  expect(await codeOf(target.wire.bulk.unload(source.identity, lie))).toBe('BULK_DIGEST_MISMATCH');
});

test('a size that is not the announced one, or beyond the bound, is refused before a byte is taken', async () => {
  const { source, target } = await hosts({ settings: { cargoMaxBytes: 2 * MiB } });
  const cargo = load(source, target, randomBytes(MiB));
  expect(await codeOf(target.wire.bulk.unload(source.identity, { ...cargo, sizeBytes: MiB - 1 }))).toBe(
    'BULK_TRUNCATED',
  );
  expect(await codeOf(target.wire.bulk.unload(source.identity, { ...cargo, sizeBytes: 3 * MiB }))).toBe(
    'BULK_OVERSIZED',
  );
});

test('a source that is gone, restarted or of another cluster is told apart', async () => {
  const { source, target } = await hosts();
  const stranger = await openHost('stranger.1', { secret: Buffer.from('the secret of another cluster') });
  const cargo = load(source, target, randomBytes(MiB));
  const before = { ...source.identity, incarnation: incarnationId('source.0') };
  await expect(target.wire.bulk.unload(before, cargo)).rejects.toThrow('source.1 lives at its address now');
  expect(await codeOf(target.wire.bulk.unload(source.at(stranger.address), cargo))).toBe(
    'BULK_UNAUTHENTICATED',
  );
  await source.wire.stop();
  expect(await codeOf(target.wire.bulk.unload(source.identity, cargo))).toBe('BULK_UNREACHABLE');
});

test('a source holds no more than it may, and what was pulled is no longer held', async () => {
  const { source, target } = await hosts({ settings: { cargoHeldMaxBytes: 2 * MiB } });
  const bytes = randomBytes(MiB);
  const first = load(source, target, bytes);
  load(source, target, bytes);
  expect(() => load(source, target, bytes)).toThrow(BulkFullError);
  await target.wire.bulk.unload(source.identity, first);
  await turn();
  expect(load(source, target, bytes).kind).toBe('ticket');
});

test('pulls beyond the bound wait for their turn; beyond the second bound they are refused', async () => {
  const { source, target, proxy } = await hosts({ settings: { pullsMax: 2, pullsWaitingMax: 3 } });
  const bytes = randomBytes(MiB);
  const pulls = Array.from({ length: 6 }, () =>
    codeOf(target.wire.bulk.unload(source.at(proxy.address), load(source, target, bytes))),
  );
  const outcomes = await Promise.all(pulls);
  expect(outcomes.filter((outcome) => outcome === `pulled ${MiB}`).length).toBe(5);
  expect(outcomes.filter((outcome) => outcome === 'BULK_BUSY').length).toBe(1);
  expect(proxy.connections).toBe(5);
});

test('many targets at one source all get their bytes, a few at a time', async () => {
  const source = await openHost('source.1', { settings: { pullsMax: 1 } });
  const bytes = randomBytes(MiB);
  const targets = [await openHost('t.1'), await openHost('t.2'), await openHost('t.3')];
  const outcomes = await Promise.all(
    targets.map((target) => codeOf(target.wire.bulk.unload(source.identity, load(source, target, bytes)))),
  );
  expect(outcomes).toEqual(Array.from({ length: 3 }, () => `pulled ${MiB}`));
});

test('a pull that gains no byte any more fails in time, and so does one on a host that stops', async () => {
  const { source, target, proxy } = await hosts();
  const bytes = randomBytes(8 * MiB);
  const started = async (): Promise<void> =>
    new Promise((resolve) => {
      proxy.alter = (direction, chunk) => {
        if (direction === 'toClient' && chunk.includes('content-length')) {
          proxy.hold();
          // The head and what came with it pass, the rest does not.
          setImmediate(resolve);
        }
        return chunk;
      };
    });
  let begun = started();
  const silent = codeOf(target.wire.bulk.unload(source.at(proxy.address), load(source, target, bytes)));
  await begun;
  await turn();
  await turn();
  target.clock.advance(target.ports.settings.cargoOfferMs);
  expect(await silent).toBe('BULK_UNREACHABLE');

  proxy.release();
  begun = started();
  const stopped = codeOf(target.wire.bulk.unload(source.at(proxy.address), load(source, target, bytes)));
  await begun;
  await target.wire.stop();
  expect(await stopped).toBe('BULK_STOPPED');
  expect(await codeOf(target.wire.bulk.unload(source.identity, load(source, target, bytes)))).toBe(
    'BULK_STOPPED',
  );
});

test('heartbeats keep flowing between the chunks of a pull', async () => {
  const { source, target, proxy } = await hosts();
  source.wire.links.connect(target.identity);
  await Promise.all([source.until('roundTrip'), target.until('roundTrip')]);
  const bytes = randomBytes(64 * MiB);
  const cargo = load(source, target, bytes);
  let pulledBytes = 0;
  let onFlow = (): void => {};
  proxy.alter = (direction, chunk) => {
    if (direction === 'toClient') pulledBytes += chunk.byteLength;
    onFlow();
    return chunk;
  };
  let done = false;
  const pulled = target.wire.bulk.unload(source.at(proxy.address), cargo).finally(() => {
    done = true;
    onFlow();
  });

  let beats = 0;
  let mostBytesInABeat = 0;
  while (!done) {
    const beforeBytes = pulledBytes;
    // The clocks go on only while bytes flow: a busy machine's pause is no silence of the source.
    await new Promise<void>((resolve) => {
      onFlow = resolve;
    });
    const before = [source.of('roundTrip').length, target.of('roundTrip').length] as const;
    source.clock.advance(source.ports.settings.heartbeatEveryMs);
    target.clock.advance(target.ports.settings.heartbeatEveryMs);
    await Promise.all([source.until('roundTrip', before[0] + 1), target.until('roundTrip', before[1] + 1)]);
    beats += 1;
    mostBytesInABeat = Math.max(mostBytesInABeat, pulledBytes - beforeBytes);
  }

  expect(Buffer.compare(await pulled, bytes)).toBe(0);
  expect(beats).toBeGreaterThan(16);
  expect(mostBytesInABeat).toBeLessThan(8 * MiB);
  expect([...source.of('down'), ...target.of('down')]).toEqual([]);
});
