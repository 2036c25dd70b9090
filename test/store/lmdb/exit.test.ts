import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import { storeOptions } from '../../../src/store/options.ts';
import { clock, random } from '../ports.ts';
import { Peer } from './processes.ts';

test.each(['before', 'after'])(
  'a process that gives up behind a stopped one and exits %s that one goes on holds nobody up',
  async (when) => {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-exit-'));
    const url = `lmdb:${folder}`;
    const peer = new Peer([url, 'give-up', '300']);
    await peer.saw('open');
    const release = join(folder, 'release');
    const holder = new Peer([url, 'hold', join(folder, 'registry.mdb'), release]);
    await holder.saw('holding');
    holder.signal('SIGSTOP');
    peer.say('go');
    await peer.saw('close: abandoned');
    if (when === 'before') await peer.ended;
    await writeFile(release, '');
    holder.signal('SIGCONT');
    await Promise.all([holder.ended, peer.ended]);
    const store = await openStore(url, storeOptions({ clock, random }));
    expect((await store.registry.cas('row', 'absent', new Uint8Array([1]))).kind).toBe('done');
    await store.close();
    await rm(folder, { recursive: true, force: true });
  },
  60_000,
);
