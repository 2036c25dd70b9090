import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../clock.ts';
import type { Cluster } from '../../cluster.ts';
import { connect } from '../../cluster.ts';
import { GodwitError } from '../../core/errors.ts';
import type { ExecutionId, IncarnationId } from '../../core/ids.ts';
import { hostName } from '../../core/ids.ts';
import type { Package } from '../../methods/packages/index.ts';
import type { StoreLocation } from '../../store/state-folder.ts';
import { locateStore } from '../../store/state-folder.ts';
import { formatAddress } from '../../wire/address.ts';
import { accountOf } from '../witness-account.ts';
import type { Account, Expectation, Verdict } from '../witness-verdict.ts';
import { judge } from '../witness-verdict.ts';
import type { Witness } from '../witness.ts';
import { startWitness } from '../witness.ts';
import type { LocalHost } from './host-processes.ts';
import { hostNames, LocalCluster } from './host-processes.ts';
import { Links } from './links.ts';
import type { LinkRule } from './link-rules.ts';
import { storeEnd } from './link-rules.ts';
import { OwnDisk } from './own-disk.ts';
import { RealClusterError } from './real-cluster-error.ts';
import type { RealClusterOptions } from './real-cluster-options.ts';
import { checkOptions, checkRule, holdVariable } from './real-cluster-options.ts';
import { Sightings } from './sightings.ts';
import { serversOf } from './store-links.ts';
import { limitWrites } from './write-limit.ts';

const connectMaxMs = 30_000;
const connectPauseMs = 200;

const living = new Set<RealCluster>();
// Whatever ends this program, no host outlives it.
process.on('exit', () => {
  for (const cluster of living) cluster.killAll();
});

/**
 * A cluster of real host processes on this machine, with a witness beside it, that can be hurt. What is called `a` and
 * `b` is a host's name, or `store` for the store that the hosts share.
 */
export class RealCluster {
  readonly location: StoreLocation;
  /** What hosts said and executions did, as it shows outside. */
  readonly seen: Sightings;
  readonly #options: RealClusterOptions;
  readonly #folder: string;
  readonly #witness: Witness;
  readonly #watcher: FSWatcher;
  readonly #links: Links | null;
  readonly #processes: LocalCluster;
  readonly #names: readonly { readonly name: string; readonly rack: string }[];
  readonly #arguments = new Map<string, readonly string[]>();
  readonly #environment = new Map<string, Record<string, string>>();
  /** Of each host's last start alone. */
  readonly #once = new Map<string, Readonly<Record<string, string>>>();
  /** Of each host's last start. */
  readonly #incarnations = new Map<string, IncarnationId>();
  readonly #stopped = new Set<IncarnationId>();
  #client: Cluster | null = null;
  #disk: OwnDisk | null = null;
  #ending: Promise<void> | null = null;

  private constructor(folder: string, log: string, witness: Witness, options: RealClusterOptions) {
    const { racks = 1, hostsPerRack = 2, links = true } = options;
    this.#options = options;
    this.#folder = folder;
    this.#witness = witness;
    this.location = locateStore(options.store ?? join(folder, 'store'), {}, folder);
    this.#names = hostNames(racks, hostsPerRack);
    this.#links = links ? new Links() : null;
    this.seen = new Sightings(log);
    this.#watcher = watch(log, () => this.seen.look());
    this.#processes = new LocalCluster({
      racks,
      hostsPerRack,
      store: this.location.url,
      cpuShare: 1,
      settings: options.settings ?? [],
      environment: {},
      argumentsOf: (host) => this.#arguments.get(host) ?? [],
      environmentOf: (host) => ({ ...options.environment?.[host], ...this.#environment.get(host) }),
      onLine: (host, stream, line) => this.#read(host, stream, line),
    });
  }

  /**
   * Starts hosts, witness and client.
   *
   * @throws {LocalHostError} naming the host that did not come up
   * @throws {RealClusterError} naming the option that is wrong
   */
  static async start(options: RealClusterOptions = {}): Promise<RealCluster> {
    checkOptions(options);
    const folder = await mkdtemp(join(tmpdir(), 'godwit-cluster-'));
    const log = join(folder, 'witness.log');
    await writeFile(log, '');
    const cluster = new RealCluster(folder, log, await startWitness(log), options);
    living.add(cluster);
    try {
      await cluster.#linkUp();
      const { diskBytes } = options;
      if (diskBytes !== undefined && options.store === undefined)
        cluster.#disk = await OwnDisk.mount(cluster.location.folder, diskBytes);
      await cluster.#processes.start();
      cluster.#client = await patientlyConnected(cluster.location);
      cluster.#client.follow((event) => cluster.seen.hear(event), { logs: false });
      return cluster;
    } catch (error) {
      await cluster.end();
      throw error;
    }
  }

