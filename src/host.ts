import { join } from 'node:path';
import { address } from './actors/addresses.ts';
import { Directory } from './actors/directory.ts';
import { awaitEarlierStart } from './actors/host-name.ts';
import { EventLog } from './actors/event-log.ts';
import { AddressExchange } from './actors/exchange.ts';
import { ExecutionLogs } from './actors/execution-logs.ts';
import type { HouseParts } from './actors/house.ts';
import { hostBudget, houseChildren, leaseTiming, routeReport, supervision } from './actors/house.ts';
import type { Kernel } from './actors/kernel.ts';
import { createKernel } from './actors/kernel.ts';
import { LaneBoard } from './actors/lane-board.ts';
import type { LeaseListener } from './actors/lease.ts';
import { LeaseCell } from './actors/lease-cell.ts';
import { Admissions } from './actors/migration/admissions.ts';
import { Obligations } from './actors/obligations.ts';
import { OwnershipBook } from './actors/ownership-book.ts';
import type { AnyMessage, Tables } from './actors/ports.ts';
import { warden } from './actors/warden.ts';
import { SystemClock } from './clock.ts';
import type { HostConfig } from './config.ts';
import { deferred } from './core/deferred.ts';
import { GodwitError, messageOf } from './core/errors.ts';
import type { HostIdentity } from './core/execution.ts';
import type { ActorAddress, HostName, IncarnationId } from './core/ids.ts';
import { hostName, incarnationId, rackName } from './core/ids.ts';
import { SystemDigest } from './digest.ts';
import type { HoldPoint } from './host-adapters.ts';
import { barrier, freighter, linksListener, listen, deciding, vaultBytes } from './host-adapters.ts';
import { stopGraceMs, stopInOrder } from './host-stop.ts';
import type { Standing } from './host-standing.ts';
import {
  beginStanding,
  closedBecause,
  freeBytes,
  phaseOf,
  standingParts,
  unsampled,
} from './host-standing.ts';
import { laneDefaults } from './lanes/contract.ts';
import { startThreadedLane } from './lanes/threaded.ts';
import { executionCost } from './placement/execution-cost.ts';
import type { LeaseEnd } from './protocols/lease/holder.ts';
import type { HostDescription } from './protocols/messages.ts';
import { SystemRandom } from './random.ts';
import type { Store } from './store/contract.ts';
import { joinCluster } from './store/membership.ts';
import { storeOptions } from './store/options.ts';
import { packageStore } from './store/packages.ts';
import type { StoreLocation } from './store/state-folder.ts';
import { openTables } from './store/tables.ts';
import { startTree } from './supervisors/tree.ts';
import type { HostLog } from './telemetry/log.ts';
import { openHostLog } from './telemetry/log.ts';
import { ResourceSampler } from './telemetry/resources.ts';
import type { Reached, Wire } from './wire/contract.ts';
import { openWire } from './wire/open.ts';
import { wireDefaults } from './wire/settings.ts';

/** Why a host ended. */
export type HostEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'leaseEnded'; readonly reason: LeaseEnd }
  /** An actor failed more often than its restart budget allows. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface HostOptions {
  readonly config: HostConfig;
  readonly location: StoreLocation;
  /** Where this host stops, for tests that strike it there; null for nowhere. */
  readonly holdAt: HoldPoint | null;
}

/** One start of one host. */
export interface Host {
  readonly identity: HostIdentity;
  /** `host:port`; others reach it there too, unless it advertises another address. */
  readonly bound: string;
  /** Resolves when this incarnation has ended, for whatever reason, and everything it held is freed. */
  readonly ended: Promise<HostEnd>;
  describe(): HostDescription;
  /** Takes a last checkpoint of everything, gives the lease up, and ends; other hosts recover what was here. */
  stop(): Promise<HostEnd>;
}

const eventsMax = 10_000;
const logLinesMax = 100;

/** What every part of a host rests on: the drivers, the actor kernel, and messages by address. */
interface Foundation {
  readonly options: HostOptions;
  readonly clock: SystemClock;
  readonly random: SystemRandom;
  readonly digest: SystemDigest;
  readonly store: Store;
  readonly tables: Tables;
  readonly directory: Directory;
  readonly kernel: Kernel;
  readonly wire: Wire;
  readonly exchange: AddressExchange;
  readonly identity: HostIdentity;
  readonly reached: Reached;
  readonly leaseCell: LeaseCell;
  readonly log: EventLog;
  /** For the host's operators. */
  readonly journal: HostLog;
}

