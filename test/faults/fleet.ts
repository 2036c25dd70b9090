import { readFileSync, watch } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { LocalCluster } from '../../src/cli/local-cluster.ts';
import type { LocalHost } from '../../src/cli/local-cluster.ts';
import { SystemClock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster.ts';
import { anywhere, connect } from '../../src/cluster.ts';
import { hostName } from '../../src/core/ids.ts';
import type { ExecutionId } from '../../src/core/ids.ts';
import type { Package } from '../../src/methods/packages/index.ts';
import type { ClusterEvent, EventDetail, MoveReason } from '../../src/protocols/messages.ts';
import type { Tables } from '../../src/actors/ports.ts';
import type { RegisterRow } from '../../src/protocols/ownership/register.ts';
import type { SeatRow } from '../../src/protocols/seats/candidate.ts';
import { SystemRandom } from '../../src/random.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import { openTables } from '../../src/store/tables.ts';
import type { StoreLocation } from '../../src/store/state-folder.ts';
import { locateStore } from '../../src/store/state-folder.ts';
import type { Expectation, Verdict } from '../../src/testing/index.ts';
import { accountOf, judge, parseWitnessLog, startWitness } from '../../src/testing/index.ts';
import type { LoggedAct, Witness } from '../../src/testing/index.ts';
import { tally } from './fixtures/tally.ts';
import type { Tally } from './fixtures/tally.ts';

export interface FleetOptions {
  readonly racks: number;
  readonly hostsPerRack: number;
  readonly settings: readonly string[];
  /** Extra environment of single hosts, by name. */
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Its URL; without it the hosts share a folder. */
  readonly store?: string;
}

/** Leases that end soon, so that a test need not wait long; nothing moves unless the test asks. */
export const quickLeases = ['lease.termMs=1500', 'lease.marginMs=300', 'lease.renewMs=250'];
export const scripted = ['lanes=1', 'affinity.enabled=false'];

/** What a test asked an execution to do, and what it must come to. */
export interface Work {
  readonly execution: ExecutionId;
  readonly acts: number;
  readonly expected: Tally;
}

/** A line that a host printed. */
interface HostLine {
  readonly host: string;
  readonly line: string;
}

type DetailOf<Kind extends EventDetail['kind']> = Extract<EventDetail, { kind: Kind }>;

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
const byTest: MoveReason = {
  by: 'operator',
  term: null,
  text: 'a test asked for it',
  scores: {},
  decision: '',
};
/** Enough that a capture mostly meets the loop, and seldom an effect under way. */
const roundsPerAct = 300_000;

const plainRuns = new Map<string, Promise<Tally>>();

/** The same work natively, once for each size: it keeps this thread from answering heartbeats meanwhile. */
export function plainRun(acts: number, rounds: number): Promise<Tally> {
  const key = `${acts} ${rounds}`;
  const known = plainRuns.get(key) ?? tally(null, acts, rounds);
  plainRuns.set(key, known);
  return known;
}

/** How many acts the executions of these tests make. */
export const acts = { few: 100, some: 400, many: 2_000 } as const;
await Promise.all(Object.values(acts).map((count) => plainRun(count, roundsPerAct)));

const living = new Set<Fleet>();
// Whatever ends the tests, no host outlives them.
process.on('exit', () => {
  for (const fleet of living) fleet.killAll();
});

/** A cluster of real host processes with a witness beside it, for one test. Everything ends with the test. */
export class Fleet {
  readonly location: StoreLocation;
  readonly local: LocalCluster;
  readonly events: ClusterEvent[] = [];
  readonly lines: HostLine[] = [];
  readonly #heard = new Set<string>();
  readonly #looks = new Set<() => void>();
  readonly #folder: string;
  readonly #witness: Witness;
  readonly #log: string;
  #cluster: Cluster | null = null;
  #store: Store | null = null;
  #lastTrace = '';

  private constructor(folder: string, log: string, witness: Witness, options: FleetOptions) {
    this.#folder = folder;
    this.#log = log;
    this.#witness = witness;
    this.location = locateStore(options.store ?? join(folder, 'store'), {}, folder);
    this.local = new LocalCluster({
      ...options,
      store: this.location.url,
      cpuShare: 1,
      onLine: (host, _stream, line) => {
        this.lines.push({ host, line });
        this.#look();
      },
    });
  }

  /** Starts hosts, witness and client; the test's end ends them. */
  static async start(context: TestContext, options: FleetOptions): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-faults-'));
    const log = join(folder, 'witness.log');
    await writeFile(log, '');
    const fleet = new Fleet(folder, log, await startWitness(log), options);
    living.add(fleet);
    context.onTestFailed(() => console.error(fleet.#lastTrace));
    const watcher = watch(log, () => fleet.#look());
    context.onTestFinished(async () => {
      watcher.close();
      await fleet.end();
    });
    await fleet.local.start();
    fleet.#cluster = await connect(fleet.location);
    fleet.#cluster.follow((event) => fleet.#hear(event), { logs: false });
    return fleet;
  }

  get cluster(): Cluster {
    if (this.#cluster === null) throw new Error('The fleet is not up.');
    return this.#cluster;
  }

  get witness(): string {
    return this.#witness.address;
  }

  deploy(name: string): Promise<Package> {
    return this.cluster.deploy(fixture(name));
  }

  startMethod(pack: Package, method: string, args: readonly unknown[], on: string): Promise<ExecutionId> {
    return this.cluster.start(pack, method, args, { on: hostName(on), affinity: anywhere });
  }

  /** Starts executions that tell the witness what they do, all on one host. */
  async startWork(on: string, sizes: readonly number[], rounds = roundsPerAct): Promise<readonly Work[]> {
    const pack = await this.deploy('tally');
    const work: Work[] = [];
    for (const count of sizes) {
      const execution = await this.startMethod(pack, 'tally', [this.witness, count, rounds], on);
      work.push({ execution, acts: count, expected: await plainRun(count, rounds) });
    }
    return work;
  }

  /** Resolves with the first row of a seat that fits, as the registry shows it now or later. */
  async seat(seat: string, fits: (row: SeatRow) => boolean): Promise<SeatRow> {
    const { seats } = await this.#tables();
    return new Promise((resolve) => {
      const stop = seats.watch(({ rows }) => {
        const found = rows.find(({ row }) => row.seat === seat && fits(row));
        if (found === undefined) return;
        resolve(found.row);
        stop();
      });
    });
  }

  /** Resolves with the first row of an execution's register that fits. */
  async registered(execution: ExecutionId, fits: (row: RegisterRow) => boolean): Promise<RegisterRow> {
    const { registers } = await this.#tables();
    return new Promise((resolve) => {
      const stop = registers.watch(({ rows }) => {
        const found = rows.find(({ row }) => row.execution === execution && fits(row));
        if (found === undefined) return;
        resolve(found.row);
        stop();
      });
    });
  }

  async #tables(): Promise<Tables> {
    if (this.#store === null) {
      const ports = { clock: new SystemClock(), random: new SystemRandom() };
      this.#store = await openStore(this.location.url, storeOptions(ports));
    }
    return openTables(this.#store.registry, (error) => console.error(error));
  }

  move(execution: ExecutionId, to: string): ReturnType<Cluster['migrate']> {
    return this.cluster.migrate(execution, hostName(to), byTest);
  }

  signal(host: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.local.host(host).process.kill(signal);
  }

  /** Resolves with the first event of the kind that fits, past ones included. */
  event<Kind extends EventDetail['kind']>(
    kind: Kind,
    fits: (detail: DetailOf<Kind>, event: ClusterEvent) => boolean = () => true,
  ): Promise<{ readonly event: ClusterEvent; readonly detail: DetailOf<Kind> }> {
    return this.#until(() => {
      for (const event of this.events) {
        const { detail } = event;
        if (detail.kind === kind && fits(detail as DetailOf<Kind>, event))
          return { event, detail: detail as DetailOf<Kind> };
      }
      return null;
    });
  }

  /** Resolves when the client hears from a second incarnation of a host. */
  async startedAgain(host: string): Promise<void> {
    const former = await this.event('hostStarted', (_, event) => event.host === host);
    await this.event(
      'hostStarted',
      (_, event) => event.host === host && event.incarnation !== former.event.incarnation,
    );
  }

  /** Resolves when the host has printed `times` lines that contain the text. */
  printed(host: string, text: string, times = 1): Promise<string> {
    return this.#until(
      () => this.lines.filter((one) => one.host === host && one.line.includes(text))[times - 1]?.line ?? null,
    );
  }

  /** Resolves when the witness has seen `count` acts of an execution in a generation. */
  acted(execution: ExecutionId, count: number, generation = 1): Promise<readonly LoggedAct[]> {
    return this.#until(() => {
      const acts = this.log().filter((act) => act.execution === execution && act.generation === generation);
      return acts.length >= count ? acts : null;
    });
  }

  log(): readonly LoggedAct[] {
    const text = readFileSync(this.#log, 'utf8');
    return parseWitnessLog(text.slice(0, text.lastIndexOf('\n') + 1));
  }

  /** The results of all work when it has ended, and what the witness says of it. */
  async settled(work: readonly Work[]): Promise<Settled> {
    const results = await Promise.all(work.map(({ execution }) => this.cluster.outcome(execution)));
    return { results, verdicts: this.verdicts(work) };
  }

  verdicts(expectations: readonly Expectation[]): readonly Verdict[] {
    return judge(this.log(), accountOf(this.events), expectations);
  }

  killAll(): void {
    for (const { process: child } of this.local.hosts) child.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.#lastTrace = this.#trace();
    this.killAll();
    await this.#cluster?.close();
    await this.#store?.close();
    await Promise.all(this.local.hosts.map(({ exited }: LocalHost) => exited));
    await this.#witness.close();
    await rm(this.#folder, { recursive: true, force: true });
    living.delete(this);
  }

  /** What a failed test shows. */
  #trace(): string {
    const events = this.events
      .toSorted((a, b) => a.wallMs - b.wallMs)
      .map(({ wallMs, host, detail }) => `${wallMs} ${host} ${JSON.stringify(detail)}`);
    const lines = this.lines.map(({ host, line }) => `${host} | ${line}`);
    const acts = this.log().map((act) => JSON.stringify(act));
    return [...events, ...lines, ...acts].join('\n');
  }

  #hear(event: ClusterEvent): void {
    const id = `${event.incarnation}/${event.sequence}`;
    if (this.#heard.has(id)) return;
    this.#heard.add(id);
    this.events.push(event);
    this.#look();
  }

  #look(): void {
    for (const look of this.#looks) look();
  }

  /** Looks now and after each event, printed line and act. The test's own time limit bounds the wait. */
  #until<Found>(find: () => Found | null): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        try {
          const found = find();
          if (found === null) return;
          this.#looks.delete(look);
          resolve(found);
        } catch (error) {
          this.#looks.delete(look);
          reject(error as Error);
        }
      };
      this.#looks.add(look);
      look();
    });
  }
}

export interface Settled {
  readonly results: readonly unknown[];
  readonly verdicts: readonly Verdict[];
}

/** What `settled` shows when nothing was lost, doubled, repeated, skipped or different. */
export function flawless(work: readonly Work[]): unknown {
  return {
    results: work.map(({ expected }) => expected),
    faults: work.map(() => []),
  };
}

export function asJudged({ results, verdicts }: Settled): unknown {
  return { results, faults: verdicts.map(({ faults }) => faults) };
}

const free: (() => void)[] = [];
let running = 0;
const atOnceMax = 3;

/** Lets as many fleets stand at once as the machine can carry; the rest wait. */
export async function turn(context: TestContext): Promise<void> {
  if (running >= atOnceMax) await new Promise<void>((resolve) => free.push(resolve));
  else running += 1;
  context.onTestFinished(() => {
    const next = free.shift();
    if (next === undefined) running -= 1;
    else next();
  });
}
