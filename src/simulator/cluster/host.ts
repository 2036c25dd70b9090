import { address } from '../../actors/addresses.ts';
import { decisionLog } from '../../actors/decisions.ts';
import { Directory } from '../../actors/directory.ts';
import { EventLog } from '../../actors/event-log.ts';
import { AddressExchange } from '../../actors/exchange.ts';
import { ExecutionLogs } from '../../actors/execution-logs.ts';
import { awaitEarlierStart } from '../../actors/host-name.ts';
import type { HouseParts } from '../../actors/house.ts';
import { hostBudget, houseChildren, leaseTiming, routeReport, supervision } from '../../actors/house.ts';
import type { AnyRef, KernelEvent } from '../../actors/kernel/contract.ts';
import { LaneBoard } from '../../actors/lane-board.ts';
import type { LeaseListener } from '../../actors/lease.ts';
import { LeaseCell } from '../../actors/lease-cell.ts';
import { Admissions } from '../../actors/migration/admissions.ts';
import { Permits } from '../../actors/migration/permits.ts';
import { Obligations } from '../../actors/obligations.ts';
import { OwnershipBook } from '../../actors/ownership-book.ts';
import type { AnyMessage } from '../../actors/ports.ts';
import { warden } from '../../actors/warden.ts';
import type { HostConfig } from '../../config.ts';
import { messageOf } from '../../core/errors.ts';
import type { HostIdentity } from '../../core/execution.ts';
import type { ResourceSample } from '../../core/host-sample.ts';
import type { ActorAddress, ExecutionId, IncarnationId, LaneIndex } from '../../core/ids.ts';
import { hostName, incarnationId, rackName } from '../../core/ids.ts';
import type { Digest } from '../../core/ports.ts';
import type { Lane, LaneListener } from '../../lanes/contract.ts';
import type { EventDetail, HostAvailability, HostUsage } from '../../protocols/messages.ts';
import { startTree } from '../../supervisors/tree.ts';
import type { Envelope, Links } from '../../wire/contract.ts';
import type { SimulatedClock } from '../clock.ts';
import { SimulatedKernel } from '../kernel.ts';
import type { SeededRandom } from '../random.ts';
import type { Machine } from './machine.ts';
import type { NetworkEnd, SimulatedNetwork } from './network.ts';
import type { ProbeNetwork } from './probes.ts';
import type { SimulatedStore, StoreObserver } from './store.ts';
import { StoreSession } from './store.ts';

/** What a simulated host cannot bring along itself: what touches the machine, and what a test wants to be different. */
export interface HostDrivers extends Pick<HouseParts, 'openAnalyst' | 'openHistory' | 'packages'> {
  readonly digest: Digest;
  /** @param executions how many stand on its lanes */
  readonly sample: (executions: number) => ResourceSample;
  readonly startLane: (host: SimulatedHost, index: LaneIndex, listener: LaneListener) => Lane;
}

/** The world around a host. */
export interface HostSurroundings {
  readonly clock: SimulatedClock;
  readonly store: SimulatedStore;
  readonly network: SimulatedNetwork;
  readonly probes: ProbeNetwork;
  readonly drivers: HostDrivers;
  readonly storeObserver: StoreObserver | null;
  /** What the host tells whoever follows it; called in order. */
  readonly onEvent: (host: SimulatedHost, event: EventDetail) => void;
  readonly onCrash: (host: SimulatedHost, actor: string, error: unknown) => void;
  /** Its process has ended by itself. */
  readonly onExit: (host: SimulatedHost, why: string) => void;
}

/** Between the end of a lease, or of the top supervisor, and the exit of the process. */
const exitMs = 20;
const eventsMax = 1_000;
const logLinesMax = 10;

