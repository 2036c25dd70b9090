import { chmod, mkdir, open, readFile, readdir, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  StoreCorruptError,
  StoreFormatError,
  StoreFullError,
  StoreOpenError,
  StoreUnavailableError,
} from '../../../src/store/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { bytes, failure, Folder, options, seeded, text } from './folder.ts';

test('folders have mode 0700 and files 0600', async () => {
  const parent = await Folder.create();
  const store = await openStore(`lmdb:${join(parent.path, 'deep', 'store')}`, options);
  await store.vault.put('a', bytes('1'));
  const modes = new Map<string, number>();
  for (const entry of await readdir(join(parent.path, 'deep'), { recursive: true })) {
    modes.set(entry, (await stat(join(parent.path, 'deep', entry))).mode & 0o777);
  }
  await store.close();
  expect(Object.fromEntries(modes)).toEqual({
    store: 0o700,
    'store/registry.mdb': 0o600,
    'store/registry.mdb-gate': 0o600,
    'store/registry.mdb-gate-lock': 0o600,
    'store/registry.mdb-lock': 0o600,
    'store/vault': 0o700,
    'store/vault/.partial': 0o700,
    'store/vault/a': 0o600,
  });
});

test('refuses an unknown driver, no folder, a path that is a file, a folder that everybody may write', async () => {
  const folder = await Folder.create();
  expect(String(await failure(openStore('redis:x', options)))).toContain('Known: lmdb:');
  expect(await failure(openStore('/plain/path', options))).toBeInstanceOf(StoreOpenError);
  expect(await failure(openStore('lmdb:', options))).toBeInstanceOf(StoreOpenError);
  const file = join(folder.path, 'file');
  await writeFile(file, 'mine');
  const refused = await failure(openStore(`lmdb:${file}`, options));
  expect(refused).toBeInstanceOf(StoreOpenError);
  expect(String(refused)).toContain(file);
  expect(await readFile(file, 'utf8')).toBe('mine');
  const open = join(folder.path, 'open');
  await mkdir(open);
  await chmod(open, 0o777);
  expect(String(await failure(openStore(`lmdb:${open}`, options)))).toContain('chmod o-w');
});

test.runIf(process.getuid?.() === 0)('refuses a folder that it may not write', async () => {
  const folder = await Folder.create();
  await chmod(folder.path, 0o755);
  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [line] = await folder.peer(['open'], asNobody).ended;
  expect(line).toMatch(/^StoreOpenError/);
  expect(line).toContain(folder.path);
  expect(line).toContain('EACCES');
});

const damages: readonly (readonly [string, (file: string) => Promise<void>])[] = [
  ['garbage', (file) => writeFile(file, Buffer.alloc(100_000, 7))],
  ['a text file', (file) => writeFile(file, 'not a database\n')],
  [
    'cut off in the middle',
    async (file) => truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096),
  ],
  ['cut off within its header', (file) => truncate(file, 5000)],
  ['with its pages overwritten', (file) => overwrite(file, 2 * 4096)],
  ['with its later pages overwritten', (file) => overwrite(file, 12 * 4096)],
];

async function overwrite(file: string, from: number): Promise<void> {
  const handle = await open(file, 'r+');
  const { size } = await handle.stat();
  await handle.write(Buffer.alloc(size - from, 0xa5), 0, size - from, from);
  await handle.close();
}

test.each(damages)('refuses a database that is %s, names it, and leaves it as it is', async (_, damage) => {
  const folder = await seeded();
  await damage(folder.file);
  const before = await readFile(folder.file);
  const refused = await failure(folder.open());
  expect(refused).toBeInstanceOf(StoreCorruptError);
  expect(String(refused)).toContain(folder.file);
  expect((await readFile(folder.file)).equals(before)).toBe(true);
});

test('finds a flipped bit in a row, in that row only', async () => {
  const folder = await seeded();
  const data = await readFile(folder.file);
  // Every copy of the row, old pages included.
  const value = 'value '.repeat(7);
  for (let at = data.indexOf(value); at >= 0; at = data.indexOf(value, at + 1)) data[at + 3] = 0;
  await writeFile(folder.file, data);
  const { registry } = await folder.open();
  const damaged = await failure(registry.get('row/7'));
  expect(damaged).toBeInstanceOf(StoreCorruptError);
  expect(String(damaged)).toContain('row/7');
  expect(await failure(registry.cas('row/7', 'absent', bytes('new')))).toBeInstanceOf(StoreCorruptError);
  expect(text((await registry.get('row/1'))?.value)).toBe('value ');
  expect((await registry.cas('row/new', 'absent', bytes('new'))).kind).toBe('done');
});

