import { homedir } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { Cluster } from '../cluster.ts';
import { connect } from '../cluster.ts';
import type { StoreLocation } from '../store/state-folder.ts';
import { locateStore } from '../store/state-folder.ts';

/** What every command that talks to a cluster takes. */
export interface StoreOption {
  readonly store?: string;
}

export function storeOption(): Option {
  return new Option(
    '--store <url>',
    'where the cluster keeps its state: a folder, lmdb:FOLDER, postgres://USER@HOST/DATABASE, nats://HOST,HOST,HOST, or tls://HOST,HOST,HOST, which is NATS encrypted',
  ).env('GODWIT_STORE');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON, one document or one line per event; errors too').default(false);
}

/** For an option that may be given several times. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

/** For an option that counts. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}, found '${text}'.`);
  };
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`Expected a number above 0, found '${text}'.`);
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

/**
 * Resolves at the first Ctrl-C, SIGTERM, or end of the terminal. The next one ends the process at once.
 *
 * @param atOnce called before that, for what would outlive this process
 */
export function interruption(atOnce: () => void = () => undefined): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isFirst = true;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isFirst) {
        isFirst = false;
        return resolve(signal);
      }
      atOnce();
      process.exit(130);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}

/** Resolves when nobody can read the output any more. */
export function outputGone(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once('error', () => resolve());
  });
}
