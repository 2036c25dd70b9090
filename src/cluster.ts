import { address } from './actors/addresses.ts';
import { Directory } from './actors/directory.ts';
import { AddressExchange } from './actors/exchange.ts';
import type { AnyMessage, Tables } from './actors/ports.ts';
import { SystemClock } from './clock.ts';
import { NoClusterError, notLive, NotFoundError, RefusedError } from './cluster-errors.ts';
import { readOutcome } from './cluster-results.ts';
import { DecisionArchive } from './cluster-decisions.ts';
import { ClusterPackages, methodOf } from './cluster-packages.ts';
import type { StartOptions } from './cluster-starts.ts';
import { startingHosts } from './cluster-starts.ts';
import type { SettledExecution } from './cluster-listing.ts';
import { settledExecution, unanswered } from './cluster-listing.ts';
import { messageOf } from './core/errors.ts';
import type { ExecutionId, HostName, IncarnationId } from './core/ids.ts';
import { actorAddress, executionId, incarnationId } from './core/ids.ts';
import type { Inspection } from './core/inspection.ts';
import type { Package, PackagedMethod } from './methods/packages/index.ts';
import { encodeValue } from './methods/snapshot/index.ts';
import { anywhere, startingAffinity } from './placement/original-affinity.ts';
import type {
  AffinityDeclaration,
  ClientMessage,
  ClusterEvent,
  ExecutionReply,
  ExecutionSummary,
  HostDescription,
  HostReply,
  MoveReason,
} from './protocols/messages.ts';
import { released, type ResultPointer } from './protocols/ownership/register.ts';
import { SystemRandom } from './random.ts';
import type { Store } from './store/contract.ts';
import { StoreAbsentError } from './store/errors.ts';
import { findCluster } from './store/membership.ts';
import { storeOptions } from './store/options.ts';
import type { StoreLocation } from './store/state-folder.ts';
import { openTables } from './store/tables.ts';
import type { Wire } from './wire/contract.ts';
import { openWire } from './wire/open.ts';
import { wireDefaults } from './wire/settings.ts';

export {
  ExecutionFailedError,
  MethodsRefusedError,
  NoClusterError,
  NotFoundError,
  RefusedError,
} from './cluster-errors.ts';
export type { SettledExecution } from './cluster-listing.ts';
export type { StartOptions } from './cluster-starts.ts';

export interface ActorHandle {
  /** @returns false when the message was surely dropped */
  tell(message: AnyMessage): boolean;
  /** @throws {UnreachableActorError | RemoteAskError} */
  ask<Reply>(message: AnyMessage, options: { readonly timeoutMs: number }): Promise<Reply>;
}

export { anywhere };

/** Of the executions that a message names. */
const namedMax = 5;
/** Hosts that are asked to start one execution, the best first. */
const startsMax = 5;
const askMs = 10_000;
const migrateMs = 60_000;

/** A program's or a tool's way into a running cluster. */
export interface Cluster {
  readonly location: StoreLocation;
  /** Any actor of the cluster, on any host, executions included: see docs/message-api.md. */
  actor(to: string): ActorHandle;
  /** By name; hosts that do not answer are left out. */
  hosts(): Promise<readonly HostDescription[]>;
  /** All that have not settled, by id. Those whose host does not answer are described from the register. */
  executions(): Promise<readonly ExecutionSummary[]>;
  /** All that have ended, by id. */
  settled(): Promise<readonly SettledExecution[]>;
  /**
   * Compiles a file with what it imports, and puts it into the vault; `packages.deploy` lists it in the catalogue, too.
   *
   * @throws {NotFoundError} when there is no such file
   * @throws {MethodsRefusedError} with all that cannot be moved
   */
  deploy(file: string): Promise<Package>;
  /** Starts an execution of a deployed package's method. @throws {NotFoundError | RefusedError} */
  start(
    pack: Package,
    method: string,
    args: readonly unknown[],
    options?: StartOptions,
  ): Promise<ExecutionId>;
  /** Waits until the execution has ended. @throws {NotFoundError | ExecutionFailedError} the latter when it threw */
  outcome(execution: ExecutionId): Promise<unknown>;
  /** @throws {NotFoundError} of the execution or the host @throws {RefusedError} with the reason */
  migrate(
    execution: ExecutionId,
    target: HostName,
    reason: MoveReason,
  ): Promise<Extract<ExecutionReply, { kind: 'moved' }>>;
  /**
   * Lets a quarantined execution run again. @returns why it was quarantined
   *
   * @throws {NotFoundError | RefusedError} the latter when it is not quarantined
   */
  release(execution: ExecutionId): Promise<string>;
  /** @throws {NotFoundError | RefusedError} the latter when it has ended */
  inspect(execution: ExecutionId): Promise<Inspection>;
  /** Moves everything away from a host, which takes nothing in from then on. @throws {NotFoundError} */
  drain(host: HostName, deadlineMs: number): Promise<Extract<HostReply, { kind: 'drained' }>>;
  /** Follows the events of all hosts, those that come up later included, until the returned function is called. */
  follow(listener: (event: ClusterEvent) => void, options: { readonly logs: boolean }): () => void;
  /** Decisions and migrations that the cluster remembers, also of what has ended. */
  readonly decisions: DecisionArchive;
  readonly packages: ClusterPackages;
  close(): Promise<void>;
}