test('refuses a database of a newer format', async () => {
  const folder = await seeded();
  const [line] = await folder.peer(['newer', folder.file]).ended;
  expect(line).toBe('written');
  const refused = await failure(folder.open());
  expect(refused).toBeInstanceOf(StoreFormatError);
  expect(String(refused)).toContain('format 99');
});

test('says when it is full, does nothing of what does not fit, and goes on', async () => {
  const folder = await Folder.create();
  const { registry } = await folder.open({ registryBytesMax: 200_000 });
  const value = new Uint8Array(60_000);
  const answers = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((key) => failure(registry.cas(key, 'absent', value))),
  );
  expect(answers.filter((answer) => answer === null).length).toBe(3);
  for (const answer of answers) if (answer !== null) expect(answer).toBeInstanceOf(StoreFullError);
  const rows = await registry.list('');
  expect(rows.length).toBe(3);
  expect((await registry.cas(rows[0]?.key ?? '', rows[0]?.revision ?? 'absent', 'delete')).kind).toBe('done');
  expect((await registry.cas('f', 'absent', value)).kind).toBe('done');
});

test('keeps what it acknowledged when the file system takes no more', async () => {
  const folder = await Folder.create();
  // A file size limit stands for a full disk: the write fails in the middle of a commit.
  const lines = await folder.peer(['fill'], ['prlimit', '--fsize=3000000']).ended;
  const acknowledged = lines.filter((line) => line.startsWith('acknowledged')).length;
  expect(acknowledged).toBeGreaterThan(3);
  expect(lines.at(-1)).toMatch(/^Store(Full|Ambiguous)Error: /);
  const { registry } = await folder.open();
  const rows = await registry.list('row/');
  expect([0, 1]).toContain(rows.length - acknowledged);
  for (const { key, value } of rows)
    expect(value.every((byte) => byte === Number(key.slice(4)) % 250)).toBe(true);
  expect((await registry.cas('more', 'absent', bytes('1'))).kind).toBe('done');
});

test('finds a damaged vault value, and one that is cut off', async () => {
  const folder = await Folder.create();
  const { vault } = await folder.open();
  for (const key of ['whole', 'flipped', 'cut']) await vault.put(key, new Uint8Array(1_000_000).fill(3));
  const flipped = await open(join(folder.path, 'vault', 'flipped'), 'r+');
  await flipped.write(Buffer.from([4]), 0, 1, 500_000);
  await flipped.close();
  await truncate(join(folder.path, 'vault', 'cut'), 400_000);
  for (const key of ['flipped', 'cut']) {
    const damaged = await failure(vault.get(key));
    expect(damaged).toBeInstanceOf(StoreCorruptError);
    expect(String(damaged)).toContain(join(folder.path, 'vault', key));
  }
  expect((await vault.get('whole'))?.byteLength).toBe(1_000_000);
});

test('sweeps what a dead process left half-written, and only that', async () => {
  const folder = await Folder.create();
  await (await folder.open()).vault.put('a', bytes('1'));
  const partial = join(folder.path, 'vault', '.partial');
  const old = new Date(Date.now() - 2 * 3_600_000);
  for (const name of ['old', 'fresh']) await writeFile(join(partial, name), 'half');
  await utimes(join(partial, 'old'), old, old);
  const { vault } = await folder.open();
  expect([await readdir(partial), await vault.list('')]).toEqual([['fresh'], ['a']]);
});

test('a claim beyond the calls in flight is refused, not queued', async () => {
  const folder = await Folder.create();
  const { registry } = await folder.open();
  const calls = Array.from({ length: 4200 }, (_, index) =>
    failure(registry.cas(`row/${index}`, 'absent', bytes('1'))),
  );
  const refused = (await Promise.all(calls)).filter((answer) => answer !== null);
  expect(refused.length).toBe(4200 - 4096);
  for (const answer of refused) expect(answer).toBeInstanceOf(StoreUnavailableError);
  expect((await registry.list('')).length).toBe(4096);
});
