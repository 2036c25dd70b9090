import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ExecutionSummary, ExecutionUsage, HostDescription } from '../../src/protocols/messages.ts';
import type { Cluster } from '../../src/cluster.ts';
import { connect } from '../../src/cluster.ts';
import { locateStore } from '../../src/store/state-folder.ts';
import { Desk } from './program.ts';

// Processes start here, one after the other; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** All but the first go on until their host ends. */
const methodsFile = `'use movable';

import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { effect, receive, self, send, sleep, start } from 'godwit';

export async function spin(until) {
  let sum = 0;
  while (!(await effect('look', {}, () => existsSync(until)))) {
    for (let round = 0; round < 200000000; round += 1) sum = (sum + round) % 1000003;
  }
}

export async function write(path) {
  for (;;) {
    await effect('write', {}, () => {
      const file = openSync(path, 'w');
      writeSync(file, new Uint8Array(2_000_000).fill(7));
      fsyncSync(file);
      closeSync(file);
    });
    await sleep(20);
  }
}

export async function upload(port) {
  for (;;) {
    await effect('upload', {}, () => new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(new Uint8Array(1_000_000)));
      socket.on('error', reject);
      socket.on('close', resolve);
    }));
    await sleep(20);
  }
}

export async function talk(peer) {
  const other = peer ?? start(talk, [self().execution], { on: 'r2-h1' });
  if (peer === null) await send({ execution: other.execution }, 'x'.repeat(1000));
  for (;;) {
    const text = await receive();
    await send({ execution: peer ?? other.execution }, text);
    await sleep(10);
  }
}
`;

const desk = await Desk.open();
const sink = createServer((socket) => socket.on('error', () => undefined).resume());
let cluster: Cluster;
afterAll(async () => {
  sink.close();
  await cluster.close();
});

beforeAll(async () => {
  await once(sink.listen(0, '127.0.0.1'), 'listening');
  await writeFile(join(desk.folder, 'load.js'), methodsFile);
  const settings = [
    'affinity.enabled=false',
    'orchestrator.enabled=false',
    'monitor.sampleMs=250',
    'monitor.usageMs=1000',
    'lanes=1',
  ];
  const up = desk.start('up', '--racks', '2', '--hosts', '1', ...settings.flatMap((one) => ['--set', one]));
  await up.line(/^Up: r1-h1, r2-h1/);
  cluster = await connect(locateStore(join(desk.folder, 'state'), {}, desk.folder));
});

async function run(...args: readonly string[]): Promise<string> {
  return (await desk.json<{ readonly execution: string }>('run', ...args)).execution;
}

async function hostNamed(name: string): Promise<HostDescription> {
  const found = (await cluster.hosts()).find(({ identity }) => identity.name === name);
  if (found === undefined) throw new Error(`${name} is not up`);
  return found;
}

async function usages(): Promise<ReadonlyMap<string, ExecutionUsage | null>> {
  return new Map((await cluster.executions()).map(({ execution, usage }) => [execution, usage]));
}

/** Asks twice a second at most: the hosts have better things to do. */
function waitFor<Found>(look: () => Promise<Found>): Promise<Found> {
  return vi.waitFor(look, { timeout: 40_000, interval: 500 });
}

test('a tight loop shows as busy CPU of its host, of its lane and of the execution', async () => {
  const until = join(desk.folder, 'enough');
  const execution = await run('load.js#spin', JSON.stringify(until), '--on', 'r1-h1');
  await waitFor(async () => {
    const { availability, monitoring } = await hostNamed('r1-h1');
    expect(availability.demand).toBeGreaterThan(0.8);
    expect(monitoring?.lanes[0]?.busyRatio).toBeGreaterThan(0.8);
    // Others may have the cores meanwhile, so this is no share of one; idle, it is a few hundredths.
    expect(monitoring?.sample.process.cpuCores).toBeGreaterThan(0.1);
    expect(monitoring?.lanes[0]?.cpuCores ?? 1).toBeGreaterThan(0.1);
    const usage = (await usages()).get(execution);
    expect(usage?.demand).toBeGreaterThan(0.8);
    expect(usage?.used.cpu).toBeGreaterThan(0.1);
    expect(usage?.used.cpu).toBeLessThanOrEqual(1);
    expect(usage?.used.network).toBe(0);
  });
  // The other host has none of it, and the command line shows the same.
  const hosts = await desk.json<readonly HostDescription[]>('hosts');
  const demands = hosts.map(({ availability }) => availability.demand);
  expect(demands[0]).toBeGreaterThan(0.5);
  expect(demands[1]).toBeLessThan(0.5);
  expect(hosts[0]?.monitoring?.sample.limits.memoryUsage).toBeGreaterThan(0);
  await writeFile(until, '');
});

test('what effects write and send shows as disk and network; two that talk name each other', async () => {
  const { port } = sink.address() as AddressInfo;
  const [writer, uploader, talker] = await Promise.all([
    run('load.js#write', JSON.stringify(join(desk.folder, 'bulk')), '--on', 'r2-h1'),
    run('load.js#upload', String(port), '--on', 'r2-h1'),
    run('load.js#talk', 'null', '--on', 'r1-h1'),
  ]);
  const peer = await waitFor(async () => {
    const { monitoring, availability } = await hostNamed('r2-h1');
    // What the kernel of this machine does not tell is null, and shows as no figure at all.
    const { disk } = monitoring?.sample.process ?? { disk: null };
    const { network } = monitoring?.sample.machine ?? { network: null };
    const tells = process.platform === 'linux';
    if (tells) {
      expect(disk?.writtenBytesPerSecond).toBeGreaterThan(1e6);
      expect(network?.loopbackBytesPerSecond).toBeGreaterThan(1e6);
      expect(availability.resource.networkBandwidth).toBeGreaterThan(1e6);
    } else expect([disk, network]).toEqual([null, null]);
    const all = await usages();
    if (tells) expect(all.get(writer)?.used.io).toBeGreaterThan(1e5);
    expect(all.get(uploader)?.demand).toBeLessThan(0.9);
    const [traffic] = all.get(talker)?.peers ?? [];
    expect(traffic?.messagesPerSecond).toBeGreaterThan(2);
    expect(traffic?.bytesPerSecond).toBeGreaterThan(2_000);
    const answering = all.get(traffic?.peer ?? '');
    expect(answering?.peers[0]?.peer).toBe(talker);
    expect(answering?.component).toBe(talker);
    // Beside each other they need no network.
    expect(answering?.used.network).toBe(0);
    expect(answering?.movedAtWallMs).toBe(0);
    return traffic?.peer ?? '';
  });
  expect(await desk.run('migrate', peer, 'r2-h1')).toMatchObject({ code: 0 });
  await waitFor(async () => {
    const all = await usages();
    expect(all.get(talker)?.used.network).toBeGreaterThan(2_000);
    expect(all.get(peer)?.used.network).toBeGreaterThan(2_000);
    expect(all.get(peer)?.movedAtWallMs).toBeGreaterThan(0);
  });
  const shown = await desk.json<readonly ExecutionSummary[]>('ps');
  expect(shown.find(({ execution }) => execution === peer)?.usage?.peers[0]?.peer).toBe(talker);
});
