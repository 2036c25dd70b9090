import type { Cluster } from '../cluster.ts';

/** Waits for what was looked up, and then says which records could not be read. */
export async function telling<Found>({ decisions }: Cluster, looked: Promise<Found>): Promise<Found> {
  try {
    return await looked;
  } finally {
    for (const why of decisions.unreadable) console.error(why);
  }
}