/**
 * Starts a host: opens the store, waits until an earlier start of the same name is surely over, listens, takes a lease,
 * and starts its actors.
 *
 * @throws {HostNameTakenError} another live host has this name
 * @throws errors of the store, the wire and the configuration, each of which says what to do
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const { store, secret } = await joinCluster(options.location, storeOptions({ clock, random }));
  try {
    const foundation = await lay(options, store, secret, clock, random);
    return await raise(foundation);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function lay(
  options: HostOptions,
  store: Store,
  secret: Uint8Array,
  clock: SystemClock,
  random: SystemRandom,
): Promise<Foundation> {
  const { config } = options;
  const journal = openHostLog(config.log, { host: config.name });
  if (store.caution !== null) journal.warn({}, `store ${store.url}: ${store.caution}`);
  const tables = openTables(store.registry, (error) => journal.error({}, messageOf(error)));
  await awaitEarlierStart(hostName(config.name), tables.leases, leaseTiming(config), clock);
  const directory = new Directory();
  const kernel = createKernel({ clock });
  const incarnation = incarnationId(`${config.name}.${random.hex(8)}`);
  // The address is known once the wire listens, and the wire needs what comes after it.
  const late: { cell: LeaseCell | null; log: EventLog | null } = { cell: null, log: null };
  const exchange: AddressExchange = new AddressExchange({
    self: incarnation,
    clock,
    random,
    directory,
    tables,
    links: () => wire.links,
    lookup: (to) => kernel.lookup(to),
    askLocal: (actor, message, timeoutMs) => kernel.ask(actor, message, timeoutMs),
    onUnclaimed: () => false,
  });
  const wire: Wire = openWire({
    self: incarnation,
    secret,
    clock,
    random,
    mayOpen: () => late.cell?.isValid() ?? false,
    settings: { ...wireDefaults, silenceMaxMs: config.lease.termMs - config.lease.marginMs },
    listener: linksListener(exchange, () => late.log, journal),
  });
  const reached = await listen(wire, config);
  const identity: HostIdentity = {
    name: hostName(config.name),
    incarnation,
    rack: rackName(config.rack),
    address: reached.address,
  };
  late.cell = new LeaseCell(identity, leaseTiming(config), clock);
  late.log = new EventLog(identity, clock, eventsMax, (follower, event) => {
    exchange.tellIncarnation(follower.incarnation, follower.address, { kind: 'event', event });
  });
  return {
    options,
    clock,
    random,
    digest: new SystemDigest(),
    store,
    tables,
    directory,
    kernel,
    wire,
    exchange,
    identity,
    reached,
    leaseCell: late.cell,
    log: late.log,
    journal,
  };
}

async function raise(foundation: Foundation): Promise<Host> {
  const { kernel, identity, log, clock, directory, tables } = foundation;
  directory.start(tables);
  const standing = beginStanding();
  const end = deferred<HostEnd>();
  const held = deferred<void>();
  const sampler = new ResourceSampler(clock, foundation.options.config.cpuShare);
  const leaseListener: LeaseListener = {
    onHeld: () => held.resolve(),
    onFrozen: () => {
      standing.frozen = true;
      log.emit({ kind: 'hostFrozen' });
    },
    onThawed: () => {
      standing.frozen = false;
      log.emit({ kind: 'hostThawed' });
    },
    onEnded: (reason) => {
      tell(kernel, address.role(identity.name, 'ownership'), { kind: 'ownLeaseEnded' });
      end.resolve({ kind: 'leaseEnded', reason });
    },
    onPeerEnded: (incarnation, wasLive) => {
      if (wasLive) log.emit({ kind: 'leaseEnded', of: incarnation });
      peerEnded(foundation, incarnation);
    },
  };
  const parts = furnish(foundation, standing, sampler, leaseListener, () => void stop());
  const root = startTree(kernel, 'host', supervision(parts, 'one_for_one', hostBudget), houseChildren(parts));
  kernel.spawn(
    'warden',
    warden(root, (reason) => end.resolve({ kind: 'failed', reason })),
  );
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> =>
    (stopping ??= stopInOrder(parts, end.promise).then(() => end.resolve({ kind: 'stopped' })));
  void foundation.store.lost.then((reason) => {
    foundation.journal.error({}, `store ${foundation.store.url} ${reason}`);
    tell(kernel, address.role(identity.name, 'lease'), { kind: 'storeLost' });
  });
  const ended = end.promise.then(async (how): Promise<HostEnd> => {
    await tearDown(foundation);
    return how.kind === 'leaseEnded' && how.reason === 'asked' ? { kind: 'stopped' } : how;
  });
  const early = await Promise.race([held.promise.then(() => null), ended]);
  if (early !== null) throw new HostNotStartedError(identity.name, early);
  const { rack, address: at } = identity;
  foundation.journal.info({ incarnation: identity.incarnation, address: at }, 'up');
  log.emit({ kind: 'hostStarted', rack, address: at });
  return {
    identity,
    bound: foundation.reached.bound,
    ended,
    describe: parts.describe,
    stop: async () => {
      await stop();
      return ended;
    },
  };
}

function tell(kernel: Kernel, to: ActorAddress, message: AnyMessage): void {
  kernel.lookup(to)?.tell(message);
}

/** Whoever dealt with that incarnation learns that it never acts again. */
function peerEnded({ kernel, identity, wire }: Foundation, incarnation: IncarnationId): void {
  wire.links.disconnect(incarnation);
  tell(kernel, address.role(identity.name, 'migrations'), { kind: 'leaseEnded', incarnation });
  tell(kernel, address.role(identity.name, 'ownership'), { kind: 'peerEnded', incarnation });
}

