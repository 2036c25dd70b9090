import * as v from 'valibot';
import { ConfigurationError, configure } from '../../config.ts';
import type { Fault, MishapKind } from '../../simulator/cluster/faults.ts';
import { mishapKinds } from '../../simulator/cluster/faults.ts';
import { quickSettings } from '../../simulator/cluster/run.ts';
import { drawScenario, scenarioShape } from '../../simulator/cluster/scenario.ts';
import { hostNameOf } from '../../simulator/cluster/striking.ts';
import type { ClusterFault } from './cluster-faults.ts';
import { shown } from '../option-texts.ts';
import { faultOf, wrong } from './cluster-faults.ts';
import { TestOptionsError } from './errors.ts';

/** Faults that the seed draws, as `godwit simulate-faults` draws them. */
export interface DrawnFaults {
  /** On average, of those at times and in phases of chance; at least one is drawn. Most seeds aim more at phases that are entered seldom. */
  readonly perSecond: number;
  /** They strike within so many simulated ms. Default: 2000. */
  readonly withinMs?: number;
  /** Default: all. */
  readonly kinds?: readonly MishapKind[];
}

/** Settings of a host: those of `godwit host --set`, as a tree. */
export type HostSettings = Readonly<Record<string, unknown>>;

export interface TestClusterOptions {
  /** They are called h1, h2, … Default: 3. */
  readonly hosts?: number;
  /** Hosts are spread over them, r1, r2, … Default: 1. */
  readonly racks?: number;
  /** What strikes. Default: nothing. */
  readonly faults?: readonly ClusterFault[] | DrawnFaults;
  /**
   * Orders to move whatever runs, at times and to hosts that the seed draws. Default: every 100 ms with faults that are drawn, else
   * none.
   */
  readonly moves?: { readonly everyMs: number } | null;
  /** All that is left to chance. Default: drawn, and told when the test fails. The environment's SEED goes before it. */
  readonly seed?: number;
  /** On top of shorter times than a host ships with; see docs/testing.md. A function is asked for each host. */
  readonly settings?: HostSettings | ((host: string) => HostSettings);
  /** How fast methods run: units of fuel (loop iterations and calls, roughly) in a simulated ms. Default: 1000. */
  readonly fuelPerMs?: number;
  /** Simulated ms after which a wait (`outcome`, `settle`, `until`) gives up. Default: 120 000. */
  readonly patienceMs?: number;
  /** Real ms that an effect may hold simulated time up. Default: 5000. */
  readonly realMaxMs?: number;
  /** Newest lines of the account that a failure shows. Default: 60. */
  readonly traceLines?: number;
}

/** Options with everything filled in. */
export interface ReadOptions {
  readonly hosts: readonly string[];
  readonly rackOf: (host: string) => string;
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly faultsWithinMs: number;
  /** Whether the seed drew the faults. */
  readonly isDrawn: boolean;
  readonly movesEveryMs: number | null;
  readonly settingsOf: (host: string) => HostSettings;
  readonly fuelPerMs: number;
  readonly patienceMs: number;
  readonly realMaxMs: number;
  readonly traceLines: number;
}

const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const positive = v.pipe(v.number(), v.gtValue(0));

const listed = v.array(v.any());
const drawn = v.strictObject({
  perSecond: positive,
  withinMs: v.optional(positive, 2_000),
  kinds: v.optional(v.pipe(v.array(v.picklist(mishapKinds)), v.minLength(1)), [...mishapKinds]),
});

const schema = v.strictObject({
  hosts: v.optional(whole(1, 16), 3),
  racks: v.optional(whole(1, 16), 1),
  faults: v.optional(
    v.lazy<typeof listed | typeof drawn>((found) => (Array.isArray(found) ? listed : drawn)),
    [],
  ),
  moves: v.optional(v.nullable(v.strictObject({ everyMs: positive }))),
  seed: v.optional(whole(0, 2 ** 32 - 1)),
  settings: v.optional(v.union([v.record(v.string(), v.unknown()), v.function()]), {}),
  fuelPerMs: v.optional(whole(1, 1e9), 1_000),
  patienceMs: v.optional(positive, 120_000),
  realMaxMs: v.optional(positive, 5_000),
  traceLines: v.optional(whole(0, 1e6), 60),
});

const drawnMovesEveryMs = 100;

/**
 * Checks options and fills in what is left out.
 *
 * @param seed that takes the place of the options' own; null for none
 * @throws {TestOptionsError} naming each option that is wrong, what was found and what is expected
 */
