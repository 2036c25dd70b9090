import * as v from 'valibot';
import { GodwitError } from './core/errors.ts';

/** A setting that cannot be used, or one that does not exist. */
export class ConfigurationError extends GodwitError {
  override readonly name = 'ConfigurationError';
  readonly code = 'CONFIGURATION';
  readonly retryable = false;
}

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const positive = v.pipe(v.number(), v.gtValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const ms = (least: number) => v.pipe(v.number(), v.minValue(least));
const churn = (movesMax: number, windowMs: number) =>
  v.optional(
    v.strictObject({ movesMax: v.optional(count, movesMax), windowMs: v.optional(ms(1_000), windowMs) }),
    {},
  );
const publicKey = v.pipe(
  v.string(),
  v.regex(/^ed25519:[A-Za-z0-9+/]{43}=$/, "expected 'ed25519:' and 32 bytes in base64"),
);
const placeName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected lower-case letters, digits and dashes'),
);

/**
 * Every setting of a host, with its default and its reason. One rule for units: they stand last in the name.
 */
const schema = v.strictObject({
  /** Unique among the live hosts of a cluster. */
  name: placeName,
  rack: v.optional(placeName, 'r1'),
  labels: v.optional(v.array(v.string()), []),
  /** Lanes, each a worker thread; 0 means as many as the CPU share, at least one. */
  lanes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(256)), 0),
  /** Cores that this host may use; 0 means the container's quota, else the machine's cores. */
  cpuShare: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  /** Only loopback for now: links are not encrypted. */
  listen: v.optional(
    v.strictObject({
      host: v.optional(v.string(), '127.0.0.1'),
      port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 0),
    }),
    {},
  ),
  /** Where the others reach this host, if not where it listens: a proxy, or the end of a tunnel. Loopback, as above. */
  advertise: v.optional(
    v.nullable(
      v.strictObject({
        host: v.string(),
        port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
      }),
    ),
    null,
  ),
  lease: v.optional(
    v.strictObject({
      /** Long enough that a busy disk or a paused process does not cost the lease, short enough that work resumes soon. */
      termMs: v.optional(ms(500), 3_000),
      /** What observers add, for differences between clocks' speeds and for late scheduling. */
      marginMs: v.optional(ms(50), 500),
      renewMs: v.optional(ms(50), 750),
    }),
    {},
  ),
  checkpoints: v.optional(
    v.strictObject({
      everyMs: v.optional(ms(20), 1_000),
      /** Over all executions of the host: a busy disk must not starve the registry. */
      bytesPerSecondMax: v.optional(positive, 64 * 1024 * 1024),
    }),
    {},
  ),
  recovery: v.optional(
    v.strictObject({
      /** So many hosts or lanes in a row may die with an execution that starts here before it is quarantined. */
      deathsMax: v.optional(count, 3),
      /** Whoever ran for so long has shown that it does not kill its host at once; several checkpoints' time. */
      provenMs: v.optional(ms(100), 5_000),
    }),
    {},
  ),
  results: v.optional(
    v.strictObject({
      /** How long a result that nobody reads is kept: over a long weekend, and a week more. */
      retentionMs: v.optional(ms(1_000), 10 * 86_400_000),
      /** How long after its execution's end one that was read is kept, for those who ask again. */
      readMs: v.optional(ms(1_000), 3_600_000),
      /** How long after its end, and at least as long as its result, an execution is known: then all of it is forgotten. */
      knownMs: v.optional(ms(1_000), 30 * 86_400_000),
      /** Between two looks for those whose time is up. */
      sweepMs: v.optional(ms(100), 60_000),
    }),
    {},
  ),
  snapshots: v.optional(
    v.strictObject({
      sizeMaxBytes: v.optional(count, 1024 * 1024 * 1024),
    }),
    {},
  ),
  migrations: v.optional(
    v.strictObject({
      /** How long room stays reserved for an execution that was announced. */
      reservationMs: v.optional(ms(100), 10_000),
      /** Moves at the same time, in and out. */
      concurrentMax: v.optional(count, 4),
    }),
    {},
  ),
  packages: v.optional(
    v.strictObject({
      /** `required`: this host runs only packages that one of `trustedKeys` signed. */
      signing: v.optional(v.picklist(['off', 'required']), 'off'),
      /** Ed25519 public keys, as `godwit keygen` prints them. */
      trustedKeys: v.optional(v.array(publicKey), []),
    }),
    {},
  ),
  /** What having this host costs, for the orchestrator's policy `multi-objective`. */
  expense: v.optional(
    v.strictObject({
      /** In any one currency, of the whole cluster. */
      pricePerHour: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
      /** A small server's, where nobody measured: see docs/deciding/orchestration.md. */
      idleW: v.optional(v.pipe(v.number(), v.minValue(0)), 100),
      peakW: v.optional(v.pipe(v.number(), v.minValue(0)), 250),
    }),
    {},
  ),
  capacity: v.optional(
    v.strictObject({
      /** Executions of any activity. */
      executionsMax: v.optional(count, 10_000),
      /** Of a host's memory limit that executions may fill. */
      memoryMax: v.optional(share, 0.9),
      /** Of the disk, both ways; 0 means the container's limit, else 200 MB/s, what a common cloud disk gives. */
      ioBytesPerSecond: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
      /** Of the network, both ways; 0 means what the interfaces say, else 250 MB/s: 1 Gbit/s each way. */
      networkBytesPerSecond: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
    }),
    {},
  ),
  monitor: v.optional(
    v.strictObject({
      sampleMs: v.optional(ms(20), 1_000),
      /** Between two traces of a lane's executions. */
      traceMs: v.optional(ms(20), 1_000),
      /** Between two reports for forecasts and orchestration: those look minutes ahead. */
      usageMs: v.optional(ms(100), 10_000),
      /** Executions that a report lists, the heaviest first; the others are summed up. */
      executionsMax: v.optional(count, 256),
      /** Peers that a report names for each of them. */
      peersMax: v.optional(count, 8),
    }),
    {},
  ),
  affinity: v.optional(
    v.strictObject({
      /** Off: executions move only when somebody asks. */
      enabled: v.optional(v.boolean(), true),
      weights: v.optional(
        v.strictObject({
          originalAffinity: v.optional(share, 0.6),
          resourceAvailability: v.optional(share, 0.3),
          executionCost: v.optional(share, 0.1),
        }),
        {},
      ),
      threshold: v.optional(share, 0.7),
      /** By how much the best host must score above the present one. */
      hysteresis: v.optional(share, 0.01),
      coolDownMs: v.optional(ms(0), 10_000),
      /** Asked for and not settled at once; reservations keep the targets from being stampeded. */
      movesPerRoundMax: v.optional(count, 4),
      /** `weighted`: the weights and the threshold above. `utility`: a move must save more waiting than it costs. */
      policy: v.optional(v.picklist(['weighted', 'utility']), 'weighted'),
      /** Moves that may begin within a window, by who takes part: brakes for the case that everything else errs. */
      churn: v.optional(
        v.strictObject({
          execution: churn(6, 600_000),
          host: churn(120, 60_000),
          rack: churn(1_200, 60_000),
          cluster: churn(6_000, 60_000),
        }),
        {},
      ),
    }),
    {},
  ),
  analyzer: v.optional(
    v.strictObject({
      /** Of a forecast's grid, and between two forecasts; the history keeps multiples of 10 s. */
      stepMs: v.optional(v.pipe(ms(10_000), v.multipleOf(10_000, 'expected a multiple of 10000')), 60_000),
      /** How far ahead demand is forecast. */
      horizonMs: v.optional(ms(100), 600_000),
      /** Components that are forecast, those with the most CPU demand first. */
      componentsMax: v.optional(count, 1_000),
      /** Between two saves of the history: what a new holder of the seat does not find. */
      saveMs: v.optional(ms(100), 60_000),
      /** Between two times that the learned forecaster learns on from the cluster's own history. */
      learnMs: v.optional(ms(1_000), 21_600_000),
    }),
    {},
  ),
  orchestrator: v.optional(
    v.strictObject({
      /** Off: it measures and answers, and orders nothing. */
      enabled: v.optional(v.boolean(), true),
      policy: v.optional(v.picklist(['latency-first', 'multi-objective']), 'latency-first'),
      /** Of `multi-objective`: what one ms/s of wait, one currency unit an hour, one watt and one ms of churn count. */
      weights: v.optional(
        v.strictObject({
          latency: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
          cost: v.optional(v.pipe(v.number(), v.minValue(0)), 50),
          energy: v.optional(v.pipe(v.number(), v.minValue(0)), 0.5),
          churn: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
        }),
        {},
      ),
      everyMs: v.optional(ms(100), 10_000),
      /** MAX_UTILIZATION: what a component would fill its rack beyond makes it leave. */
      utilizationMax: v.optional(share, 0.8),
      /** Racks that are this far away or farther are no target. */
      latencyMaxMs: v.optional(positive, 10),
      /** A move ends at least so long before the breach that is forecast. */
      marginMs: v.optional(ms(0), 5_000),
      /** How long what was moved stays inside its new rack. */
      horizonMs: v.optional(ms(0), 600_000),
    }),
    {},
  ),
  log: v.optional(v.picklist(['silent', 'error', 'warn', 'info', 'debug']), 'warn'),
});