/** @throws {NoClusterError} when there is none at `location` */
export async function connect(location: StoreLocation): Promise<Cluster> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const { store, secret } = await findCluster(location, storeOptions({ clock, random })).catch(
    (thrown: unknown) => {
      throw thrown instanceof StoreAbsentError ? new NoClusterError(location, thrown.reason) : thrown;
    },
  );
  try {
    const client = new ClusterClient(location, store, secret, clock, random);
    await client.listed();
    return client;
  } catch (error) {
    await store.close();
    throw error;
  }
}

class ClusterClient implements Cluster {
  readonly location: StoreLocation;
  readonly decisions: DecisionArchive;
  readonly packages: ClusterPackages;
  readonly #store: Store;
  readonly #tables: Tables;
  readonly #directory = new Directory();
  readonly #exchange: AddressExchange;
  readonly #wire: Wire;
  readonly #random: SystemRandom;
  readonly #self: IncarnationId;
  readonly #listeners = new Set<(event: ClusterEvent) => void>();
  readonly #followed = new Map<IncarnationId, boolean>();
  #follows = { any: false, logs: false };

  constructor(
    location: StoreLocation,
    store: Store,
    secret: Uint8Array,
    clock: SystemClock,
    random: SystemRandom,
  ) {
    this.location = location;
    this.#store = store;
    this.decisions = new DecisionArchive(store.vault);
    this.#random = random;
    this.#self = incarnationId(`client.${random.hex(8)}`);
    this.#tables = openTables(store.registry, (error) => console.error(messageOf(error)));
    this.packages = new ClusterPackages(store, this.#tables.registers);
    this.#exchange = new AddressExchange({
      self: this.#self,
      clock,
      random,
      directory: this.#directory,
      tables: this.#tables,
      links: () => this.#wire.links,
      lookup: () => null,
      askLocal: () => Promise.reject(new NotFoundError('A client has no actors.')),
      onUnclaimed: (envelope) => this.#event(envelope.message as ClientMessage),
    });
    this.#wire = openWire({
      self: this.#self,
      secret,
      clock,
      random,
      mayOpen: () => true,
      settings: wireDefaults,
      listener: {
        onEnvelope: (from, envelope) => this.#exchange.receive(from, envelope),
        onUp: () => undefined,
        onDown: (peer, reason) => this.#peerDown(peer, reason.kind),
        onDialFailed: (peer, reason) => this.#peerDown(peer, reason.kind),
        onDrained: () => undefined,
        onRoundTrip: () => undefined,
        onRefused: () => undefined,
      },
    });
    this.#directory.onChange(() => this.#followHosts());
    this.#directory.start(this.#tables);
  }

  listed(): Promise<void> {
    return this.#directory.listed();
  }

  actor(to: string): ActorHandle {
    const where = actorAddress(to);
    return {
      tell: (message) => this.#exchange.tell(where, message),
      ask: (message, { timeoutMs }) => this.#exchange.ask(where, message, timeoutMs),
    };
  }

  async hosts(): Promise<readonly HostDescription[]> {
    const live = (await this.#tables.leases.list()).filter(({ row }) => row.phase === 'live');
    const replies = await Promise.all(
      live.map(({ row }) => this.#tryAsk<HostReply>(address.host(row.host.name), { kind: 'describe' })),
    );
    return replies
      .flatMap((reply) => (reply?.kind === 'described' ? [reply.description] : []))
      .toSorted((a, b) => (a.identity.name < b.identity.name ? -1 : 1));
  }

  async executions(): Promise<readonly ExecutionSummary[]> {
    const live = (await this.#tables.leases.list()).filter(({ row }) => row.phase === 'live');
    const replies = await Promise.all(
      live.map(({ row }) => this.#tryAsk<HostReply>(address.host(row.host.name), { kind: 'listExecutions' })),
    );
    const told = new Map<ExecutionId, ExecutionSummary>();
    for (const reply of replies) {
      if (reply?.kind !== 'executions') continue;
      for (const summary of reply.executions) {
        const known = told.get(summary.execution);
        if (known === undefined || known.epoch < summary.epoch) told.set(summary.execution, summary);
      }
    }
    const rows = (await this.#tables.registers.list()).filter(({ row }) => row.standing.phase !== 'settled');
    return rows.map(({ row }) => told.get(row.execution) ?? unanswered(row));
  }

  async settled(): Promise<readonly SettledExecution[]> {
    const found = await this.#tables.registers.list();
    return found.flatMap(({ row }) => settledExecution(row) ?? []);
  }

  deploy(file: string): Promise<Package> {
    return this.packages.store(file);
  }

  async start(
    pack: Package,
    method: string,
    args: readonly unknown[],
    { affinity: asked, durable = false, on = null }: StartOptions = {},
  ): Promise<ExecutionId> {
    const { declared, ...ref } = methodOf(pack, method);
    const host = on === null ? null : this.#mustBeUp(on);
    const affinity = startingAffinity({ ...anywhere, ...asked }, declared.affinity);
    const hosts = host === null ? await this.#startingHosts(declared, affinity) : [host];
    const message = {
      kind: 'startExecution',
      execution: executionId(`x-${this.#random.hex(6)}`),
      method: ref,
      args: encodeValue(args),
      affinity,
      durable,
    };
    const refusals: string[] = [];
    // Whoever refuses has started nothing, so that the next one may be asked.
    for (const host of hosts.slice(0, startsMax)) {
      const reply = await this.#exchange.ask<HostReply>(address.host(host), message, askMs);
      if (reply.kind === 'started') return reply.execution;
      refusals.push(
        `Host ${host} did not start ${method}: ${reply.kind === 'refused' ? reply.reason : reply.kind}`,
      );
    }
    throw new RefusedError(refusals.map((text) => text.replace(/\.?$/, '.')).join(' '));
  }

  async outcome(execution: ExecutionId): Promise<unknown> {
    const result = await this.#settled(execution);
    return readOutcome(this.#store.vault, this.#tables.registers, execution, result);
  }

  async migrate(
    execution: ExecutionId,
    target: HostName,
    reason: MoveReason,
  ): Promise<Extract<ExecutionReply, { kind: 'moved' }>> {
    await this.#mustRun(execution);
    this.#mustBeUp(target);
    const message = { kind: 'migrate', target, reason };
    const reply = await this.#exchange.ask<ExecutionReply>(address.execution(execution), message, migrateMs);
    if (reply.kind === 'moved') return reply;
    throw new RefusedError(
      `${execution} was not moved to ${target}: ${reply.kind === 'refused' ? reply.reason : reply.kind}.`,
    );
  }

  async inspect(execution: ExecutionId): Promise<Inspection> {
    await this.#mustRun(execution);
    const reply = await this.#exchange.ask<ExecutionReply>(
      address.execution(execution),
      { kind: 'inspect' },
      askMs,
    );
    if (reply.kind === 'inspected') return reply.inspection;
    throw new RefusedError(`${execution} could not be inspected: ${reply.kind}.`);
  }

  async release(execution: ExecutionId): Promise<string> {
    const found = await this.#tables.registers.get(execution);
    if (found === null) throw this.#noExecution(execution);
    const { standing } = found.row;
    if (standing.phase !== 'quarantined') throw new RefusedError(`${execution} is not quarantined.`);
    const swap = await this.#tables.registers.cas(execution, found.revision, released(found.row));
    if (swap.kind === 'done') return standing.reason;
    throw new RefusedError(`${execution} was changed meanwhile. Look with \`godwit ps\`, and ask again.`);
  }

  async drain(host: HostName, deadlineMs: number): Promise<Extract<HostReply, { kind: 'drained' }>> {
    this.#mustBeUp(host);
    const reply = await this.#exchange.ask<HostReply>(
      address.host(host),
      { kind: 'drain', deadlineMs },
      deadlineMs + askMs,
    );
    if (reply.kind === 'drained') return reply;
    throw new RefusedError(
      `${host} was not drained: ${reply.kind === 'refused' ? reply.reason : reply.kind}.`,
    );
  }

  follow(listener: (event: ClusterEvent) => void, options: { readonly logs: boolean }): () => void {
    this.#listeners.add(listener);
    this.#follows = { any: true, logs: this.#follows.logs || options.logs };
    this.#followHosts();
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#directory.stop();
    await this.#wire.stop();
    await this.#store.close();
  }

  #event(message: ClientMessage): boolean {
    if (message.kind !== 'event') return false;
    for (const listener of this.#listeners) listener(message.event);
    return true;
  }

  #peerDown(peer: IncarnationId, why: string): void {
    this.#followed.delete(peer);
    this.#exchange.peerDown(peer, why);
    this.#followHosts();
  }

  #followHosts(): void {
    if (!this.#follows.any) return;
    for (const host of this.#directory.hosts()) {
      if (this.#followed.has(host.incarnation)) continue;
      this.#followed.set(host.incarnation, true);
      const subscriber = actorAddress(`client/${this.#self}`);
      const message = { kind: 'follow', subscriber, logs: this.#follows.logs };
      this.#exchange.tellIncarnation(host.incarnation, address.host(host.name), message);
    }
  }

  async #tryAsk<Reply>(to: ReturnType<typeof address.host>, message: AnyMessage): Promise<Reply | null> {
    try {
      return await this.#exchange.ask<Reply>(to, message, askMs);
    } catch {
      return null; // It does not answer: whoever lists hosts sees that it is missing.
    }
  }

  #mustBeUp(host: string): HostName {
    const up = this.#directory.hosts().map(({ name }) => name);
    const found = up.find((name) => name === host);
    if (found !== undefined) return found;
    const known = up.length === 0 ? 'None is up: start them with `godwit up`.' : `Up are: ${up.join(', ')}.`;
    throw new NotFoundError(`There is no host '${host}'. ${known}`);
  }

  async #mustRun(execution: ExecutionId): Promise<void> {
    const found = await this.#tables.registers.get(execution);
    if (found === null) throw this.#noExecution(execution);
    const refusal = notLive(execution, found.row.standing);
    if (refusal !== null) throw refusal;
  }

  #noExecution(execution: ExecutionId): NotFoundError {
    const running = [...this.#directory.registers()]
      .filter(({ standing }) => standing.phase === 'live')
      .map((row) => row.execution);
    const shown = running.slice(0, namedMax).join(', ') + (running.length > namedMax ? ', …' : '');
    return new NotFoundError(
      `There is no execution '${execution}'. ` +
        (running.length === 0 ? 'None runs.' : `These run: ${shown}.`),
    );
  }

  /** @throws {RefusedError} when no host may run it */
  async #startingHosts(method: PackagedMethod, affinity: AffinityDeclaration): Promise<readonly HostName[]> {
    const hosts = (await this.hosts()).filter((host) => host.phase === 'serving');
    if (hosts.length === 0) throw new NoClusterError(this.location, 'no host is up');
    // What was started a moment ago counts where it matters who is where; a hint is enough elsewhere.
    const isAskedFor = affinity.apart.length + affinity.near.length > 0;
    const rows = isAskedFor
      ? (await this.#tables.registers.list()).map(({ row }) => row)
      : this.#directory.registers();
    const found = startingHosts(method, affinity, hosts, rows, this.#directory);
    if (found.kind === 'found') return found.hosts;
    throw new RefusedError(`No host may run ${method.id}: ${found.why}.`);
  }

  async #settled(execution: ExecutionId): Promise<ResultPointer> {
    const found = await this.#tables.registers.get(execution);
    if (found === null) throw this.#noExecution(execution);
    if (found.row.standing.phase === 'settled') return found.row.standing.result;
    return new Promise((resolved) => {
      const stop = this.#directory.onChange(() => {
        const row = this.#directory.register(execution)?.row;
        if (row?.standing.phase !== 'settled') return;
        stop();
        resolved(row.standing.result);
      });
      // It may have settled between the read and the subscription.
      const row = this.#directory.register(execution)?.row;
      if (row?.standing.phase === 'settled') {
        stop();
        resolved(row.standing.result);
      }
    });
  }
}
