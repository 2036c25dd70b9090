import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Closing, Store } from '../../src/store/contract.ts';
import {
  StoreAmbiguousError,
  StoreCorruptError,
  StoreFormatError,
  StoreFullError,
  StoreOpenError,
  StoreUnavailableError,
} from '../../src/store/errors.ts';
import type { Cancel, Clock } from '../../src/core/ports.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import type { StoreOptions } from '../../src/store/options.ts';
import { findViolation } from '../contract/linearizability.ts';
import type { Observation } from '../contract/linearizability.ts';
import { storeContract } from '../contract/store.ts';
import type { StoreUnderTest } from '../contract/store.ts';
import { Peer } from './lmdb/processes.ts';
import { clock, random } from './ports.ts';

const patientMs = 30_000;
const options: StoreOptions = { ...storeOptions({ clock, random }), callTimeoutMs: patientMs };
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A store's folder and what uses it, all of which ends with the test. */
class Folder {
  readonly path: string;
  readonly url: string;
  readonly file: string;
  readonly #stores: Store[] = [];
  readonly #peers: Peer[] = [];

  private constructor(path: string) {
    this.path = path;
    this.url = `lmdb:${path}`;
    this.file = join(path, 'registry.mdb');
  }

  static async create(): Promise<Folder> {
    const folder = new Folder(await mkdtemp(join(tmpdir(), 'godwit-store-')));
    folders.push(folder);
    return folder;
  }

  async open(changed: Partial<StoreOptions> = {}): Promise<Store> {
    const store = await openStore(this.url, { ...options, ...changed });
    this.#stores.push(store);
    return store;
  }

  peer(args: readonly string[], launcher: readonly string[] = []): Peer {
    const peer = new Peer([this.url, ...args], launcher);
    this.#peers.push(peer);
    return peer;
  }

  /** A process that holds the write lock and is stopped; the returned function lets it go on. */
  async stopLockHolder(): Promise<() => Promise<void>> {
    const release = join(this.path, 'release');
    const holder = this.peer(['hold', this.file, release]);
    await holder.saw('holding');
    holder.signal('SIGSTOP');
    return async () => {
      await writeFile(release, '');
      holder.signal('SIGCONT');
      await holder.ended;
      await rm(release);
    };
  }

