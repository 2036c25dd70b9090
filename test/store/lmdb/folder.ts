import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Store } from '../../../src/store/contract.ts';
import type { Cancel, Clock } from '../../../src/core/ports.ts';
import { openStore } from '../../../src/store/open.ts';
import { storeOptions } from '../../../src/store/options.ts';
import type { StoreOptions } from '../../../src/store/options.ts';
import { clock, random } from '../ports.ts';
import { Peer } from './processes.ts';

/** Of calls: no test fails because its machine was slow. */
export const patientMs = 30_000;
export const options: StoreOptions = { ...storeOptions({ clock, random }), callTimeoutMs: patientMs };
export const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A store's folder and what uses it, all of which ends with the test. */
export class Folder {
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
export class HurryClock implements Clock {
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

export async function seeded(): Promise<Folder> {
  const folder = await Folder.create();
  const store = await openStore(folder.url, options);
  const rows = Array.from({ length: 200 }, (_, index) => index);
  await Promise.all(
    rows.map((index) => store.registry.cas(`row/${index}`, 'absent', bytes('value '.repeat(index)))),
  );
  await store.close();
  return folder;
}

export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    (error: unknown) => error,
  );
