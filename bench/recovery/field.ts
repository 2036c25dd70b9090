import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LocalCluster } from '../../src/testing/local/host-processes.ts';
import type { Cluster } from '../../src/cluster.ts';
import { anywhere, connect } from '../../src/cluster.ts';
import type { ExecutionId } from '../../src/core/ids.ts';
import { hostName } from '../../src/core/ids.ts';
import type { Package } from '../../src/methods/packages/index.ts';
import type { ClusterEvent, EventDetail } from '../../src/protocols/messages.ts';
import { locateStore } from '../../src/store/state-folder.ts';
import type { Act, Expectation, Witness } from '../../src/testing/index.ts';
import { accountOf, judge, parseWitnessLog, startWitness } from '../../src/testing/index.ts';

/** An act, and when the witness heard of it, by this process's clock. */
export interface Heard {
  readonly act: Act;
  readonly atMs: number;
}

interface Seen {
  readonly event: ClusterEvent;
  readonly atMs: number;
}

/** Starts that wait for their answer at a time. */
const startsAtOnce = 64;
/** A store that is late with a few answers is no reason to give up; one that does not answer at all is. */
const repeatsMax = 1_000;
const living = new Set<Field>();
// Whatever ends the bench, no host outlives it.
process.on('exit', () => {
  for (const field of living) field.local.kill();
});

/** Real hosts on one store with shipped defaults, and a witness outside of them that notes when it hears of what. */
export class Field {
  readonly local: LocalCluster;
  readonly cluster: Cluster;
  readonly #pack: Package;
  readonly #witness: Witness;
  readonly #folder: string;
  readonly #heard: Map<string, Heard[]>;
  readonly #looks: Set<() => void>;
  readonly #events = new Map<string, Seen>();
  readonly #counts = new Map<EventDetail['kind'], number>();

  private constructor(
    local: LocalCluster,
    cluster: Cluster,
    pack: Package,
    witness: Witness,
    folder: string,
    heard: Map<string, Heard[]>,
    looks: Set<() => void>,
  ) {
    this.local = local;
    this.cluster = cluster;
    this.#pack = pack;
    this.#witness = witness;
    this.#folder = folder;
    this.#heard = heard;
    this.#looks = looks;
    cluster.follow((event) => this.#hear(event), { logs: false });
  }

  /** @param environment extra environment of single hosts, by name */
  static async start(
    url: string,
    hosts: number,
    environment: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
  ): Promise<Field> {
    const folder = mkdtempSync(join(tmpdir(), 'godwit-recovery-'));
    const heard = new Map<string, Heard[]>();
    const looks = new Set<() => void>();
    const witness = await startWitness(join(folder, 'witness.log'), (act) => {
      const own = heard.get(act.execution) ?? [];
      heard.set(act.execution, own);
      own.push({ act, atMs: performance.now() });
      for (const look of looks) look();
    });
    const local = new LocalCluster({
      racks: 1,
      hostsPerRack: hosts,
      store: url,
      cpuShare: 0,
      settings: [],
      environment,
      onLine: (host, stream, line) => {
        if (stream === 'stderr') console.error(`${host}: ${line}`);
      },
    });
    await local.start();
    const cluster = await connect(locateStore(url, {}, homedir()));
    const fixture = new URL('bench/fixtures/pulse.ts', `${pathToFileURL(process.cwd()).href}/`);
    const pack = await cluster.deploy(fileURLToPath(fixture));
    const field = new Field(local, cluster, pack, witness, folder, heard, looks);
    living.add(field);
    return field;
  }

  get witness(): string {
    return this.#witness.address;
  }

  /** Starts executions of one method of the fixture on one host; what the host could not start just then is tried again. */
  async startMany(
    on: string,
    method: 'pulse' | 'busyPulse' | 'alarm',
    argsOf: readonly (readonly unknown[])[],
  ): Promise<readonly ExecutionId[]> {
    const started: ExecutionId[] = [];
    const waiting = argsOf.toReversed();
    let repeats = 0;
    const one = async (): Promise<void> => {
      for (let args = waiting.pop(); args !== undefined; args = waiting.pop()) {
        const all = [this.witness, ...args];
        const options = { on: hostName(on), affinity: anywhere };
        try {
          started.push(await this.cluster.start(this.#pack, method, all, options));
        } catch (error) {
          repeats += 1;
          if ((error as { readonly retryable?: boolean }).retryable !== true || repeats > repeatsMax)
            throw error;
          waiting.push(args);
        }
      }
    };
    await Promise.all(Array.from({ length: startsAtOnce }, one));
    return started;
  }

  /** Ends a host at once. @returns when, by this process's clock */
  async kill(host: string): Promise<number> {
    const { process: child, exited } = this.local.host(host);
    const atMs = performance.now();
    child.kill('SIGKILL');
    await exited;
    return atMs;
  }

  actsOf(execution: ExecutionId): readonly Heard[] {
    return this.#heard.get(execution) ?? [];
  }

  /** Events of one kind, in the order in which they came. */
  seen<Kind extends EventDetail['kind']>(
    kind: Kind,
  ): readonly { readonly detail: Extract<EventDetail, { kind: Kind }>; readonly atMs: number }[] {
    return [...this.#events.values()].flatMap(({ event: { detail }, atMs }) =>
      detail.kind === kind ? [{ detail: detail as Extract<EventDetail, { kind: Kind }>, atMs }] : [],
    );
  }

  count(kind: EventDetail['kind']): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Looks now, and after each act and event. @throws when it has not come true in time, saying what did not */
  async until(what: string, isTrue: () => boolean, withinMs: number): Promise<void> {
    let look = (): void => undefined;
    const found = new Promise<boolean>((resolve) => {
      look = () => {
        if (isTrue()) resolve(true);
      };
    });
    this.#looks.add(look);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), withinMs);
    });
    look();
    const isInTime = await Promise.race([found, late]);
    clearTimeout(timer);
    this.#looks.delete(look);
    if (!isInTime) throw new Error(`Within ${withinMs} ms it did not come true that ${what}.`);
  }

  /** What is wrong with what the witness heard; empty when each execution acted as one copy would have. */
  faults(expectations: readonly Expectation[]): readonly string[] {
    const log = parseWitnessLog(readFileSync(join(this.#folder, 'witness.log'), 'utf8'));
    const account = accountOf([...this.#events.values()].map(({ event }) => event));
    return judge(log, account, expectations).flatMap(({ execution, faults }) =>
      faults.map((fault) => `${execution}: ${JSON.stringify(fault)}`),
    );
  }

  async end(): Promise<void> {
    await this.cluster.close();
    this.local.kill();
    await Promise.all(this.local.hosts.map(({ exited }) => exited));
    await this.#witness.close();
    rmSync(this.#folder, { recursive: true, force: true });
    living.delete(this);
  }

  #hear(event: ClusterEvent): void {
    const id = `${event.incarnation}/${event.sequence}`;
    if (this.#events.has(id)) return;
    this.#events.set(id, { event, atMs: performance.now() });
    this.#counts.set(event.detail.kind, this.count(event.detail.kind) + 1);
    for (const look of this.#looks) look();
  }
}
