import type { Clock, Random } from '../core/ports.ts';
import { clusterId } from './contract.ts';
import type { ClusterId, ClusterIdentity, Entry, Registry } from './contract.ts';
import { ForeignClusterError, StoreCorruptError } from './errors.ts';

/** The registry row that says which cluster a store belongs to. Written once, never changed. */
export const identityKey = 'cluster/identity';

/**
 * Finds or creates a store's cluster, for any driver. Safe to repeat: whoever writes first decides, and all others read it.
 *
 * @throws {ForeignClusterError} when the store belongs to another cluster than `expected`
 */
export async function settleIdentity(
  store: { readonly url: string; readonly registry: Registry },
  expected: ClusterId | null,
  ports: { readonly clock: Clock; readonly random: Random },
): Promise<ClusterIdentity> {
  const found =
    (await store.registry.get(identityKey)) ??
    (await create(store.registry, expected ?? freshClusterId(ports.random), ports.clock));
  const identity = decode(store.url, found);
  if (expected !== null && identity.id !== expected) {
    throw new ForeignClusterError(store.url, { found: identity.id, expected });
  }
  return identity;
}

/** A cluster id that no other cluster has. */
export function freshClusterId(random: Random): ClusterId {
  return clusterId(`c-${random.hex(12)}`);
}

async function create(registry: Registry, id: ClusterId, clock: Clock): Promise<Pick<Entry, 'value'>> {
  const value = new TextEncoder().encode(JSON.stringify({ id, createdAtMs: Math.round(clock.wallMs()) }));
  const answer = await registry.cas(identityKey, 'absent', value);
  if (answer.kind === 'conflict' && answer.current !== null) return answer.current;
  return { value };
}

function decode(url: string, entry: Pick<Entry, 'value'>): ClusterIdentity {
  try {
    const row: unknown = JSON.parse(new TextDecoder().decode(entry.value));
    if (
      typeof row === 'object' &&
      row !== null &&
      'id' in row &&
      typeof row.id === 'string' &&
      'createdAtMs' in row &&
      typeof row.createdAtMs === 'number'
    ) {
      return { id: clusterId(row.id), createdAtMs: row.createdAtMs };
    }
  } catch (cause) {
    throw new StoreCorruptError(`Row ${identityKey} of store ${url}`, 'it is not JSON', { cause });
  }
  throw new StoreCorruptError(`Row ${identityKey} of store ${url}`, 'it lacks id or createdAtMs');
}
