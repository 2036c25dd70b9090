import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { SystemClock } from '../../src/clock.ts';
import { incarnationId } from '../../src/core/ids.ts';
import { SystemRandom } from '../../src/random.ts';
import { linkPath } from '../../src/wire/handshake.ts';
import { openWire } from '../../src/wire/open.ts';
import { wireDefaults } from '../../src/wire/settings.ts';
import { Program } from '../cli/program.ts';
import type { Ended } from '../cli/program.ts';
import { acts, asJudged, Fleet, flawless, quickLeases, scripted, turn } from './fleet.ts';

const timeout = 120_000;

async function fleetOf(context: TestContext, hostsPerRack: number): Promise<Fleet> {
  await turn(context);
  return Fleet.start(context, {
    racks: 1,
    hostsPerRack,
    settings: [...scripted, ...quickLeases],
    environment: {},
  });
}

/** Starts a host that is to be refused, and waits for its end. */
async function refusedHost(context: TestContext, store: string, ...args: readonly string[]): Promise<Ended> {
  const flags = ['host', '--store', store, '--set', 'lanes=1', ...args];
  const program = new Program(flags, tmpdir(), {});
  context.onTestFinished(() => program.signal('SIGKILL'));
  return program.ended;
}

async function emptyFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-places-'));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe.concurrent('a place that cannot be had is refused with a reason, and nobody loses anything', () => {
  test('a port in use', { timeout }, async (context) => {
    const folder = await emptyFolder(context);
    const server = createServer().listen(0, '127.0.0.1');
    context.onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ended = await refusedHost(context, folder, '--name', 'a', '--listen', `127.0.0.1:${port}`);
    context.expect(ended.code).toBe(1);
    context
      .expect(ended.stderr)
      .toMatch(new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use.*\\[PORT_IN_USE\\]`));
  });

  test('a store folder that cannot be written', { timeout }, async (context) => {
    const folder = await emptyFolder(context);
    await writeFile(join(folder, 'file'), 'somebody else’s');
    for (const place of [join(folder, 'file'), join(folder, 'file', 'below')]) {
      const ended = await refusedHost(context, place, '--name', 'a');
      context.expect(ended.code).toBe(1);
      context.expect(ended.stderr).toContain(place);
      context.expect(ended.stderr).toMatch(/\[(CLUSTER_FILE|STORE_OPEN)\]/);
    }
    context.expect(await readFile(join(folder, 'file'), 'utf8')).toBe('somebody else’s');
  });

  test(
    'a corrupt store is left as it is, and serves again once it is restored',
    { timeout },
    async (context) => {
      const { expect } = context;
      const fleet = await fleetOf(context, 1);
      const work = await fleet.startWork('r1-h1', [acts.some]);
      for (const { execution } of work) await fleet.acted(execution, 10);
      fleet.signal('r1-h1', 'SIGTERM');
      await fleet.host('r1-h1').exited;
      const { folder } = fleet.location;
      for (const [name, code] of [
        ['registry.mdb', 'STORE_CORRUPT'],
        ['cluster.json', 'CLUSTER_FILE'],
      ] as const) {
        const path = join(folder, name);
        await rename(path, `${path}.kept`);
        await writeFile(path, Buffer.alloc(65_536, 0x5a), { mode: 0o600 });
        const ended = await refusedHost(context, folder, '--name', 'r1-h1');
        expect(ended.code).toBe(1);
        expect(ended.stderr).toContain(`[${code}]`);
        expect(ended.stderr).toContain(name);
        expect((await readFile(path)).equals(Buffer.alloc(65_536, 0x5a))).toBe(true);
        await rename(`${path}.kept`, path);
      }
      await fleet.real.restart('r1-h1');
      expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
    },
  );

  test("a second cluster in the first one's folder", { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await fleetOf(context, 1);
    const work = await fleet.startWork('r1-h1', [acts.some]);
    const { folder } = fleet.location;
    // The same file system, another cluster's papers.
    const other = join(folder, 'other');
    await mkdir(other, { mode: 0o700 });
    const path = join(folder, 'cluster.json');
    const papers = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await rename(path, `${path}.kept`);
    await writeFile(path, JSON.stringify({ ...papers, id: 'c-ffffffffffffffffffffffff' }), { mode: 0o600 });
    const foreign = await refusedHost(context, folder, '--name', 'b');
    await rename(`${path}.kept`, path);
    expect(foreign.code).toBe(1);
    expect(foreign.stderr).toMatch(/belongs to cluster .*\[FOREIGN_CLUSTER\]/);
    expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  });

  test(
    'a name is refused while its host lives, and taken over when it is dead',
    { timeout },
    async (context) => {
      const { expect } = context;
      const fleet = await fleetOf(context, 1);
      const work = await fleet.startWork('r1-h1', [acts.many]);
      for (const { execution } of work) await fleet.acted(execution, 10);
      const { folder } = fleet.location;
      const settings = quickLeases.flatMap((setting) => ['--set', setting]);
      const refused = await refusedHost(context, folder, '--name', 'r1-h1', ...settings);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(
        /'r1-h1' is taken: r1-h1\.[0-9a-f]+ at 127\.0\.0\.1:\d+ is alive.*\[HOST_NAME_TAKEN\]/,
      );
      fleet.signal('r1-h1', 'SIGKILL');
      await fleet.host('r1-h1').exited;
      // The only host there is: it waits for its own former lease to end, and recovers what it left.
      await fleet.real.restart('r1-h1');
      expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
    },
  );

  test('frames that are malformed, oversized or of somebody unknown', { timeout }, async (context) => {
    const { expect } = context;
    const fleet = await fleetOf(context, 1);
    const work = await fleet.startWork('r1-h1', [acts.some]);
    const host = (await fleet.cluster.hosts())[0]?.identity;
    if (host === undefined) throw new Error('the host is up');
    const [name = '', port = ''] = host.address.split(':');
    const upgrade = `GET ${linkPath} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    for (const bytes of [
      'not HTTP at all\r\n\r\n',
      `${upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      `${upgrade}X-Large: ${'x'.repeat(1_000_000)}\r\n\r\n`,
    ]) {
      const socket = connectSocket(Number(port), name);
      socket.on('error', () => undefined); // It may be reset while it still writes.
      socket.write(bytes);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await fleet.printed('r1-h1', 'Turned away', 2);
    const ports = { clock: new SystemClock(), random: new SystemRandom() };
    const failed = new Promise<string>((resolve) => {
      const wire = openWire({
        ...ports,
        self: incarnationId('mallory.1'),
        secret: Buffer.alloc(32, 7),
        mayOpen: () => true,
        settings: wireDefaults,
        listener: {
          onEnvelope: () => undefined,
          onUp: () => resolve('up'),
          onDown: () => undefined,
          onDialFailed: (_peer, reason) => resolve(reason.kind),
          onDrained: () => undefined,
          onRoundTrip: () => undefined,
          onRefused: () => undefined,
        },
      });
      context.onTestFinished(() => wire.stop());
      wire.links.connect(host);
    });
    expect(await failed).not.toBe('up');
    expect(asJudged(await fleet.settled(work))).toEqual(flawless(work));
  });
});
