import type { Random } from '../core/ports.ts';
import type { Entry, Registry, Store } from './contract.ts';
import { StoreAbsentError, StoreCorruptError } from './errors.ts';
import { openStore, requireDriver } from './open.ts';
import type { StoreOptions } from './options.ts';
import type { StoreLocation } from './state-folder.ts';
import { readClusterFile, settleClusterFile } from './state-folder.ts';

/** What every host and client of a cluster has. */
export interface Membership {
  readonly store: Store;
  /** 32 bytes that members prove to each other to know. */
  readonly secret: Uint8Array;
}

/** The registry row that holds the secret of a cluster whose store other machines reach. Written once, never changed. */
export const secretKey = 'cluster/secret';
const rowVersion = 1;

/**
 * Opens a cluster's store as a host does, and founds the cluster where there is none. The secret stands in `cluster.json` beside a
 * store that is a folder, readable by its owner alone. A store that other machines reach holds it itself: whoever may write there can
 * have any code run anyway, so a second thing to hand round would protect nothing.
 *
 * @throws {StoreOpenError} when the URL names no known driver: before anything else is looked for
 * @throws errors of the store and of the cluster's file
 */
export async function joinCluster(location: StoreLocation, options: StoreOptions): Promise<Membership> {
  requireDriver(location.url);
  const file = isFolder(location) ? await settleClusterFile(location.folder, options.random) : null;
  const store = await openStore(location.url, options);
  try {
    await store.identity(file?.id ?? null);
    const secret = file?.secret ?? (await settleSecret(store, options.random));
    return { store, secret: Buffer.from(secret, 'hex') };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * Opens the store of a cluster that exists, as a client does, and makes nothing.
 *
 * @throws {StoreAbsentError} when there is no cluster
 * @throws as `joinCluster`
 */
export async function findCluster(location: StoreLocation, options: StoreOptions): Promise<Membership> {
  requireDriver(location.url);
  const file = isFolder(location) ? await readClusterFile(location.folder) : null;
  if (isFolder(location) && file === null) {
    throw new StoreAbsentError(location.url, `there is no cluster.json in ${location.folder}`);
  }
  const { openTimeoutMs, callTimeoutMs } = options;
  const store = isFolder(location)
    ? await openStore(location.url, options)
    : await openStore(location.url, {
        ...options,
        mayCreate: false,
        // It stands already, or there is none.
        openTimeoutMs: Math.min(openTimeoutMs, callTimeoutMs),
      });
  try {
    if (file !== null) {
      await store.identity(file.id);
      return { store, secret: Buffer.from(file.secret, 'hex') };
    }
    const found = await store.registry.get(secretKey);
    if (found === null) throw new StoreAbsentError(store.url, 'no host was ever started there');
    return { store, secret: Buffer.from(decode(store.url, found), 'hex') };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whether the store is a folder of this machine, which also holds the cluster's file. */
function isFolder({ url }: StoreLocation): boolean {
  return url.startsWith('lmdb:');
}

async function settleSecret(store: Store, random: Random): Promise<string> {
  const found = (await store.registry.get(secretKey)) ?? (await create(store.registry, random.hex(32)));
  return decode(store.url, found);
}

/** Of several hosts that do so at once, all get the same one. */
async function create(registry: Registry, secret: string): Promise<Pick<Entry, 'value'>> {
  const value = new TextEncoder().encode(JSON.stringify({ version: rowVersion, secret }));
  const answer = await registry.cas(secretKey, 'absent', value);
  if (answer.kind === 'conflict' && answer.current !== null) return answer.current;
  return { value };
}

function decode(url: string, entry: Pick<Entry, 'value'>): string {
  let row: unknown;
  try {
    row = JSON.parse(new TextDecoder().decode(entry.value));
  } catch {
    // Without the parser's message, which would quote what may be a secret.
    throw new StoreCorruptError(`Row ${secretKey} of store ${url}`, 'it is not JSON');
  }
  if (typeof row === 'object' && row !== null && 'secret' in row && typeof row.secret === 'string') {
    if (/^[0-9a-f]{64}$/.test(row.secret)) return row.secret;
  }
  throw new StoreCorruptError(
    `Row ${secretKey} of store ${url}`,
    'it lacks a secret of 64 hexadecimal digits',
  );
}