export type HostConfig = v.InferOutput<typeof schema>;

/**
 * Defaults that differ by store, by the scheme of its URL. Where servers elect a leader, hosts come back from an election seconds
 * apart, and whoever is back first must not take the others for dead: see docs/stores.md.
 */
const electedLease = { termMs: 5_000, marginMs: 1_000, renewMs: 1_000 };
const leaseDefaultsOn: Readonly<Record<string, object>> = { nats: electedLease, tls: electedLease };

function withDefaultsOf(storeUrl: string, settings: unknown): unknown {
  const defaults = leaseDefaultsOn[storeUrl.slice(0, storeUrl.indexOf(':'))];
  if (defaults === undefined || !isTree(settings)) return settings;
  const { lease = {} } = settings;
  return isTree(lease) ? { ...settings, lease: { ...defaults, ...lease } } : settings;
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Checks settings and fills in the defaults.
 *
 * @param storeUrl where the host's cluster is; some defaults depend on it
 * @throws {ConfigurationError} naming each key that is wrong, what it found and what it expected
 */
export function configure(settings: unknown, storeUrl = ''): HostConfig {
  const result = v.safeParse(schema, withDefaultsOf(storeUrl, settings));
  if (!result.success) {
    const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'settings'}: ${faultOf(issue)}`);
    throw new ConfigurationError(
      `The host's configuration cannot be used. ${faults.join('; ')}. See \`godwit host --help\`.`,
    );
  }
  const { lease, packages } = result.output;
  if (packages.signing === 'required' && packages.trustedKeys.length === 0) {
    throw new ConfigurationError(
      'packages.trustedKeys: found none, expected at least one where packages.signing is required: ' +
        'this host could run nothing. `godwit keygen` makes a key.',
    );
  }
  if (lease.renewMs * 2 > lease.termMs - lease.marginMs) {
    throw new ConfigurationError(
      `lease.renewMs: found ${lease.renewMs}, expected at most half of termMs − marginMs = ${lease.termMs - lease.marginMs}, so that one lost renewal does not freeze the host.`,
    );
  }
  return result.output;
}

function faultOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type !== 'strict_object' || issue.expected !== 'never') return issue.message;
  const beside = entriesAt((issue.path ?? []).slice(0, -1).map(({ key }) => String(key)));
  return `there is no such setting, expected one of ${Object.keys(beside).join(', ')}`;
}

interface Node {
  readonly wrapped?: Node;
  readonly entries?: Readonly<Record<string, Node>>;
}

/** The settings below a path of the schema. */
function entriesAt(path: readonly string[]): Readonly<Record<string, Node>> {
  const whole = (node: Node | undefined): Node =>
    node?.wrapped === undefined ? (node ?? {}) : whole(node.wrapped);
  let node = whole(schema as unknown as Node);
  for (const key of path) node = whole(node.entries?.[key]);
  return node.entries ?? {};
}

const lineCharsMax = 100;

/** Every setting but the name, with its default, as `--set` takes it: those of one part together. */
export function settingLines(): readonly string[] {
  const { name: _name, ...defaults } = configure({ name: 'h1' });
  const lines: string[] = [];
  for (const [part, value] of Object.entries(defaults)) {
    const [first = '', ...others] = leaves(part, value);
    let line = first;
    for (const leaf of others) {
      if (line.length + leaf.length < lineCharsMax) line += ` ${leaf}`;
      else {
        lines.push(line);
        line = leaf;
      }
    }
    lines.push(line);
  }
  return lines;
}

function leaves(path: string, value: unknown): readonly string[] {
  if (!isTree(value)) return [`${path}=${typeof value === 'string' ? value : JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, below]) => leaves(`${path}.${key}`, below));
}

/**
 * Puts `lease.termMs=3000` and the like into a tree of settings. Values are JSON where they parse as JSON, else text.
 *
 * @throws {ConfigurationError} when an assignment has no `=`, or names what no setting is called
 */
export function assign(
  settings: Record<string, unknown>,
  assignments: readonly string[],
): Record<string, unknown> {
  const tree = structuredClone(settings);
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1)
      throw new ConfigurationError(`--set ${assignment}: expected KEY=VALUE, for example lease.termMs=3000.`);
    const path = assignment.slice(0, at).split('.');
    if (path.includes('__proto__'))
      throw new ConfigurationError(`--set ${assignment}: there is no such setting.`);
    let node = tree;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(node, key) || typeof node[key] !== 'object' || node[key] === null) node[key] = {};
      node = node[key] as Record<string, unknown>;
    }
    node[path.at(-1) as string] = parsed(assignment.slice(at + 1));
  }
  return tree;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
