import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Cluster } from '../../src/cluster.ts';
import { connect } from '../../src/cluster.ts';
import { SystemClock } from '../../src/clock.ts';
import type {
  HostLatencies,
  LearnedScore,
  LMSMeasurements,
  RackLatencies,
} from '../../src/protocols/messages.ts';
import type { SeatRow } from '../../src/protocols/seats/candidate.ts';
import { SystemRandom } from '../../src/random.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { locateStore } from '../../src/store/state-folder.ts';
import { openTables } from '../../src/store/tables.ts';
import { Desk } from './program.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Shown {
  readonly measurements: LMSMeasurements;
  readonly score: LearnedScore;
  readonly hosts: readonly HostLatencies[];
  readonly silentRacks: readonly string[];
}

const desk = await Desk.open();
const location = locateStore(join(desk.folder, 'state'), {}, desk.folder);
let cluster: Cluster;

beforeAll(async () => {
  const quick = ['lease.termMs=1500', 'lease.marginMs=300', 'lease.renewMs=250', 'monitor.sampleMs=100'];
  const settings = [...quick, 'lanes=1', 'affinity.enabled=false'].flatMap((setting) => ['--set', setting]);
  const up = desk.start('up', '--racks', '2', '--hosts', '2', ...settings);
  await up.line(/^Up: r1-h1, r1-h2, r2-h1, r2-h2/);
  cluster = await connect(location);
});
afterAll(() => cluster.close());

/** A rack's row, asked for until it fits. */
async function row(rack: string, fits: (row: RackLatencies) => boolean): Promise<RackLatencies> {
  for (;;) {
    const asked = cluster.actor(`rack/${rack}`).ask({ kind: 'latencyRow' }, { timeoutMs: 5_000 });
    const reply = (await asked.catch(() => null)) as { readonly latencies: RackLatencies } | null;
    if (reply !== null && fits(reply.latencies)) return reply.latencies;
    await new Promise(setImmediate);
  }
}

const isWhole = ({ row: figures }: RackLatencies): boolean =>
  ['r1', 'r2'].every((rack) =>
    Object.entries(figures).some(([to, { samples }]) => to === rack && samples > 8),
  );

test('the matrix of a running cluster, measured by probes over UDP', async () => {
  await Promise.all([row('r1', isWhole), row('r2', isWhole)]);
  const { measurements, score, hosts, silentRacks } = await desk.json<Shown>('latency');
  for (const from of ['r1', 'r2']) {
    for (const to of ['r1', 'r2']) {
      const figure = Object.entries(
        Object.entries(measurements).find(([rack]) => rack === from)?.[1] ?? {},
      ).find(([rack]) => rack === to)?.[1];
      expect(figure).toMatchObject({ source: 'measured' });
      expect(figure?.p50Ms).toBeGreaterThan(0);
      expect(figure?.p95Ms).toBeGreaterThanOrEqual(figure?.p50Ms ?? 0);
    }
  }
  expect(score).toMatchObject({ used: false, pairs: 0 });
  expect(silentRacks).toEqual([]);
  expect(hosts.map(({ identity }) => identity.name).toSorted()).toEqual(['r1-h1', 'r1-h2', 'r2-h1', 'r2-h2']);
  for (const { identity, peers, probes } of hosts) {
    // The same port number as that of the links.
    expect(probes).toEqual({ kind: 'open', address: identity.address });
    expect(peers.length).toBe(3);
  }
  const { stdout } = await desk.run('latency', '--hosts');
  expect(stdout).toMatch(/^FROM +TO +P50 MS +P95 MS +JITTER MS +LOSS +SAMPLES +AGE +SOURCE/);
  expect(stdout).toMatch(/r1-h1 +r2-h2 .* measured/);
});

test('a rack actor that is killed with its host is followed by one that knows the row', async () => {
  const store = await openStore(
    location.url,
    storeOptions({ clock: new SystemClock(), random: new SystemRandom() }),
  );
  try {
    const { seats } = openTables(store.registry, (error) => console.error(error));
    const holder = async (fits: (found: SeatRow) => boolean): Promise<SeatRow> =>
      new Promise((resolve) => {
        const stop = seats.watch(({ rows }) => {
          const found = rows.find(({ row: seat }) => seat.seat === 'rack/r1' && fits(seat));
          if (found === undefined) return;
          queueMicrotask(() => stop());
          resolve(found.row);
        });
      });
    const first = await holder(({ standing }) => standing === 'held');
    const up = await cluster.hosts();
    process.kill(up.find(({ identity }) => identity.incarnation === first.holder)?.pid ?? 0, 'SIGKILL');
    const second = await holder(({ holder: now, standing }) => standing === 'held' && now !== first.holder);
    // Only its one host is left in the rack.
    const { row: figures } = await row(
      'r1',
      (one) => one.term === second.term && Object.keys(one.row).includes('r2'),
    );
    expect(Object.values(figures).map(({ source }) => source)).toContain('measured');
  } finally {
    await store.close();
  }
});
