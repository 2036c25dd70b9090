import { access, constants, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { ClusterId, ClusterIdentity, Closing, Registry, Store, Vault } from './contract.ts';
import { StoreOpenError } from './errors.ts';
import { settleIdentity } from './identity.ts';
import { LmdbRegistry } from './lmdb/registry.ts';
import { StoreSession } from './lmdb/session.ts';
import { VaultOfTwo } from './lmdb/vault-of-two.ts';
import { FileVault } from './lmdb/vault.ts';
import type { StoreOptions } from './options.ts';

/**
 * The embedded store: one folder, shared by all hosts of one machine. The registry is an LMDB file, the vault a folder of files.
 *
 * @param folder created with mode 0700 when it is absent
 * @throws see `openStore`
 */
export async function openLmdbStore(url: string, folder: string, options: StoreOptions): Promise<Store> {
  const path = await prepareFolder(url, folder);
  const vault = await FileVault.open(url, join(path, 'vault'), options);
  const session = await StoreSession.open(url, join(path, 'registry.mdb'), options);
  return new LmdbStore(url, options, session, vault);
}

async function prepareFolder(url: string, folder: string): Promise<string> {
  if (folder === '') throw new StoreOpenError(url, 'it names no folder. Expected lmdb:FOLDER');
  const path = resolve(folder);
  let mode: number;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    mode = (await stat(path)).mode;
  } catch (cause) {
    throw new StoreOpenError(url, `${path} cannot be used as a folder: ${messageOf(cause)}`, { cause });
  }
  if ((mode & 0o002) !== 0) {
    throw new StoreOpenError(
      url,
      `${path} is writable by everybody. Name a folder of your own, or: chmod o-w ${path}`,
    );
  }
  return path;
}

class LmdbStore implements Store {
  readonly caution = null;
  readonly url: string;
  readonly registry: Registry;
  readonly vault: Vault;
  readonly lost: Promise<string>;
  readonly #options: StoreOptions;
  readonly #session: StoreSession;
  readonly #files: FileVault;

  constructor(url: string, options: StoreOptions, session: StoreSession, files: FileVault) {
    this.url = url;
    this.registry = new LmdbRegistry(session);
    this.vault = new VaultOfTwo(files, session);
    this.lost = session.lost;
    this.#options = options;
    this.#session = session;
    this.#files = files;
  }

  identity(expected: ClusterId | null): Promise<ClusterIdentity> {
    return settleIdentity(this, expected, this.#options);
  }

  async close(): Promise<Closing> {
    const [closing] = await Promise.all([this.#session.close(), this.#files.close()]);
    return closing;
  }
}
