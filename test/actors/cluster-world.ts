import { address } from '../../src/actors/addresses.ts';
import { decisionLog } from '../../src/actors/decisions.ts';
import { Directory } from '../../src/actors/directory.ts';
import { EventLog } from '../../src/actors/event-log.ts';
import { AddressExchange } from '../../src/actors/exchange.ts';
import { ExecutionLogs } from '../../src/actors/execution-logs.ts';
import type { HouseParts } from '../../src/actors/house.ts';
import { houseChildren, leaseTiming, routeReport, supervision } from '../../src/actors/house.ts';
import type { AnyRef, KernelEvent } from '../../src/actors/kernel/contract.ts';
import { LaneBoard } from '../../src/actors/lane-board.ts';
import { LeaseCell } from '../../src/actors/lease-cell.ts';
import { Admissions } from '../../src/actors/migration/admissions.ts';
import { Permits } from '../../src/actors/migration/permits.ts';
import { Obligations } from '../../src/actors/obligations.ts';
import { OwnershipBook } from '../../src/actors/ownership-book.ts';
import type { AnyMessage, Freight } from '../../src/actors/ports.ts';
import { configure } from '../../src/config.ts';
import type { HostConfig } from '../../src/config.ts';
import type { HostIdentity } from '../../src/core/execution.ts';
import type { ActorAddress, ExecutionId, IncarnationId } from '../../src/core/ids.ts';
import { executionId, hostName, incarnationId, methodId, packageHash, rackName } from '../../src/core/ids.ts';
import { SystemDigest } from '../../src/digest.ts';
import type {
  AffinityDeclaration,
  ClusterEvent,
  EventDetail,
  ExecutionReply,
  HostAvailability,
  HostReply,
  HostUsage,
} from '../../src/protocols/messages.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { ProbeNetwork } from '../../src/simulator/cluster/probes.ts';
import { SimulatedKernel } from '../../src/simulator/kernel.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import { startTree } from '../../src/supervisors/tree.ts';
import type { Envelope, Links, SendOutcome } from '../../src/wire/contract.ts';
import { anywhere } from '../../src/placement/original-affinity.ts';
import { vaultHistory } from '../../src/store/history.ts';
import { inlineAnalyst } from './inline-analyst.ts';
import { MemoryStore } from './memory-store.ts';
import { resourceSample } from '../../src/simulator/cluster/resource-sample.ts';
import type { Act, Script } from './scripted-lane.ts';
import { argsOf, ScriptedLane } from './scripted-lane.ts';
import { SkewedClock } from './skewed-clock.ts';

export { anywhere };
const networkMs = 0.3;
const method = { package: packageHash('p'.repeat(64)), method: methodId('count.ts#count') };

export interface HostOptions {
  readonly rack?: string;
  readonly settings?: Record<string, unknown>;
}

/** One simulated host: the actors of a real one on a kernel of its own. */
export class SimulatedHost {
  readonly world: ClusterWorld;
  readonly identity: HostIdentity;
  readonly clock: SkewedClock;
  readonly kernel: SimulatedKernel;
  readonly parts: HouseParts;
  readonly exchange: AddressExchange;
  readonly lanes: ScriptedLane[] = [];
  readonly events: EventDetail[] = [];
  readonly usages: HostUsage[] = [];
  readonly crashes: string[] = [];
  root: AnyRef | null = null;
  alive = true;
  open = true;
  leaseEnded = false;
  #reported: HostAvailability | null = null;

