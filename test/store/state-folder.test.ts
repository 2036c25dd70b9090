import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../src/core/ports.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ClusterFileError,
  locateStore,
  readClusterFile,
  settleClusterFile,
} from '../../src/store/state-folder.ts';
import { random } from './ports.ts';

let parent = '';
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'godwit-state-'));
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const rows: readonly (readonly [string | null, Record<string, string>, string, string])[] = [
  [null, {}, 'lmdb:/home/u/.local/state/godwit', '/home/u/.local/state/godwit'],
  [null, { XDG_STATE_HOME: '/state' }, 'lmdb:/state/godwit', '/state/godwit'],
  [null, { XDG_STATE_HOME: 'relative' }, 'lmdb:/home/u/.local/state/godwit', '/home/u/.local/state/godwit'],
  [null, { GODWIT_STORE: '/data/c' }, 'lmdb:/data/c', '/data/c'],
  [null, { GODWIT_STORE: 'lmdb:/data/c' }, 'lmdb:/data/c', '/data/c'],
  ['', { GODWIT_STORE: '/data/c' }, 'lmdb:/data/c', '/data/c'],
  ['/option', { GODWIT_STORE: '/data/c' }, 'lmdb:/option', '/option'],
  ['postgres://db/c', {}, 'postgres://db/c', '/home/u/.local/state/godwit'],
];

test.each(rows)('option %j with %j is %s, its cluster file in %s', (option, environment, url, folder) => {
  expect(locateStore(option, environment, '/home/u')).toEqual({ url, folder });
});

test('all who make the cluster file at once get the same one, mode 0600, and nothing else is left', async () => {
  const folder = join(parent, 'deep', 'state');
  expect(await readClusterFile(folder)).toBeNull();
  const files = await Promise.all(Array.from({ length: 20 }, () => settleClusterFile(folder, random)));
  expect(new Set(files.map(({ secret }) => secret)).size).toBe(1);
  expect(new Set(files.map(({ id }) => id)).size).toBe(1);
  expect(files[0]?.secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await readClusterFile(folder)).toEqual(files[0]);
  expect(await readdir(folder)).toEqual(['cluster.json']);
  expect((await stat(join(folder, 'cluster.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('takes the file of whoever was faster between its look and its write', async () => {
  const file = join(parent, 'cluster.json');
  const faster = { version: 1, id: 'c-faster', secret: 'f'.repeat(64) };
  const late: Random = {
    ...random,
    hex: (bytes) => {
      writeFileSync(file, JSON.stringify(faster), { mode: 0o600 });
      return random.hex(bytes);
    },
  };
  expect(await settleClusterFile(parent, late)).toEqual({ id: faster.id, secret: faster.secret });
  expect(await readClusterFile(parent)).toEqual({ id: faster.id, secret: faster.secret });
});

const damaged: readonly (readonly [string, string])[] = [
  ['{', 'not JSON'],
  ['{"id":"c-1"}', 'secret'],
  ['{"id":"c-1","secret":"short"}', 'secret'],
  [JSON.stringify({ version: 2, id: 'c-1', secret: 'a'.repeat(64) }), 'version 2'],
];

test.each(damaged)('refuses the cluster file %s, and leaves it as it is', async (content, reason) => {
  const file = join(parent, 'cluster.json');
  await writeFile(file, content, { mode: 0o600 });
  const refused = await settleClusterFile(parent, random).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ClusterFileError);
  expect(String(refused)).toContain(reason);
  expect(String(refused)).toContain(file);
  expect(await readFile(file, 'utf8')).toBe(content);
});

test('refuses a cluster file that others can read', async () => {
  await settleClusterFile(parent, random);
  await chmod(join(parent, 'cluster.json'), 0o644);
  await expect(settleClusterFile(parent, random)).rejects.toThrow(/chmod 600/);
});

test('says which folder it cannot make', async () => {
  const file = join(parent, 'file');
  await writeFile(file, '');
  await expect(settleClusterFile(join(file, 'state'), random)).rejects.toThrow(ClusterFileError);
});
