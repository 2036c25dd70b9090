import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { shownUrl } from '../src/store/shown-url.ts';
import { findNatsServer, NatsCluster, versionOf } from '../test/store/nats/cluster.ts';
import { PostgresServer } from '../test/store/postgres/server.ts';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';
import { Trial } from './stores/trial.ts';

/** A store to measure, made for it or named. */
interface Candidate {
  readonly name: string;
  readonly url: string;
  readonly dispose: () => Promise<void>;
}

/** The stores in turn, round by round, each with several sessions as hosts have them. `--store URL` adds others, as they stand. */
export async function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '10' },
      calls: { type: 'string', default: '40' },
    },
  });
  const candidates = [await folder(), await postgres(), ...(await jetStream()), ...values.store.map(named)];
  const trials = new Map<string, Trial>();
  try {
    for (const { name, url } of candidates) trials.set(name, await Trial.open(url));
    // The first round warms connections, plans and files up.
    for (const trial of trials.values()) await trial.round(4);
    for (const { times } of trials.values()) for (const list of Object.values(times)) list.length = 0;
    for (let round = 0; round < Number(values.rounds); round += 1) {
      for (const trial of trials.values()) await trial.round(Number(values.calls));
    }
    return { figures: [...trials].flatMap(([name, trial]) => figuresOf(name, trial)) };
  } finally {
    for (const trial of trials.values()) await trial.close();
    for (const { dispose } of candidates) await dispose();
  }
}

async function folder(): Promise<Candidate> {
  const path = await mkdtemp(join(tmpdir(), 'godwit-stores-'));
  return { name: 'lmdb', url: `lmdb:${path}`, dispose: () => rm(path, { recursive: true, force: true }) };
}

async function postgres(): Promise<Candidate> {
  const server = await PostgresServer.start();
  return { name: 'postgres', url: server.url('bench'), dispose: () => server.dispose() };
}

/** Three servers as they are by default, and, where they can, with a flush before each acknowledgement. */
async function jetStream(): Promise<readonly Candidate[]> {
  const binary = await findNatsServer();
  if (binary === null) return [];
  const [major = 0, minor = 0] = await versionOf(binary);
  const settings = [{ name: 'nats', jetStream: '' }];
  if (major > 2 || minor >= 10) settings.push({ name: 'nats-flushed', jetStream: 'sync_interval: always' });
  const candidates: Candidate[] = [];
  for (const { name, jetStream: lines } of settings) {
    const cluster = await NatsCluster.start(binary, { jetStream: lines });
    candidates.push({ name, url: cluster.url('bench'), dispose: () => cluster.dispose() });
  }
  return candidates;
}

function named(url: string): Candidate {
  return { name: shownUrl(url), url, dispose: () => Promise.resolve() };
}

function figuresOf(store: string, { times }: Trial): readonly Figure[] {
  const figure = (name: string, value: number, unit: string): Figure => ({
    name: `${store}: ${name}`,
    value,
    unit,
    target: null,
    met: null,
  });
  const both = (name: string, list: readonly number[]): readonly Figure[] => [
    figure(`${name} p50`, quantile(list, 0.5), 'ms'),
    figure(`${name} p99`, quantile(list, 0.99), 'ms'),
  ];
  return [
    ...both('compare-and-set', times.cas),
    ...both('compare-and-set, 8 sessions at once,', times.crowd),
    figure('compare-and-sets, 64 at once in one session', quantile(times.perSecond, 0.5), '/s'),
    ...both('get', times.get),
    ...both('vault put of 256 KiB', times.put),
    ...both("somebody else's change seen after", times.watch),
  ];
}
