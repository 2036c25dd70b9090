import { mismatchText, unknownText } from '../option-texts.ts';
import { hostNames } from './host-processes.ts';
import type { LinkRule } from './link-rules.ts';
import { soundLink } from './link-rules.ts';
import { RealClusterError } from './real-cluster-error.ts';

export interface RealClusterOptions {
  readonly racks?: number;
  /** Hosts are called `r1-h1`, `r1-h2`, …, `r2-h1`, … */
  readonly hostsPerRack?: number;
  /** URL of the store; without one it is a folder of this cluster's own. */
  readonly store?: string;
  /** Of every host, as `lease.termMs=1500`. */
  readonly settings?: readonly string[];
  /** Extra environment of single hosts, by name. */
  readonly environment?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Whether hosts reach each other and their store over links that can be cut; costs a hop for each message. */
  readonly links?: boolean;
  /**
   * Size of a disk of the cluster's own that can be filled, for a cluster without `store`: a file system in memory, where this user may
   * mount one.
   */
  readonly diskBytes?: number;
  /** What hosts print, as they print it. */
  readonly onLine?: (host: string, stream: 'stdout' | 'stderr', line: string) => void;
}

/** Of a host's environment: the point where it holds whatever comes there. */
export const holdVariable = 'GODWIT_HOLD_AT';

const known = [
  'racks',
  'hostsPerRack',
  'store',
  'settings',
  'environment',
  'links',
  'diskBytes',
  'onLine',
] as const satisfies readonly (keyof RealClusterOptions)[];
/** A store in a folder does not open on a smaller one. */
const diskBytesMin = 1024 * 1024;

/** @throws {RealClusterError} naming the option that is wrong, what was found and what is expected */
export function checkOptions(options: RealClusterOptions): void {
  refuseUnknown('', options, known);
  const { racks = 1, hostsPerRack = 2, settings = [], environment = {}, diskBytes, store } = options;
  for (const [name, count] of Object.entries({ racks, hostsPerRack }))
    if (!(Number.isInteger(count) && count >= 1)) throw wrong(name, count, 'a whole number from 1 on');
  if (!Array.isArray(settings) || settings.some((setting) => typeof setting !== 'string'))
    throw wrong('settings', settings, "a list as ['lease.termMs=1500']");
  const hosts = hostNames(racks, hostsPerRack).map(({ name }) => name);
  for (const host of Object.keys(environment))
    if (!hosts.includes(host)) throw wrong('environment', host, `only ${hosts.join(', ')}`);
  if (diskBytes === undefined) return;
  if (store !== undefined) throw wrong('diskBytes', diskBytes, 'none with store');
  if (!(diskBytes >= diskBytesMin)) throw wrong('diskBytes', diskBytes, `at least ${diskBytesMin}`);
}

/** @throws {RealClusterError} naming what is wrong in it */
export function checkRule(change: Partial<LinkRule>, link: string): void {
  refuseUnknown(`${link}: `, change, Object.keys(soundLink));
  const { lossRatio = 0, delayMs = 0 } = change;
  if (!(lossRatio >= 0 && lossRatio < 1)) throw wrong(`lossRatio of ${link}`, lossRatio, '0 to below 1');
  if (!(delayMs >= 0 && Number.isFinite(delayMs))) throw wrong(`delayMs of ${link}`, delayMs, '0 or more');
}

function refuseUnknown(at: string, options: object, names: readonly string[]): void {
  const text = unknownText(at, options, names);
  if (text !== null) throw new RealClusterError(text);
}

function wrong(option: string, found: unknown, expected: string): RealClusterError {
  return new RealClusterError(mismatchText(option, found, expected));
}
