import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { LocalCluster } from '../src/testing/local/host-processes.ts';
import type { Cluster } from '../src/cluster.ts';
import { anywhere, connect, RefusedError } from '../src/cluster.ts';
import { SystemClock } from '../src/clock.ts';
import type { ExecutionId, HostName } from '../src/core/ids.ts';
import { hostName } from '../src/core/ids.ts';
import { SystemRandom } from '../src/random.ts';
import { openStore } from '../src/store/open.ts';
import { storeOptions } from '../src/store/options.ts';
import type { StoreLocation } from '../src/store/state-folder.ts';
import { locateStore } from '../src/store/state-folder.ts';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';

const movesEach = 50;
const executions = 10;
const warmUpMoves = 10;

/**
 * The pause of a move between two host processes with shipped defaults, as the method itself sees it; beside it what the
 * store's compare-and-set and a raw WebSocket echo of as many bytes take on this machine, at this time.
 */
export async function bench(): Promise<{ readonly figures: readonly Figure[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-pause-'));
  const location = locateStore(folder, {}, homedir());
  const local = new LocalCluster({
    racks: 1,
    hostsPerRack: 2,
    store: location.url,
    cpuShare: 0,
    settings: [],
    environment: {},
    onLine: (host, stream, line) => {
      if (stream === 'stderr') console.error(`${host}: ${line}`);
    },
  });
  try {
    await local.start();
    const cluster = await connect(location);
    try {
      const { pauses, bytes } = await moveBackAndForth(cluster);
      const swaps = await compareAndSets(location);
      const echoes = await echoTimes(bytes);
      return { figures: figuresOf(pauses, bytes, swaps, echoes) };
    } finally {
      await cluster.close();
    }
  } finally {
    await local.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function moveBackAndForth(
  cluster: Cluster,
): Promise<{ readonly pauses: number[]; readonly bytes: number }> {
  const pack = await cluster.deploy(fileURLToPath(new URL('fixtures/gaps.ts', sourceFolder())));
  const pauses: number[] = [];
  let bytes = 0;
  for (let count = 0; count <= executions; count += 1) {
    // The first execution warms the hosts up, as any host that has run for a while is.
    const moves = count === 0 ? warmUpMoves : movesEach;
    const execution = await cluster.start(pack, 'gaps', [moves], {
      on: hostName('r1-h1'),
      affinity: anywhere,
    });
    console.error(`execution ${count} of ${executions}`);
    for (let move = 0; move < moves; move += 1) {
      const target = hostName(move % 2 === 0 ? 'r1-h2' : 'r1-h1');
      const moved = await moveWhenPossible(cluster, execution, target);
      bytes = Math.max(bytes, moved.bytes);
    }
    const found = (await cluster.outcome(execution)) as readonly number[];
    if (count > 0) pauses.push(...found);
  }
  return { pauses, bytes };
}

/** A host takes an execution back only when the checkpoint after the last move is durable; until then it refuses. */
async function moveWhenPossible(
  cluster: Cluster,
  execution: ExecutionId,
  target: HostName,
): Promise<{ readonly bytes: number }> {
  for (;;) {
    try {
      return await cluster.migrate(execution, target, {
        by: 'operator',
        term: null,
        text: 'bench',
        scores: {},
        decision: '',
      });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** The folder that this file's source stands in, also when it runs from elsewhere. */
function sourceFolder(): URL {
  return new URL('bench/', new URL(`file://${process.cwd()}/`));
}

async function compareAndSets(location: StoreLocation): Promise<number[]> {
  const clock = new SystemClock();
  const store = await openStore(location.url, storeOptions({ clock, random: new SystemRandom() }));
  const times: number[] = [];
  let expected: Parameters<typeof store.registry.cas>[1] = 'absent';
  for (let count = 0; count < 300; count += 1) {
    const before = clock.monotonicMs();
    const answer = await store.registry.cas('bench/pause', expected, new Uint8Array(256));
    times.push(clock.monotonicMs() - before);
    if (answer.kind === 'done') expected = answer.revision;
  }
  await store.close();
  return times;
}

async function echoTimes(bytes: number): Promise<number[]> {
  const clock = new SystemClock();
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The echo server listens on no port.');
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}`);
  await new Promise((resolve) => socket.once('open', resolve));
  const times: number[] = [];
  const payload = Buffer.alloc(bytes);
  for (let count = 0; count < 1_000; count += 1) {
    const before = clock.monotonicMs();
    const answer = new Promise((resolve) => socket.once('message', resolve));
    socket.send(payload);
    await answer;
    times.push(clock.monotonicMs() - before);
  }
  socket.terminate();
  await new Promise((resolve) => server.close(resolve));
  return times;
}

function figuresOf(pauses: number[], bytes: number, swaps: number[], echoes: number[]): readonly Figure[] {
  const figure = (name: string, value: number, unit: string, target: number | null): Figure => ({
    name,
    value,
    unit,
    target,
    met: target === null ? null : value <= target,
  });
  return [
    figure('pause p50', quantile(pauses, 0.5), 'ms', 5),
    figure('pause p99', quantile(pauses, 0.99), 'ms', 25),
    figure('pause longest', Math.max(...pauses), 'ms', null),
    figure('moves', pauses.length, 'moves', null),
    figure('snapshot', bytes, 'bytes', null),
    figure('store compare-and-set p50', quantile(swaps, 0.5), 'ms', null),
    figure('store compare-and-set p99', quantile(swaps, 0.99), 'ms', null),
    figure('raw ws echo p50', quantile(echoes, 0.5), 'ms', null),
    figure('raw ws echo p99', quantile(echoes, 0.99), 'ms', null),
  ];
}