/** One start of one host: the actors of a real one on a kernel of its own, with simulated drivers. */
export class SimulatedHost implements NetworkEnd {
  readonly config: HostConfig;
  readonly identity: HostIdentity;
  readonly machine: Machine;
  readonly kernel: SimulatedKernel;
  readonly session: StoreSession;
  readonly exchange: AddressExchange;
  readonly parts: HouseParts;
  readonly lanes: Lane[] = [];
  readonly events: EventDetail[] = [];
  readonly usages: HostUsage[] = [];
  readonly silenceMaxMs: number;
  root: AnyRef | null = null;
  alive = true;
  /** Whether it takes executions. */
  open = true;
  leaseEnded = false;
  availability: HostAvailability | null = null;
  readonly #around: HostSurroundings;
  readonly #leaseCell: LeaseCell;
  readonly #links: Links;

  constructor(around: HostSurroundings, config: HostConfig, machine: Machine, random: SeededRandom) {
    this.#around = around;
    this.config = config;
    this.machine = machine;
    this.silenceMaxMs = config.lease.termMs - config.lease.marginMs;
    this.identity = {
      name: hostName(config.name),
      incarnation: incarnationId(`${config.name}.${random.hex(4)}`),
      rack: rackName(config.rack),
      address: `${config.name}:1`,
    };
    const onEvent = (event: KernelEvent): void => {
      if (event.kind === 'crashed') around.onCrash(this, event.actor.path, event.error);
    };
    this.kernel = new SimulatedKernel({ clock: machine.mainClock, random: random.fork(), onEvent });
    this.session = new StoreSession(around.store, machine, config.name, around.storeObserver);
    const directory = new Directory();
    this.exchange = new AddressExchange({
      self: this.identity.incarnation,
      clock: machine.mainClock,
      random,
      directory,
      tables: this.session.tables,
      links: () => this.#links,
      lookup: (to) => this.kernel.lookup(to),
      askLocal: (actor, message, timeoutMs) => this.kernel.ask(actor, message, timeoutMs),
      onUnclaimed: () => false,
    });
    this.#links = around.network.links(this, () => around.probes.ping);
    this.#leaseCell = new LeaseCell(this.identity, leaseTiming(config), machine.mainClock);
    this.parts = this.#furnish(directory, random);
    around.network.join(this);
  }

  readonly mayOpen = (): boolean => this.#leaseCell.isValid();

  readonly receive = (from: IncarnationId, envelope: Envelope): void => this.exchange.receive(from, envelope);

  readonly peerDown = (peer: IncarnationId, why: string): void => {
    this.exchange.peerDown(peer, why);
    this.parts.log.forget(peer);
  };

  /** Raises the house; an earlier start of the same name is waited for until its lease is over. */
  start(): void {
    const { parts, machine, config } = this;
    const timing = leaseTiming(config);
    awaitEarlierStart(this.identity.name, parts.tables.leases, timing, machine.mainClock).then(
      () => {
        if (this.alive) this.raise();
      },
      (error: unknown) => this.#exit(`it could not start: ${messageOf(error)}`),
    );
  }

  raise(): void {
    const { parts, kernel } = this;
    parts.directory.start(parts.tables);
    const options = supervision(parts, 'one_for_one', hostBudget);
    this.root = startTree(kernel, 'host', options, houseChildren(parts));
    kernel.spawn(
      'warden',
      warden(this.root, (reason) => this.#exit(`its top supervisor gave up: ${reason}`)),
    );
  }

  /** The process is gone, with all that was in its memory. */
  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const lane of this.lanes) void lane.stop();
    this.parts.directory.stop();
    this.session.end();
    this.machine.end();
    this.#around.network.leave(this);
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