export function readOptions(
  options: TestClusterOptions,
  seed: number | null,
  draw: () => number,
): ReadOptions {
  const result = v.safeParse(schema, options);
  if (!result.success) {
    const faults = result.issues.map(issueText);
    throw new TestOptionsError(
      `The options of a simulated cluster cannot be used. ${faults.join('; ')}. See docs/testing.md.`,
    );
  }
  const { hosts: count, racks, faults, moves, settings, ...plain } = result.output;
  const hosts = Array.from({ length: count }, (_, index) => hostNameOf(index));
  const chosen = seed ?? plain.seed ?? draw();
  const given = options.faults;
  const isDrawn = given !== undefined && !Array.isArray(given);
  const withinMs = isDrawn ? (faults as Required<DrawnFaults>).withinMs : Infinity;
  return {
    ...plain,
    hosts,
    rackOf: (host) => `r${(hosts.indexOf(host) % racks) + 1}`,
    seed: chosen,
    isDrawn,
    faults: isDrawn
      ? drawFaults(chosen, count, faults as Required<DrawnFaults>)
      : ((given ?? []) as readonly ClusterFault[]).map((fault, at) => faultOf(fault, `faults[${at}]`, hosts)),
    faultsWithinMs: withinMs,
    movesEveryMs: moves === undefined ? (isDrawn ? drawnMovesEveryMs : null) : (moves?.everyMs ?? null),
    settingsOf: settingsOf(settings as HostSettings, hosts),
  };
}

/** @returns the environment's seed; null for none @throws {TestOptionsError} */
export function seedOf(environment: Readonly<Record<string, string | undefined>>): number | null {
  const text = environment['SEED'];
  if (text === undefined || text === '') return null;
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw wrong('SEED in the environment', text, 'a whole number from 0 to 4294967295');
}

function drawFaults(seed: number, hosts: number, { perSecond, withinMs, kinds }: Required<DrawnFaults>) {
  const mean = (perSecond * withinMs) / 1_000;
  const least = Math.max(1, Math.floor(mean / 2));
  const shape = {
    ...scenarioShape,
    hosts: [hosts, hosts],
    faults: [least, Math.max(least, Math.round(mean * 1.5))],
    activeMs: withinMs,
    mishaps: kinds,
  } as const;
  // What brings a phase about may be of any kind.
  return drawScenario(seed, shape).faults.filter(({ mishap }) => kinds.includes(mishap.kind));
}

/** @throws {TestOptionsError} with what the host's own settings say */
function settingsOf(
  settings: HostSettings | ((host: string) => HostSettings),
  hosts: readonly string[],
): (host: string) => HostSettings {
  const found = new Map<string, HostSettings>();
  for (const host of hosts) {
    const own: unknown = typeof settings === 'function' ? settings(host) : settings;
    if (typeof own !== 'object' || own === null || Array.isArray(own))
      throw wrong(`settings('${host}')`, own, 'an object');
    const merged = merge(quickSettings, own as HostSettings);
    try {
      configure({ ...merged, name: host, rack: 'r1' });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new TestOptionsError(`settings of ${host}: ${error.message}`);
    }
    found.set(host, merged);
  }
  return (host) => found.get(host) ?? {};
}

function merge(below: HostSettings, above: HostSettings): HostSettings {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key];
    merged[key] = isTree(value) && isTree(under) ? merge(under, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is HostSettings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function issueText(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'options';
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return `${path}: found an option that does not exist`;
  if (issue.type === 'strict_object' && issue.input === undefined) return `${path}: it is missing`;
  const expected = (issue.expected ?? 'something else')
    .replace(/^Object$/, 'an object')
    .replace(
      /^\((".*")\)$/,
      (_, names: string) => `one of ${names.replaceAll('"', '').replaceAll(' | ', ', ')}`,
    );
  const range = issue.requirement === undefined || issue.type === 'picklist' ? expected : boundOf(issue);
  return `${path}: found ${shown(issue.input)}, expected ${range}`;
}

function boundOf({ type, requirement, expected }: v.BaseIssue<unknown>): string {
  if (type === 'min_value') return `at least ${String(requirement)}`;
  if (type === 'max_value') return `at most ${String(requirement)}`;
  if (type === 'gt_value') return `more than ${String(requirement)}`;
  if (type === 'min_length') return `at least ${String(requirement)} of them`;
  return type === 'integer' ? 'a whole number' : (expected ?? type);
}