  constructor(world: ClusterWorld, name: string, { rack = 'r1', settings = {} }: HostOptions) {
    this.world = world;
    const config = configure({ name, rack, lanes: 1, cpuShare: 1, ...settings });
    const random = world.random.fork();
    this.identity = {
      name: hostName(name),
      incarnation: incarnationId(`${name}.${random.hex(4)}`),
      rack: rackName(rack),
      address: `${name}:1`,
    };
    const onEvent = (event: KernelEvent): void => {
      if (event.kind === 'crashed') this.crashes.push(`${event.actor.path}: ${String(event.error)}`);
    };
    this.clock = new SkewedClock(world.clock);
    this.kernel = new SimulatedKernel({ clock: world.clock, random: random.fork(), onEvent });
    const directory = new Directory();
    this.exchange = new AddressExchange({
      self: this.identity.incarnation,
      clock: this.clock,
      random,
      directory,
      tables: world.store.tables,
      links: () => world.links(this),
      lookup: (to) => this.kernel.lookup(to),
      askLocal: (actor, message, timeoutMs) => this.kernel.ask(actor, message, timeoutMs),
      onUnclaimed: () => false,
    });
    this.parts = this.#furnish(config, directory, random);
    directory.start(world.store.tables);
  }

  #furnish(config: HostConfig, directory: Directory, random: SeededRandom): HouseParts {
    const { world, identity, kernel, exchange, clock } = this;
    const { store } = world;
    const leaseCell = new LeaseCell(identity, leaseTiming(config), clock);
    const log = new EventLog(identity, clock, 10_000, () => undefined);
    const emit = log.emit.bind(log);
    log.emit = (detail) => {
      this.events.push(detail);
      emit(detail);
    };
    const obligations = new Obligations();
    const board: LaneBoard = new LaneBoard(
      config.lanes,
      routeReport((to, message) => this.tell(to, message), identity.name, obligations),
      () => clock.wallMs(),
    );
    const packages = {
      ensure: async () => ({ hash: method.package, folder: '/nowhere' }),
      refusal: () => null,
      affinityOf: async () => null,
    };
    const closed = (): string | null => (this.open ? null : 'it is draining');
    const holds = (execution: ExecutionId): boolean => this.phase(execution) !== 'absent';
    const admissions = new Admissions(
      { ...config.migrations, ...config.capacity, snapshotMaxBytes: config.snapshots.sizeMaxBytes },
      { executions: () => board.executions, freeBytes: () => 1e9, closed, holds },
      packages,
      clock,
    );
    const book = new OwnershipBook();
    const parts: HouseParts = {
      identity,
      clock,
      random,
      digest: new SystemDigest(),
      tables: store.tables,
      vault: store.vault,
      gate: leaseCell,
      exchange,
      packages,
      freighter: world.freighter,
      events: log,
      barrier: { stopsAt: () => false, stop: () => undefined },
      kernel,
      config,
      directory,
      board,
      obligations,
      book,
      cells: new Map(),
      leaseCell,
      leaseListener: {
        onHeld: () => undefined,
        onFrozen: () => log.emit({ kind: 'hostFrozen' }),
        onThawed: () => log.emit({ kind: 'hostThawed' }),
        onEnded: () => {
          this.leaseEnded = true;
          this.tellRole('ownership', { kind: 'ownLeaseEnded' });
        },
        onPeerEnded: (incarnation) => {
          log.emit({ kind: 'leaseEnded', of: incarnation });
          this.tellRole('migrations', { kind: 'leaseEnded', incarnation });
          this.tellRole('ownership', { kind: 'peerEnded', incarnation });
        },
      },
      admissions,
      permits: new Permits(config.affinity, book, clock),
      alongMaxBytes: store.alongMaxBytes,
      openAnalyst: inlineAnalyst,
      openHistory: (term) => vaultHistory(store.vault, { term }),
      decisions: decisionLog({ vault: store.vault, clock, random }, () => undefined),
      log,
      logs: new ExecutionLogs(10),
      startLane: (index, listener) => {
        const guarded = {
          onEvent: (event: Parameters<typeof listener.onEvent>[0]) => {
            if (this.alive) listener.onEvent(event);
          },
          onExit: (error: Error) => listener.onExit(error),
        };
        const lane = new ScriptedLane(index, world.clock, guarded, (act) => world.act(this, act));
        this.lanes.push(lane);
        return lane;
      },
      executionCost: () => 0,
      describe: () => {
        throw new Error('nobody asks');
      },
      refuges: () =>
        directory
          .hosts()
          .map((host) => host.name)
          .filter((name) => name !== identity.name),
      isOpen: () => this.open,
      closeDoors: () => {
        this.open = false;
      },
      doneDraining: () => undefined,
      stop: () => undefined,
      links: world.links(this),
      probes: world.probes.open(identity.incarnation, identity.address, () => this.alive),
      answerTimes: exchange.answerTimes,
      sample: () => resourceSample(Math.min(1, board.executions)),
      usageOf: () => null,
      publishUsage: (usage) => this.usages.push(usage),
      memoryLimitBytes: () => 1e9,
      onOffer: () => undefined,
      publish: (report) => {
        this.#reported = report;
      },
    };
    return parts;
  }

  start(): void {
    const { parts, kernel } = this;
    this.root = startTree(kernel, 'host', supervision(parts, 'one_for_one'), houseChildren(parts));
  }

  get report(): HostAvailability | null {
    return this.#reported;
  }

  /** The lane that was started last. */
  get lane(): ScriptedLane {
    const lane = this.lanes.at(-1);
    if (lane === undefined) throw new Error(`${this.identity.name} has no lane`);
    return lane;
  }

  tell(to: ActorAddress, message: AnyMessage): boolean {
    return this.kernel.lookup(to)?.tell(message) ?? false;
  }

  tellRole(role: Parameters<typeof address.role>[1], message: AnyMessage): void {
    this.tell(address.role(this.identity.name, role), message);
  }

  /** Kills one actor where it stands; its supervisor starts it again. */
  crash(at: ActorAddress): boolean {
    const actor = this.kernel.lookup(at);
    if (actor === null) return false;
    this.kernel.kill(actor as AnyRef);
    return true;
  }

  crashRole(role: Parameters<typeof address.role>[1]): boolean {
    return this.crash(address.role(this.identity.name, role));
  }

  phase(execution: ExecutionId): string {
    return this.parts.book.get(execution)?.state.phase ?? 'absent';
  }

  kinds(kind: EventDetail['kind']): EventDetail[] {
    return this.events.filter((event) => event.kind === kind);
  }
}

