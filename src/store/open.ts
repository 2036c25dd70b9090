import type { Store } from './contract.ts';
import { StoreOpenError } from './errors.ts';
import { openLmdbStore } from './lmdb.ts';
import { openNatsStore } from './nats.ts';
import type { StoreOptions } from './options.ts';
import { openPostgresStore } from './postgres.ts';
import { shownUrl } from './shown-url.ts';

const drivers: ReadonlyMap<string, (url: string, rest: string, options: StoreOptions) => Promise<Store>> =
  new Map([
    ['lmdb', openLmdbStore],
    ['postgres', openPostgresStore],
    ['postgresql', openPostgresStore],
    ['nats', openNatsStore],
    ['tls', openNatsStore],
  ]);

/** @throws {StoreOpenError} when the URL names no known driver: asked before anything else is looked for */
export function requireDriver(url: string): void {
  driverOf(url);
}

function driverOf(url: string): (url: string, rest: string, options: StoreOptions) => Promise<Store> {
  const open = drivers.get(url.slice(0, Math.max(url.indexOf(':'), 0)));
  if (open !== undefined) return open;
  const known = [...drivers.keys()].map((name) => `${name}:…`).join(', ');
  throw new StoreOpenError(shownUrl(url), `no driver of that name. Known: ${known}`);
}

/**
 * Opens a cluster's store.
 *
 * @param url `lmdb:FOLDER`: a folder on this machine, created when it is absent, shared by all hosts of the machine;
 *   `postgres://…`: a schema of a database;
 *   `nats://[USER:PASSWORD@]HOST:PORT,HOST:PORT,HOST:PORT[/NAME]`, or `tls://…`: NATS JetStream
 * @throws {StoreOpenError} when the URL names no known driver, or what it names cannot be used
 * @throws {StoreCorruptError | StoreFormatError} when what stands there cannot be used
 * @throws {StoreAbsentError} when there is none, and `options.mayCreate` is false
 * @throws {StoreUnavailableError} when it cannot be opened within `options.openTimeoutMs`
 */
export async function openStore(url: string, options: StoreOptions): Promise<Store> {
  const open = driverOf(url);
  return open(url, url.slice(url.indexOf(':') + 1), options);
}