  #exit(why: string): void {
    if (!this.alive) return;
    this.machine.mainClock.after(exitMs, () => {
      if (!this.alive) return;
      this.kill();
      this.#around.onExit(this, why);
    });
  }

  #leaseListener(log: EventLog): LeaseListener {
    return {
      onHeld: () => undefined,
      onFrozen: () => log.emit({ kind: 'hostFrozen' }),
      onThawed: () => log.emit({ kind: 'hostThawed' }),
      onEnded: (reason) => {
        this.leaseEnded = true;
        this.tellRole('ownership', { kind: 'ownLeaseEnded' });
        this.#exit(`its lease has ended: ${reason}`);
      },
      onPeerEnded: (incarnation, wasLive) => {
        if (wasLive) log.emit({ kind: 'leaseEnded', of: incarnation });
        this.#links.disconnect(incarnation);
        this.tellRole('migrations', { kind: 'leaseEnded', incarnation });
        this.tellRole('ownership', { kind: 'peerEnded', incarnation });
      },
    };
  }

  #furnish(directory: Directory, random: SeededRandom): HouseParts {
    const { identity, kernel, exchange, session, config, machine } = this;
    const { drivers, network, probes } = this.#around;
    const clock = machine.mainClock;
    const log = new EventLog(identity, clock, eventsMax, () => undefined);
    const emit = log.emit.bind(log);
    log.emit = (detail) => {
      this.events.push(detail);
      this.#around.onEvent(this, detail);
      emit(detail);
    };
    const obligations = new Obligations();
    const board: LaneBoard = new LaneBoard(
      config.lanes,
      routeReport((to, message) => this.tell(to, message), identity.name, obligations),
      () => clock.wallMs(),
    );
    const book = new OwnershipBook();
    const { tables, vault } = session;
    return {
      ...this.#standing(directory, random),
      ...drivers,
      alongMaxBytes: this.#around.store.options.alongMaxBytes,
      identity,
      clock,
      random,
      tables,
      vault,
      gate: this.#leaseCell,
      exchange,
      freighter: network.freighter(this),
      events: log,
      barrier: { stopsAt: () => false, stop: () => undefined },
      kernel,
      config,
      directory,
      board,
      obligations,
      book,
      cells: new Map(),
      leaseCell: this.#leaseCell,
      leaseListener: this.#leaseListener(log),
      admissions: this.#admissions(board),
      permits: new Permits(config.affinity, book, clock),
      decisions: decisionLog({ vault, clock, random }, () => undefined),
      log,
      logs: new ExecutionLogs(logLinesMax),
      startLane: (index, listener) => this.#startLane(index, listener),
      links: this.#links,
      probes: probes.open(
        identity.incarnation,
        identity.address,
        () => this.alive && machine.main.isOpen,
        clock,
      ),
      answerTimes: exchange.answerTimes,
      sample: () => drivers.sample(board.executions),
    };
  }

  #admissions(board: LaneBoard): Admissions {
    const { config, machine } = this;
    return new Admissions(
      { ...config.migrations, ...config.capacity, snapshotMaxBytes: config.snapshots.sizeMaxBytes },
      {
        executions: () => board.executions,
        freeBytes: () => 1e9,
        closed: () => (this.open ? null : 'it is draining'),
        holds: (execution) => this.phase(execution) !== 'absent',
        expect: (installed) => board.expect(installed),
      },
      this.#around.drivers.packages,
      machine.mainClock,
    );
  }

  /** What a host shows of itself. */
  #standing(
    directory: Directory,
    random: SeededRandom,
  ): Pick<
    HouseParts,
    | 'random'
    | 'executionCost'
    | 'describe'
    | 'refuges'
    | 'isOpen'
    | 'closeDoors'
    | 'doneDraining'
    | 'stop'
    | 'usageOf'
    | 'publishUsage'
    | 'memoryLimitBytes'
    | 'onOffer'
    | 'publish'
  > {
    return {
      random,
      executionCost: () => 0,
      describe: () => {
        throw new Error('A simulated host is described by its world.');
      },
      refuges: () =>
        directory
          .hosts()
          .map((host) => host.name)
          .filter((name) => name !== this.identity.name),
      isOpen: () => this.open,
      closeDoors: () => {
        this.open = false;
      },
      doneDraining: () => undefined,
      stop: () => this.tellRole('lease', { kind: 'end' }),
      usageOf: () => null,
      publishUsage: (usage) => this.usages.push(usage),
      memoryLimitBytes: () => 1e9,
      onOffer: () => undefined,
      publish: (availability) => {
        this.availability = availability;
      },
    };
  }

  #startLane(index: LaneIndex, listener: LaneListener): Lane {
    const lane = this.#around.drivers.startLane(this, index, {
      onEvent: (event) => {
        if (this.alive) listener.onEvent(event);
      },
      onExit: (error) => {
        if (this.alive) listener.onExit(error);
      },
    });
    this.lanes.push(lane);
    return lane;
  }
}
