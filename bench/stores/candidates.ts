import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shownUrl } from '../../src/store/shown-url.ts';
import { findNatsServer, NatsCluster, versionOf } from '../../test/store/nats/cluster.ts';
import { PostgresServer } from '../../test/store/postgres/server.ts';

/** A store to measure on, made for it or named. */
export interface Candidate {
  readonly name: string;
  readonly url: string;
  readonly dispose: () => Promise<void>;
}

export async function folder(): Promise<Candidate> {
  const path = await mkdtemp(join(tmpdir(), 'godwit-stores-'));
  return { name: 'lmdb', url: `lmdb:${path}`, dispose: () => rm(path, { recursive: true, force: true }) };
}

export async function postgres(): Promise<Candidate> {
  const server = await PostgresServer.start();
  return { name: 'postgres', url: server.url('bench'), dispose: () => server.dispose() };
}

/** Three servers as they are by default, and, where they can, with a flush before each acknowledgement. None without a server here. */
export async function jetStream(): Promise<readonly Candidate[]> {
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

export function named(url: string): Candidate {
  return { name: shownUrl(url), url, dispose: () => Promise.resolve() };
}
