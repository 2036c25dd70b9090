import { homedir } from 'node:os';
import { Option } from 'commander';
import type { Cluster } from '../cluster.ts';
import { connect } from '../cluster.ts';
import type { StoreLocation } from '../store/state-folder.ts';
import { locateStore } from '../store/state-folder.ts';

/** What every command that talks to a cluster takes. */
export interface StoreOption {
  readonly store?: string;
}

export function storeOption(): Option {
  return new Option('--store <url>', 'where the cluster keeps its state: a folder, or lmdb:FOLDER').env(
    'GODWIT_STORE',
  );
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON, one document or one line per event').default(false);
}

export function locationOf(options: StoreOption): StoreLocation {
  return locateStore(options.store ?? null, process.env, homedir());
}

/** Connects, runs, and closes, whatever happens. */
export async function withCluster<Result>(
  options: StoreOption,
  run: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const cluster = await connect(locationOf(options));
  try {
    return await run(cluster);
  } finally {
    await cluster.close();
  }
}

/** Resolves at the first Ctrl-C or SIGTERM. A second one ends the process at once. */
export function interruption(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const once = (signal: NodeJS.Signals): void => {
      process.once(signal, () => process.exit(130));
      resolve(signal);
    };
    process.once('SIGINT', once);
    process.once('SIGTERM', once);
  });
}

/** Resolves when nobody can read the output any more. */
export function outputGone(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once('error', () => resolve());
  });
}
