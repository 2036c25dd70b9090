import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import type { Tables } from '../../src/actors/ports.ts';
import { SystemClock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster.ts';
import { RefusedError } from '../../src/cluster-errors.ts';
import type { ExecutionId } from '../../src/core/ids.ts';
import type { Package } from '../../src/methods/packages/index.ts';
import type { ClusterEvent, EventDetail } from '../../src/protocols/messages.ts';
import type { RegisterRow } from '../../src/protocols/ownership/register.ts';
import type { SeatRow } from '../../src/protocols/seats/candidate.ts';
import { SystemRandom } from '../../src/random.ts';
import type { Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { storeOptions } from '../../src/store/options.ts';
import type { StoreLocation } from '../../src/store/state-folder.ts';
import { openTables } from '../../src/store/tables.ts';
import type { Expectation, LoggedAct, Verdict } from '../../src/testing/index.ts';
import type { LocalHost } from '../../src/testing/local/host-processes.ts';
import { RealCluster } from '../../src/testing/local/real-cluster.ts';
import type { DetailOf, HostLine } from '../../src/testing/local/sightings.ts';
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
  /** Of a disk of their own. */
  readonly diskBytes?: number;
  /** Whether their links can be cut. */
  readonly links?: boolean;
}

/** Leases that end soon, so that a test need not wait long; nothing moves unless the test asks. */
export const quickLeases = ['lease.termMs=1500', 'lease.marginMs=300', 'lease.renewMs=250'];
export const scripted = ['lanes=1', 'affinity.enabled=false'];

const movesMax = 10;

/** A move that somebody is held in. */
interface HeldMove {
  readonly host: string;
  readonly end: Promise<unknown>;
}

/** What a test asked an execution to do, and what it must come to. */
export interface Work {
  readonly execution: ExecutionId;
  readonly acts: number;
  readonly expected: Tally;
}

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
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

/** A cluster of real host processes with a witness beside it, and the work of these tests. */
export class Fleet {
  readonly real: RealCluster;
  #store: Store | null = null;

  private constructor(real: RealCluster) {
    this.real = real;
  }

  /** Starts hosts, witness and client for one test, whose end ends them. */
  static async start(context: TestContext, options: FleetOptions): Promise<Fleet> {
    const fleet = await Fleet.open(options);
    let trace = '';
    context.onTestFailed(() => console.error(trace));
    context.onTestFinished(async () => {
      trace = fleet.real.seen.trace();
      await fleet.end();
    });
    return fleet;
  }

  /** Starts hosts, witness and client; `end` ends them. */
  static async open(options: FleetOptions): Promise<Fleet> {
    return new Fleet(await RealCluster.start({ ...options, links: options.links ?? false }));
  }

  get location(): StoreLocation {
    return this.real.location;
  }

  get cluster(): Cluster {
    return this.real.client;
  }

  get witness(): string {
    return this.real.witness;
  }

  get events(): readonly ClusterEvent[] {
    return this.real.seen.events;
  }

  get lines(): readonly HostLine[] {
    return this.real.seen.lines;
  }

  host(name: string): LocalHost {
    return this.real.process(name);
  }

  deploy(name: string): Promise<Package> {
    return this.cluster.deploy(fixture(name));
  }

  startMethod(pack: Package, method: string, args: readonly unknown[], on: string): Promise<ExecutionId> {
    return this.real.start(pack, method, args, on);
  }

  /** Starts executions that tell the witness what they do, all on one host. */
  async startWork(
    on: string,
    sizes: readonly number[],
    rounds = roundsPerAct,
    restMs = 0,
    keptBytes = 0,
  ): Promise<readonly Work[]> {
    const pack = await this.deploy('tally');
    const work: Work[] = [];
    for (const count of sizes) {
      const execution = await this.startMethod(
        pack,
        'tally',
        [this.witness, count, rounds, restMs, keptBytes],
        on,
      );
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
    return this.real.move(execution, to);
  }

  /**
   * Moves an execution until a host is held at a point of the move. A move that takes too long on a laden machine is
   * called off, and tried again.
   *
   * @returns the name of the host, and what becomes of the move: its answer, or its error
   */
  async moveUntilHeld(execution: ExecutionId, to: string, point: string): Promise<HeldMove> {
    const held = this.event('held', (found) => found.point === point);
    for (let left = movesMax; ; left -= 1) {
      const end = this.move(execution, to).catch((error: unknown) => error);
      const ended = await Promise.race([held.then(() => null), end]);
      const isCalledOff = ended instanceof RefusedError;
      if (!isCalledOff || left === 0) return { host: (await held).event.host, end };
    }
  }

  signal(host: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGUSR2'): void {
    this.real.signal(host, signal);
  }

  /** Resolves with the first event of the kind that fits, past ones included. */
  event<Kind extends EventDetail['kind']>(
    kind: Kind,
    fits: (detail: DetailOf<Kind>, event: ClusterEvent) => boolean = () => true,
  ): Promise<{ readonly event: ClusterEvent; readonly detail: DetailOf<Kind> }> {
    return this.real.seen.event(kind, fits);
  }

  /** Resolves when the client hears from a second incarnation of a host. */
  async startedAgain(host: string): Promise<void> {
    const former = await this.event('hostStarted', (_, event) => event.host === host);
    await this.event(
      'hostStarted',
      (_, event) => event.host === host && event.incarnation !== former.event.incarnation,
    );
  }

  printed(host: string, text: string, times = 1): Promise<string> {
    return this.real.seen.printed(host, text, times);
  }

  acted(execution: ExecutionId, count: number, generation = 1): Promise<readonly LoggedAct[]> {
    return this.real.seen.acted(execution, count, generation);
  }

  log(): readonly LoggedAct[] {
    return this.real.seen.acts();
  }

  /** The results of all work when it has ended, and what the witness says of it. */
  async settled(work: readonly Work[]): Promise<Settled> {
    const results = await Promise.all(work.map(({ execution }) => this.cluster.outcome(execution)));
    return { results, verdicts: this.verdicts(work) };
  }

  verdicts(expectations: readonly Expectation[]): readonly Verdict[] {
    return this.real.verdicts(expectations);
  }

  async end(): Promise<void> {
    await this.#store?.close();
    await this.real.end();
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