  /** Names of all hosts, those that are dead included. */
  get hosts(): readonly string[] {
    return this.#names.map(({ name }) => name);
  }

  /** A client as any program has it, at the store itself: no link of the hosts is in its way, except to each host. */
  get client(): Cluster {
    if (this.#client === null) throw new RealClusterError('The cluster is not up.');
    return this.#client;
  }

  /** Where executions tell what they do: `host:port`, for `tellWitness`. */
  get witness(): string {
    return this.#witness.address;
  }

  /**
   * Starts an execution on one host, whatever affinity would choose.
   *
   * @param pack what `client.deploy(FILE)` returned
   */
  async start(pack: Package, method: string, args: readonly unknown[], on: string): Promise<ExecutionId> {
    this.#known(on);
    return this.client.start(pack, method, args, { on });
  }

  /** Asks for a move, and resolves when it is over. @throws {RefusedError} when it did not come about */
  async move(execution: ExecutionId, to: string): ReturnType<Cluster['migrate']> {
    this.#known(to);
    const text = 'a test asked for it';
    const reason = { by: 'operator', term: null, text, scores: {}, decision: '' } as const;
    return this.client.migrate(execution, hostName(to), reason);
  }

  /** The process of a host's last start. */
  process(host: string): LocalHost {
    this.#known(host);
    return this.#processes.host(host);
  }

  /**
   * SIGKILL ends a host as a loss of power does; SIGSTOP stops it where it is, SIGCONT lets it go on; SIGTERM asks it to
   * checkpoint what runs and to end.
   */
  signal(host: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGUSR2'): void {
    const { process: child } = this.process(host);
    if (child.exitCode !== null || child.signalCode !== null) {
      const how = child.signalCode ?? child.exitCode;
      throw new RealClusterError(
        `Host ${host} cannot get ${signal}: it has ended (${how}). Restart it first.`,
      );
    }
    const incarnation = this.#incarnations.get(host);
    if (signal === 'SIGSTOP' && incarnation !== undefined) this.#stopped.add(incarnation);
    child.kill(signal);
  }

  /** Kills a host, and resolves when it is gone. */
  async kill(host: string): Promise<void> {
    this.signal(host, 'SIGKILL');
    await this.process(host).exited;
  }

  stop(host: string): void {
    this.signal(host, 'SIGSTOP');
  }

  continue(host: string): void {
    this.signal(host, 'SIGCONT');
  }

  /**
   * Lets a host go on that was started with GODWIT_HOLD_AT in its environment; nothing is held there any more. One that is stopped does
   * so when it is continued.
   */
  letGo(host: string): void {
    this.#known(host);
    const { [holdVariable]: point = '' } = { ...this.#options.environment?.[host], ...this.#once.get(host) };
    if (point === '')
      throw new RealClusterError(
        `Host ${host} is held nowhere: it was started without GODWIT_HOLD_AT in its environment.`,
      );
    this.signal(host, 'SIGUSR2');
  }

  /**
   * Starts a host again under its name, after killing it if it still lives; resolves when it is up.
   *
   * @param environment extra environment of this start
   */
  async restart(host: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const { process: child, exited, rack } = this.process(host);
    child.kill('SIGKILL');
    await exited;
    this.#once.set(host, environment);
    await this.#processes.startHost(host, rack, environment);
  }

  /** Cuts the link between two ends: nothing passes, and no connection is closed by it. */
  async cut(a: string, b: string): Promise<void> {
    await Promise.all([this.disturb(a, b, { cut: true }), this.disturb(b, a, { cut: true })]);
  }

  /** Nothing passes from one end to the other; the way back stays. */
  async cutOneWay(from: string, to: string): Promise<void> {
    await this.disturb(from, to, { cut: true });
  }

  /** Cuts a host off from all others and from the store. */
  async isolate(host: string): Promise<void> {
    await Promise.all(this.#others(host).map((other) => this.cut(host, other)));
  }

  /** Makes the link between two ends sound again, both ways; without ends, every link. */
  async heal(a?: string, b?: string): Promise<void> {
    if (a === undefined) return this.#wired().healAll();
    const sound = { cut: false, delayMs: 0, lossRatio: 0 };
    const others = b === undefined ? this.#others(a) : [b];
    await Promise.all(
      others.flatMap((other) => [this.disturb(a, other, sound), this.disturb(other, a, sound)]),
    );
  }

  /** Changes what a link does from now on, one way. */
  async disturb(from: string, to: string, change: Partial<LinkRule>): Promise<void> {
    checkRule(change, `the link from ${from} to ${to}`);
    this.#ends(from, to);
    await this.#wired().change(from, to, change);
  }

  /** Resets every connection that stands between two ends, as a router that has lost its state does. */
  async breakConnections(a: string, b: string): Promise<void> {
    this.#ends(a, b);
    await this.#wired().breakConnections(a, b);
  }

  /**
   * Leaves no room on the disk of the cluster's folder.
   *
   * @returns how: `tmpfs`: its file system is full. `limit`: there is none of its own, so every write of every host to a file fails
   */
  async fillDisk(): Promise<'tmpfs' | 'limit'> {
    if (this.#disk === null) await this.#limitWrites(true);
    else await this.#disk.fill();
    return this.#disk === null ? 'limit' : 'tmpfs';
  }

  /** There is room again. */
  async freeDisk(): Promise<void> {
    if (this.#disk === null) await this.#limitWrites(false);
    else await this.#disk.free();
  }

  /** What the witness says of executions, from what it was told and what the cluster said of its faults. */
  verdicts(expectations: readonly Expectation[]): readonly Verdict[] {
    return judge(this.seen.acts(), this.account(), expectations);
  }

  /** What must be known of the faults to judge. */
  account(): Account {
    return accountOf(this.seen.events, this.#stopped);
  }

  killAll(): void {
    this.#processes.kill();
  }

  /** Ends hosts, links, client and witness, and removes what they left. Harmless when it has been called before. */
  end(): Promise<void> {
    return (this.#ending ??= this.#end());
  }

  async #end(): Promise<void> {
    this.killAll();
    this.#watcher.close();
    await this.#client?.close();
    await Promise.all(this.#processes.hosts.map(({ exited }) => exited));
    await this.#links?.close();
    await this.#witness.close();
    await this.#disk?.close();
    // A store that was being opened may still have been making its files.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
    living.delete(this);
  }

  async #linkUp(): Promise<void> {
    if (this.#links === null) return;
    const store = serversOf(this.location.url);
    for (const host of this.hosts) {
      const { host: name, port } = await this.#links.openHost(host);
      this.#arguments.set(host, ['--advertise', formatAddress(name, port)]);
      if (store.servers.length === 0) continue;
      const servers = await this.#links.openStore(host, store.servers);
      this.#environment.set(host, { GODWIT_STORE: store.through(servers) });
    }
  }

  async #limitWrites(isFull: boolean): Promise<void> {
    for (const { pid, exitCode, signalCode } of this.hosts.map((host) => this.process(host).process))
      if (pid !== undefined && exitCode === null && signalCode === null) await limitWrites(pid, isFull);
  }

  #read(host: string, stream: 'stdout' | 'stderr', line: string): void {
    this.#options.onLine?.(host, stream, line);
    if (line.startsWith('{"event":"started"')) {
      const { bound, incarnation } = JSON.parse(line) as {
        readonly bound: string;
        readonly incarnation: IncarnationId;
      };
      this.#incarnations.set(host, incarnation);
      // Only the end of the cluster makes this fail.
      this.#links?.target(host, bound).catch(() => undefined);
    }
    this.seen.read({ host, stream, line });
  }

  #wired(): Links {
    if (this.#links !== null) return this.#links;
    throw new RealClusterError('This cluster was started with links: false, so that no link can be hurt.');
  }

  #others(host: string): readonly string[] {
    this.#known(host);
    const hosts = this.hosts.filter((other) => other !== host);
    return serversOf(this.location.url).servers.length === 0 ? hosts : [...hosts, storeEnd];
  }

  #ends(a: string, b: string): void {
    for (const end of [a, b]) if (end !== storeEnd) this.#known(end);
    if (a === b) throw new RealClusterError(`There is no link from ${a} to itself.`);
    if ((a === storeEnd || b === storeEnd) && serversOf(this.location.url).servers.length === 0)
      throw new RealClusterError(
        `There is no link between ${a} and ${b}: the store is a folder of this machine, or is reached through a socket.`,
      );
  }

  #known(host: string): void {
    if (this.hosts.includes(host)) return;
    throw new RealClusterError(`There is no host ${host} in this cluster: it has ${this.hosts.join(', ')}.`);
  }
}

/** A machine that starts several hosts at once may be too busy to open a store in time. */
async function patientlyConnected(location: StoreLocation): Promise<Cluster> {
  const clock = new SystemClock();
  const untilMs = clock.monotonicMs() + connectMaxMs;
  for (;;) {
    try {
      return await connect(location);
    } catch (error) {
      const mayRetry = error instanceof GodwitError && error.retryable;
      if (!mayRetry || clock.monotonicMs() > untilMs) throw error;
      await new Promise<void>((resolve) => clock.after(connectPauseMs, resolve));
    }
  }
}
