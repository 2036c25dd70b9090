import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RegistryDatabase } from '../../../src/store/lmdb/database.ts';
import { claimGivenUp } from '../../../src/store/lmdb/messages.ts';
import type { CasRequest } from '../../../src/store/lmdb/messages.ts';
import { Peer } from './processes.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-database-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const claims = new Int32Array(8192);
const put = (slot: number, key: string, expected: number): CasRequest => ({
  kind: 'cas',
  request: slot,
  slot,
  key,
  expected,
  value: new Uint8Array(4),
  puts: [],
  drops: [],
});

function commit(database: RegistryDatabase, requests: readonly CasRequest[]): readonly string[] {
  claims.fill(0);
  return database.commit(requests, claims).map(({ kind }) => kind);
}

test('keeps as many changes as a watcher may miss, and says when it missed more', async () => {
  const database = new RegistryDatabase(join(folder, 'registry.mdb'), 1_000_000);
  expect(database.changesSince(0)).toEqual({ kind: 'none' });
  let revision = 0;
  for (let round = 0; round < 5; round += 1) {
    const requests = Array.from({ length: 4096 }, (_, index) => {
      const before = revision + index;
      return put(index, `row/${index % 16}`, before < 16 ? 0 : before - 15);
    });
    expect(new Set(commit(database, requests))).toEqual(new Set(['done']));
    revision += requests.length;
    const latest = revision - 3;
    expect(database.read(() => database.changesSince(latest))).toEqual({
      kind: 'keys',
      keys: ['row/13', 'row/14', 'row/15'],
      revision,
    });
  }
  expect(database.changesSince(revision)).toEqual({ kind: 'none' });
  const oldest = database.changesSince(revision - 16_384);
  expect(oldest.kind === 'keys' ? oldest.keys.length : oldest).toBe(16);
  expect(database.changesSince(revision - 16_385)).toEqual({ kind: 'gap' });
  // Another database in its place: what the watcher knows means nothing there.
  expect(database.changesSince(revision + 1)).toEqual({ kind: 'gap' });
  await database.close();
});

test('skips a call that was given up, and only that, in one transaction', async () => {
  const database = new RegistryDatabase(join(folder, 'registry.mdb'), 1_000_000);
  claims.fill(0);
  Atomics.store(claims, 2, claimGivenUp);
  const answers = database.commit(
    [put(1, 'a', 0), put(2, 'b', 0), put(3, 'c', 0), put(4, 'a', 0), put(5, 'a', 1)],
    claims,
  );
  expect(answers.map(({ kind }) => kind)).toEqual(['done', 'skipped', 'done', 'conflict', 'done']);
  const rows = database.read(() => database.list(''));
  expect(rows.map(({ key, revision }) => [key, revision])).toEqual([
    ['a', 3],
    ['c', 2],
  ]);
  await database.close();
});

test('a process that was killed while it read does not keep the file growing', async () => {
  const file = join(folder, 'registry.mdb');
  const database = new RegistryDatabase(file, 1_000_000);
  let revision = 0;
  /** Writes one large row over and over. @returns how much larger the file is after that */
  const grown = async (times: number): Promise<number> => {
    const before = await stat(file);
    for (let time = 0; time < times; time += 1) {
      const request = { ...put(1, 'row', revision), value: new Uint8Array(256 * 1024) };
      expect(commit(database, [request])).toEqual(['done']);
      revision += 1;
    }
    return (await stat(file)).size - before.size;
  };
  await grown(3);
  const peer = new Peer(['', 'snapshot', file]);
  await peer.saw('reads');
  expect(await grown(4)).toBeGreaterThan(512 * 1024);
  peer.signal('SIGKILL');
  await peer.ended;
  await grown(64);
  expect(await grown(64)).toBeLessThan(1024 * 1024);
  await database.close();
});
