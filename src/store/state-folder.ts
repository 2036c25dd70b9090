import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { GodwitError, messageOf } from '../core/errors.ts';
import type { Random } from '../core/ports.ts';
import { clusterId } from './contract.ts';
import type { ClusterId } from './contract.ts';
import { freshClusterId } from './identity.ts';

/** Where a command finds its cluster. */
export interface StoreLocation {
  /** For `openStore`. */
  readonly url: string;
  /** Absolute folder on this machine that holds `cluster.json`; for `lmdb:` the store's own. */
  readonly folder: string;
}

/** What every host and command of a cluster knows, and nobody else. */
export interface ClusterFile {
  readonly id: ClusterId;
  /** 64 hexadecimal digits: hosts prove to each other that they know it. */
  readonly secret: string;
}

/** `cluster.json` cannot be used. */
export class ClusterFileError extends GodwitError {
  override readonly name = 'ClusterFileError';
  readonly code = 'CLUSTER_FILE';
  readonly retryable = false;

  constructor(file: string, reason: string, options?: { readonly cause: unknown }) {
    super(`Cannot use cluster file ${file}: ${reason}`, options);
  }
}

const fileVersion = 1;
const clusterFileName = 'cluster.json';

/**
 * Finds a cluster by, in this order: the `--store` option, `GODWIT_STORE`, the user's state folder
 * (`$XDG_STATE_HOME/godwit`, else `~/.local/state/godwit`).
 *
 * @param option a store URL, or a plain path, which means `lmdb:`; null or empty when it was not given
 */
export function locateStore(
  option: string | null,
  environment: Readonly<Record<string, string | undefined>>,
  homeFolder: string,
): StoreLocation {
  const stateHome = environment['XDG_STATE_HOME'] ?? '';
  // The XDG rules: a relative path there is to be ignored.
  const base = isAbsolute(stateHome) ? stateHome : join(homeFolder, '.local', 'state');
  const stateFolder = join(base, 'godwit');
  const named = option !== null && option !== '' ? option : (environment['GODWIT_STORE'] ?? '');
  if (named === '') return { url: `lmdb:${stateFolder}`, folder: stateFolder };
  const scheme = /^([a-z][a-z0-9+]+):/.exec(named)?.[1];
  if (scheme === undefined || scheme === 'lmdb') {
    const folder = resolve(scheme === undefined ? named : named.slice('lmdb:'.length));
    return { url: `lmdb:${folder}`, folder };
  }
  return { url: named, folder: stateFolder };
}

/**
 * Reads the cluster's file, or makes it: of several processes that do so at once, all get the same one.
 *
 * @param folder created with mode 0700 when it is absent
 * @throws {ClusterFileError} when it is unreadable, damaged, newer, or open to others than its owner
 */
export async function settleClusterFile(folder: string, random: Random): Promise<ClusterFile> {
  const file = join(folder, clusterFileName);
  try {
    return (await readClusterFile(folder)) ?? (await createClusterFile(folder, random));
  } catch (thrown) {
    if (thrown instanceof GodwitError) throw thrown;
    throw new ClusterFileError(file, messageOf(thrown), { cause: thrown });
  }
}

/**
 * @returns null when there is none: no cluster was ever started here
 * @throws {ClusterFileError} as `settleClusterFile`
 */
export async function readClusterFile(folder: string): Promise<ClusterFile | null> {
  const file = join(folder, clusterFileName);
  let text: string;
  let mode: number;
  try {
    text = await readFile(file, 'utf8');
    mode = (await stat(file)).mode;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw new ClusterFileError(file, messageOf(cause), { cause });
  }
  if ((mode & 0o077) !== 0) {
    const found = (mode & 0o777).toString(8);
    throw new ClusterFileError(
      file,
      `others can open it: mode ${found}, expected 600. Run: chmod 600 ${file}`,
    );
  }
  return decode(file, text);
}

async function createClusterFile(folder: string, random: Random): Promise<ClusterFile> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const content = { version: fileVersion, id: freshClusterId(random), secret: random.hex(32) };
  const partial = join(folder, `.cluster-${random.hex(16)}`);
  const handle = await open(partial, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    // `link` never replaces: the first of several processes wins, and all read what it wrote.
    await link(partial, join(folder, clusterFileName));
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown;
  } finally {
    await unlink(partial);
  }
  const settled = await readClusterFile(folder);
  if (settled !== null) return settled;
  throw new ClusterFileError(join(folder, clusterFileName), 'it was removed while it was being created');
}

function decode(file: string, text: string): ClusterFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new ClusterFileError(file, `it is not JSON (${messageOf(cause)}). Restore it, or move it away`, {
      cause,
    });
  }
  if (typeof content === 'object' && content !== null) {
    if ('version' in content && typeof content.version === 'number' && content.version > fileVersion) {
      const versions = `version ${content.version}, this godwit knows versions up to ${fileVersion}`;
      throw new ClusterFileError(file, `it has ${versions}. Use the godwit version that wrote it`);
    }
    if (
      'id' in content &&
      typeof content.id === 'string' &&
      'secret' in content &&
      typeof content.secret === 'string' &&
      /^[0-9a-f]{64}$/.test(content.secret)
    ) {
      return { id: clusterId(content.id), secret: content.secret };
    }
  }
  throw new ClusterFileError(
    file,
    'expected id and a secret of 64 hexadecimal digits. Restore it, or move it away',
  );
}

function codeOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
}