/** Several simulated hosts on one store and one network, under one clock and one seed. */
export class ClusterWorld {
  readonly clock = new SimulatedClock(1_000);
  readonly random: SeededRandom;
  readonly store: MemoryStore;
  readonly hosts: SimulatedHost[] = [];
  readonly probes = new ProbeNetwork(this.clock);
  /** All acts, by whom: the witness. */
  readonly acts: (Act & { readonly host: IncarnationId })[] = [];
  /** Messages between hosts, as they arrive: `h1>h2 transfer`. */
  readonly passages: string[] = [];
  /** Messages between hosts that are lost. */
  loses: (from: SimulatedHost, to: SimulatedHost, envelope: Envelope) => boolean = () => false;
  #executions = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.store = new MemoryStore(this.clock, this.random.fork());
  }

  async host(name: string, options: HostOptions = {}): Promise<SimulatedHost> {
    const host = new SimulatedHost(this, name, options);
    this.hosts.push(host);
    host.start();
    await this.advance(50);
    return host;
  }

  /** The process is gone, with all that was in its memory. */
  kill(host: SimulatedHost): void {
    host.alive = false;
    for (const lane of host.lanes) void lane.stop();
    host.parts.directory.stop();
  }

  act(host: SimulatedHost, act: Act): void {
    if (host.alive) this.acts.push({ ...act, host: host.identity.incarnation });
  }

  actsOf(execution: ExecutionId): readonly (Act & { readonly host: IncarnationId })[] {
    return this.acts.filter(({ tenure }) => tenure.execution === execution);
  }

  links(from: SimulatedHost): Links {
    const find = (incarnation: IncarnationId): SimulatedHost | undefined =>
      this.hosts.find(({ identity }) => identity.incarnation === incarnation);
    return {
      self: from.identity.incarnation,
      connect: () => undefined,
      send: (to, envelope): SendOutcome => {
        const host = find(to);
        if (host === undefined) return 'unknownPeer';
        const copy = structuredClone(envelope);
        this.clock.after(networkMs, () => {
          if (!host.alive || !from.alive || this.loses(from, host, copy)) return;
          this.passages.push(`${from.identity.name}>${host.identity.name} ${summary(copy)}`);
          host.exchange.receive(from.identity.incarnation, copy);
        });
        return 'queued';
      },
      disconnect: () => undefined,
      roundTrip: () => this.probes.ping,
      status: () => [],
    };
  }

  get freighter(): HouseParts['freighter'] {
    return {
      load: (_to, bytes, digest): Freight => ({
        digest,
        cargo: { kind: 'inline', bytes: bytes.slice(), digest },
      }),
      unload: (_from, { cargo }) =>
        cargo.kind === 'inline'
          ? new Promise((resolve) => this.clock.after(networkMs, () => resolve(cargo.bytes.slice())))
          : Promise.reject(new Error('everything is inline here')),
      withdraw: () => undefined,
    };
  }

  /** Delivers until nothing waits on any living host. Time stands still. */
  async idle(): Promise<void> {
    let stepped = true;
    while (stepped) {
      stepped = this.#stepAll();
      // Microtasks are all done once the event loop has come round.
      await new Promise(setImmediate);
      stepped = this.#stepAll() || stepped;
    }
  }

  #stepAll(): boolean {
    let stepped = false;
    for (const { kernel, alive } of this.hosts) while (alive && kernel.step()) stepped = true;
    return stepped;
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    await this.idle();
    while (this.clock.fireNext(endMs)) await this.idle();
  }

  /** Lets time pass until something holds. */
  async until(holds: () => boolean, maxMs: number): Promise<boolean> {
    const endMs = this.clock.monotonicMs() + maxMs;
    await this.idle();
    while (!holds() && this.clock.fireNext(endMs)) await this.idle();
    return holds();
  }

  async settle<Value>(promise: Promise<Value>, maxMs: number): Promise<Value> {
    let done = false;
    const finished = (): void => {
      done = true;
    };
    promise.then(finished, finished);
    await this.until(() => done, maxMs);
    if (!done) throw new Error(`nothing came of it within ${maxMs} simulated ms`);
    return promise;
  }

  /** Starts an execution of a script at a host, and waits until it runs. */
  async begin(
    host: SimulatedHost,
    script: Partial<Script> = {},
    affinity: AffinityDeclaration = anywhere,
  ): Promise<ExecutionId> {
    this.#executions += 1;
    const execution = executionId(`x-${this.#executions}`);
    const args = argsOf({ until: null, busy: true, bytes: 100, peers: [], ...script });
    const order = { kind: 'startExecution', execution, method, args, affinity, durable: false } as const;
    const asked = host.exchange.ask<HostReply>(address.host(host.identity.name), order, 5_000);
    const reply = await this.settle(asked, 6_000);
    if (reply.kind !== 'started') throw new Error(JSON.stringify(reply));
    return execution;
  }

  move(via: SimulatedHost, execution: ExecutionId, to: SimulatedHost): Promise<ExecutionReply> {
    const reason = { by: 'operator', term: null, text: 'a test', scores: {}, decision: '' } as const;
    const order = { kind: 'migrate', target: to.identity.name, reason } as const;
    return via.exchange.ask<ExecutionReply>(address.execution(execution), order, 20_000);
  }

  /** Who may run it now. */
  runners(execution: ExecutionId): readonly string[] {
    return this.hosts
      .filter((host) => host.alive && !host.leaseEnded)
      .filter((host) => {
        const resident = host.lane.residents.get(execution);
        return resident !== undefined && !resident.frozen && !resident.settled;
      })
      .map((host) => host.identity.name);
  }

  eventsOf(kind: EventDetail['kind']): readonly EventDetail[] {
    return this.hosts.flatMap((host) => host.kinds(kind));
  }
}

function summary({ message }: Envelope): string {
  const inner = (message as { readonly message?: { readonly kind?: string } }).message;
  return message.kind === 'passage' ? (inner?.kind ?? '') : message.kind;
}

export type { ClusterEvent };

export { faultsOf } from './act-faults.ts';