function furnish(
  foundation: Foundation,
  standing: Standing,
  sampler: ResourceSampler,
  leaseListener: LeaseListener,
  stop: () => void,
): HouseParts {
  const {
    kernel,
    identity,
    clock,
    random,
    digest,
    store,
    tables,
    directory,
    exchange,
    wire,
    log,
    leaseCell,
  } = foundation;
  const { config, location, holdAt } = foundation.options;
  const first = sampler.sample();
  const cpuShare = first.limits.cpuShareCores;
  const lanes = config.lanes === 0 ? Math.max(1, Math.floor(cpuShare)) : config.lanes;
  const obligations = new Obligations();
  const board = new LaneBoard(
    lanes,
    routeReport((to, message) => tell(kernel, to, message), identity.name, obligations),
    () => clock.wallMs(),
  );
  const book = new OwnershipBook();
  const packages = packageStore(store.vault, join(location.folder, 'packages'), config.packages, () =>
    clock.monotonicMs(),
  );
  const admissions = new Admissions(
    { ...config.migrations, ...config.capacity, snapshotMaxBytes: config.snapshots.sizeMaxBytes },
    {
      executions: () => board.executions,
      freeBytes: () => freeBytes(standing.availability, first, config.capacity.memoryMax),
      closed: () => closedBecause(standing, leaseCell),
      holds: (execution) => (book.get(execution)?.state.phase ?? 'absent') !== 'absent',
      expect: (installed) => board.expect(installed),
    },
    packages,
    clock,
  );
  const describe = (): HostDescription => ({
    identity,
    pid: process.pid,
    phase: phaseOf(standing),
    lanes,
    availability: standing.availability ?? unsampled(identity, config, cpuShare),
    monitoring: standing.monitoring,
    uptimeMs: clock.monotonicMs() - first.atMs,
  });
  return {
    identity,
    clock,
    random,
    digest,
    tables,
    vault: vaultBytes(store),
    gate: leaseCell,
    exchange,
    packages,
    freighter: freighter(wire, digest),
    events: log,
    barrier: barrier(holdAt, log),
    kernel,
    config,
    directory,
    board,
    obligations,
    book,
    cells: new Map(),
    leaseCell,
    leaseListener,
    admissions,
    ...deciding(foundation, book),
    log,
    logs: new ExecutionLogs(logLinesMax),
    startLane: (index, laneListener) =>
      startThreadedLane(
        {
          ...laneDefaults,
          tracePeriodMs: config.monitor.traceMs,
          incarnation: identity.incarnation,
          index,
        },
        laneListener,
      ),
    executionCost: (execution) =>
      executionCost({
        cpuMs: board.trace(execution)?.workedMs ?? 0,
        snapshotBytes: board.trace(execution)?.snapshotBytes ?? 0,
      }),
    describe,
    ...standingParts(standing, directory, identity),
    stop,
    links: wire.links,
    probes: wire.probes,
    answerTimes: exchange.answerTimes,
    sample: () => sampler.sample(),
    memoryLimitBytes: () => first.limits.memoryLimitBytes,
  };
}

async function tearDown({ kernel, wire, directory, store, journal }: Foundation): Promise<void> {
  await kernel.shutdown(stopGraceMs);
  directory.stop();
  await wire.stop();
  await store.close();
  await journal.close();
}

/** The host ended before it had a lease. */
export class HostNotStartedError extends GodwitError {
  override readonly name = 'HostNotStartedError';
  readonly code = 'HOST_NOT_STARTED';
  readonly retryable = true;

  constructor(name: HostName, end: HostEnd) {
    super(`Host '${name}' could not start: ${JSON.stringify(end)}.`);
  }
}
