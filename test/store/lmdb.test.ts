import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Closing } from '../../src/store/contract.ts';
import { StoreAmbiguousError, StoreUnavailableError } from '../../src/store/errors.ts';
import { findViolation } from '../contract/linearizability.ts';
import type { Observation } from '../contract/linearizability.ts';
import { storeContract } from '../contract/store.ts';
import type { StoreUnderTest } from '../contract/store.ts';
import { bytes, failure, Folder, HurryClock, seeded, text } from './lmdb/folder.ts';
import { clock } from './ports.ts';

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