  async dispose(): Promise<void> {
    for (const peer of this.#peers) peer.signal('SIGKILL');
    await Promise.all(this.#peers.map(({ ended }) => ended));
    await Promise.all(this.#stores.map((store) => store.close()));
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A clock that is patient while a store opens, and then fires every timer after `hurriedMs`. */
class HurryClock implements Clock {
  hurriedMs: number | null = null;
  readonly monotonicMs = (): number => clock.monotonicMs();
  readonly bootMs = (): number => clock.bootMs();
  readonly wallMs = (): number => clock.wallMs();

  after(delayMs: number, fire: () => void): Cancel {
    return clock.after(this.hurriedMs ?? delayMs, fire);
  }
}

const folders: Folder[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.dispose()));
});

storeContract('lmdb', async (): Promise<StoreUnderTest> => {
  const folder = await Folder.create();
  return {
    open: (callTimeoutMs) => folder.open({ callTimeoutMs }),
    block: () => folder.stopLockHolder(),
    restart: async () => {
      const peer = folder.peer(['increment', 'restart', '1000000']);
      await peer.saw('acknowledged', 50);
      peer.signal('SIGKILL');
      await peer.ended;
    },
    dispose: () => Promise.resolve(),
  };
});

async function seeded(): Promise<Folder> {
  const folder = await Folder.create();
  const store = await openStore(folder.url, options);
  const rows = Array.from({ length: 200 }, (_, index) => index);
  await Promise.all(
    rows.map((index) => store.registry.cas(`row/${index}`, 'absent', bytes('value '.repeat(index)))),
  );
  await store.close();
  return folder;
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );

test('loses no increment of four processes', async () => {
  const folder = await Folder.create();
  const peers = [1, 2, 3, 4].map(() => folder.peer(['increment', 'counter', '100']));
  const lines = await Promise.all(peers.map(({ ended }) => ended));
  const acknowledged = lines.flat().filter((line) => line.startsWith('acknowledged'));
  expect(new Set(acknowledged).size).toBe(400);
  expect(text((await (await folder.open()).registry.get('counter'))?.value)).toBe('400');
});

test('is linearizable across processes, while others open and close the store', async () => {
  const folder = await Folder.create();
  for (let round = 0; round < 3; round += 1) {
    const opener = folder.peer(['reopen', '12']);
    const peers = [1, 2, 3].map((base) =>
      folder.peer(['observe', `row/${round}`, String(base * 1000), '14']),
    );
    const lines = (await Promise.all(peers.map(({ ended }) => ended))).flat();
    expect(lines.length).toBe(42);
    const violation = findViolation(lines.map((line) => JSON.parse(line) as Observation));
    expect(violation, violation ?? '').toBeNull();
    expect(await opener.ended).toEqual(['reopened']);
  }
});

test('nobody commits while another process opens the file, and nobody opens it meanwhile; reads go on', async () => {
  const folder = await Folder.create();
  const hurry = new HurryClock();
  const store = await folder.open({ clock: hurry });
  await store.registry.cas('row', 'absent', bytes('1'));
  const release = join(folder.path, 'release');
  const opener = folder.peer(['enter', folder.file, release]);
  await opener.saw('inside');
  hurry.hurriedMs = 200;
  expect(text((await store.registry.get('row'))?.value)).toBe('1');
  const refused = await failure(store.registry.cas('other', 'absent', bytes('2')));
  expect(refused).toBeInstanceOf(StoreUnavailableError);
  hurry.hurriedMs = null;
  const late = folder.peer(['reopen', '1']);
  await writeFile(release, '');
  expect(await late.ended).toEqual(['reopened']);
  expect(await store.registry.get('other')).toBeNull();
  expect((await store.registry.cas('other', 'absent', bytes('3'))).kind).toBe('done');
});

/** Fulfilled when a process is among the users of an LMDB file: each locks the first byte of its lock file. */
async function sawUser(file: string, pid: number): Promise<void> {
  const { ino } = await stat(`${file}-lock`);
  const user = new RegExp(` ${pid} [0-9a-f]+:[0-9a-f]+:${ino} `);
  while (!user.test(await readFile('/proc/locks', 'utf8')));
}

test.runIf(process.platform === 'linux')(
  'whoever opens the file is inside the gate until it is open',
  async () => {
    const folder = await seeded();
    const goOn = await folder.stopLockHolder();
    const opener = folder.peer(['reopen', '1']);
    await sawUser(folder.file, opener.pid);
    const release = join(folder.path, 'enter');
    const next = folder.peer(['enter', folder.file, release]);
    await sawUser(`${folder.file}-gate`, next.pid);
    const inside = next.saw('inside').then(() => 'inside');
    const outside = new Promise((resolve) => clock.after(300, () => resolve('outside')));
    expect(await Promise.race([inside, outside])).toBe('outside');
    await goOn();
    expect(await opener.ended).toEqual(['reopened']);
    await inside;
    await writeFile(release, '');
    expect(await next.ended).toEqual(['inside']);
  },
);

test.each([
  ['one commit', 1],
  ['two commits', 2],
])('overwrites nothing and shows nothing when another program sets LMDB back by %s', async (_, commits) => {
  const folder = await Folder.create();
  const store = await folder.open();
  for (const key of ['a', 'b', 'c']) await store.registry.cas(key, 'absent', bytes('1'));
  await folder.peer(['set-back', folder.file, String(commits)]).ended;
  const lost = await failure(store.registry.cas('d', 'absent', bytes('1')));
  expect(String(lost)).toContain('another program has opened it');
  expect(lost).toBeInstanceOf(StoreUnavailableError);
  expect(await store.lost).toContain('another program has opened it');
  await store.close();
  const again = await folder.open();
  expect((await again.registry.list('')).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
});

test('shows no snapshot of a commit that LMDB has not published', async () => {
  const folder = await Folder.create();
  const store = await folder.open();
  for (const key of ['a', 'b', 'c']) await store.registry.cas(key, 'absent', bytes('1'));
  // LMDB names the last commit but two, and where its header was stands the last one's: as when a reader is held up.
  await folder.peer(['set-back', folder.file, '2']).ended;
  expect(await failure(store.registry.get('c'))).toBeInstanceOf(StoreUnavailableError);
});

test('reads under the write lock what it cannot prove fresh', async () => {
  const folder = await Folder.create();
  const store = await folder.open();
  await store.registry.cas('row', 'absent', bytes('1'));
  expect(await folder.peer(['foreign', folder.file]).ended).toEqual(['written']);
  expect(text((await store.registry.get('row'))?.value)).toBe('1');
  const goOn = await folder.stopLockHolder();
  const hurry = new HurryClock();
  hurry.hurriedMs = 200;
  const behind = await failure(
    Promise.race([
      store.registry.list(''),
      new Promise((_, reject) => hurry.after(200, () => reject(new Error('waits')))),
    ]),
  );
  expect(String(behind)).toContain('waits');
  await goOn();
  const latest = await store.registry.get('row');
  expect((await store.registry.cas('row', latest?.revision ?? 'absent', bytes('2'))).kind).toBe('done');
  expect(text((await store.registry.get('row'))?.value)).toBe('2');
});

test('keeps what a killed writer was acknowledged, and the others go on', async () => {
  const folder = await Folder.create();
  const survivor = await folder.open();
  for (let round = 1; round <= 3; round += 1) {
    const victim = folder.peer(['increment', `victim/${round}`, '1000000']);
    await victim.saw('acknowledged', 10 * round);
    victim.signal('SIGKILL');
    const last = (await victim.ended).findLast((line) => line.startsWith('acknowledged')) ?? '';
    const found = Number(text((await survivor.registry.get(`victim/${round}`))?.value));
    // The one write that was never answered may have happened.
    expect([0, 1]).toContain(found - Number(last.slice('acknowledged '.length)));
    expect((await survivor.registry.cas(`survivor/${round}`, 'absent', bytes('on'))).kind).toBe('done');
  }
});

test('a call that waits behind a stopped process is surely not done when it times out', async () => {
  const folder = await Folder.create();
  const hurry = new HurryClock();
  const store = await folder.open({ clock: hurry });
  const goOn = await folder.stopLockHolder();
  hurry.hurriedMs = 200;
  const outcome = await failure(store.registry.cas('row', 'absent', bytes('1')));
  expect(outcome).toBeInstanceOf(StoreUnavailableError);
  hurry.hurriedMs = null;
  const opening = await failure(folder.open({ openTimeoutMs: 300 }));
  expect(opening).toBeInstanceOf(StoreUnavailableError);
  expect(String(opening)).toContain('stopped process');
  await goOn();
  const patient = await folder.open();
  expect((await patient.registry.cas('row', 'absent', bytes('2'))).kind).toBe('done');
  expect((await store.registry.cas('row/2', 'absent', bytes('3'))).kind).toBe('done');
});

test('a call that times out is in doubt once it was begun, and before that surely not done', async () => {
  const folder = await Folder.create();
  const store = await folder.open();
  const hurry = new HurryClock();
  const hasty = await folder.open({ clock: hurry });
  hurry.hurriedMs = 1;
  const outcomes = new Map<string, string>();
  const value = new Uint8Array(20_000);
  for (let round = 0; ; round += 1) {
    const keys = Array.from({ length: 400 }, (_, index) => `row/${round}/${index}`);
    const calls = keys.map(async (key) => {
      const outcome = await failure(hasty.registry.cas(key, 'absent', value));
      outcomes.set(key, outcome instanceof Error ? outcome.name : 'done');
    });
    await Promise.all(calls);
    const names = new Set(outcomes.values());
    if (names.has(StoreAmbiguousError.name) && names.has(StoreUnavailableError.name)) break;
  }
  hurry.hurriedMs = null;
  expect(await hasty.close()).toBe('closed');
  // Its thread does one thing at a time: an answer to a later call means that all earlier ones are settled.
  await store.registry.cas('last', 'absent', value);
  const found = new Set((await store.registry.list('row/')).map(({ key }) => key));
  for (const [key, outcome] of outcomes) {
    if (outcome === 'done') expect(found.has(key)).toBe(true);
    if (outcome === StoreUnavailableError.name) expect(found.has(key)).toBe(false);
  }
});

test('its clock does not step back to the wall clock of a process whose clock is behind', async () => {
  const folder = await Folder.create();
  const ahead = 'data:text/javascript,const%20now=Date.now;Date.now=()=>now()%2B3600000';
  const peer = folder.peer(['increment', 'counter', '1'], ['env', `NODE_OPTIONS=--import=${ahead}`]);
  await peer.ended;
  const { registry } = await folder.open();
  const { storeTimeMs } = await registry.cas('row', 'absent', bytes('1'));
  expect(storeTimeMs - Date.now()).toBeGreaterThan(3_500_000);
});

test('an opening may take longer than a call: it makes what calls find', async () => {
  const folder = await seeded();
  const goOn = await folder.stopLockHolder();
  const opening = folder.open({ callTimeoutMs: 1 });
  await goOn();
  await opening;
});

test('an opening that was given up behind a stopped process leaves the file to the next one', async () => {
  const folder = await seeded();
  const goOn = await folder.stopLockHolder();
  for (const _ of [1, 2]) {
    expect(await failure(folder.open({ openTimeoutMs: 200 }))).toBeInstanceOf(StoreUnavailableError);
  }
  await goOn();
  expect((await (await folder.open()).registry.list('')).length).toBe(200);
});

test('goes on when a stopped process that holds the lock is killed', async () => {
  const folder = await Folder.create();
  const store = await folder.open();
  const holder = folder.peer(['hold', folder.file, join(folder.path, 'never')]);
  await holder.saw('holding');
  holder.signal('SIGSTOP');
  const waiting = store.registry.cas('row', 'absent', bytes('1'));
  holder.signal('SIGKILL');
  expect((await waiting).kind).toBe('done');
});

test('a host that closes behind a stopped process says so, and can end', async () => {
  const folder = await Folder.create();
  const host = folder.peer(['abandon', '300']);
  await host.saw('open');
  const goOn = await folder.stopLockHolder();
  host.say('go');
  const expected: Closing = 'abandoned';
  await host.saw(`close: ${expected}, cas: ${StoreUnavailableError.name}`);
  await host.ended;
  await goOn();
  expect(await (await folder.open()).registry.get('a')).toBeNull();
});

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
