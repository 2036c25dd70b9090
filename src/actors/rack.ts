import { assertNever } from '../core/assert.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { HostName, RackName, Term } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import type { ChurnLimits } from '../placement/churn-budget.ts';
import type { AffinityMessage, HostAvailability, RackMessage, RackReply } from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import { LatencyGathering } from './latency-gathering.ts';
import { MoveCount } from './move-count.ts';
import type { Exchange } from './ports.ts';
import { UsageGathering } from './usage-gathering.ts';

export interface RackPorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly directory: Directory;
  readonly offerEveryMs: number;
  /** Between two usage reports of a host. */
  readonly usageMs: number;
  readonly churn: ChurnLimits;
}

export type RackActorMessage = RackMessage | { readonly kind: 'offerDue' | 'usageDue' };

interface Report {
  readonly host: HostAvailability;
  readonly atMs: number;
}

interface ForeignOffer {
  readonly term: Term;
  readonly reports: readonly Report[];
  readonly movesBegan: number;
}

interface RackState {
  /** Of this rack's hosts. */
  readonly own: Map<HostName, Report>;
  /** What the other racks' actors offered. */
  readonly foreign: Map<RackName, ForeignOffer>;
  /** Moves from or to this rack, and those that its own hosts began. */
  readonly moves: { readonly rack: MoveCount; readonly began: MoveCount };
  readonly latencies: LatencyGathering;
  readonly usages: UsageGathering;
}

type Context = ActorContext<RackActorMessage, RackReply>;

/** A report older than so many offers is not passed on: its host is gone, or does not reach us. */
const staleOffers = 4;
/** Candidates that are offered within the rack, the most available of it first. */
const ownMax = 64;
/** Candidates that each other rack's actor is offered. */
const abroadMax = 16;
/** Candidates of all other racks together that are passed on. */
const foreignMax = 16;
/** Passes for each usage report of a host: what comes waits for the next one. */
const usagePasses = 4;

/**
 * One rack's actor, at the holder of the rack's seat: gathers its hosts' availability, and offers candidates to them and
 * to the other racks, so that no host hears from all.
 */
export function rackActor(term: Term, ports: RackPorts): Behaviour<RackState, RackActorMessage, RackReply> {
  return {
    init(context) {
      context.after(ports.offerEveryMs, { kind: 'offerDue' });
      context.after(ports.usageMs / usagePasses, { kind: 'usageDue' });
      const { rack, cluster } = ports.churn;
      return {
        own: new Map(),
        foreign: new Map(),
        moves: {
          rack: new MoveCount(rack.windowMs, rack.movesMax),
          began: new MoveCount(cluster.windowMs, cluster.movesMax),
        },
        latencies: new LatencyGathering(term, ports),
        usages: new UsageGathering(term, ports),
      };
    },
    receive(state, message, context) {
      receive(state, message, context, term, ports);
      return state;
    },
  };
}

function receive(
  state: RackState,
  message: RackActorMessage,
  context: Context,
  term: Term,
  ports: RackPorts,
): void {
  const atMs = ports.clock.monotonicMs();
  const { rack } = ports.identity;
  switch (message.kind) {
    case 'availability': {
      const { report } = message;
      const known = state.own.get(report.identity.name)?.host;
      const outdated =
        known?.identity.incarnation === report.identity.incarnation && known.sample >= report.sample;
      if (!outdated) state.own.set(report.identity.name, { host: report, atMs });
      return;
    }
    case 'offer': {
      const known = state.foreign.get(message.rack);
      if (message.rack === rack || (known !== undefined && known.term > message.term)) return;
      const reports = message.hosts.slice(0, abroadMax).map((host) => ({ host, atMs }));
      state.foreign.set(message.rack, { term: message.term, reports, movesBegan: message.movesBegan });
      return;
    }
    case 'moveBegan':
      state.moves.rack.count(atMs);
      if (message.from === rack) state.moves.began.count(atMs);
      return;
    case 'bindings':
      return tellHosts(message, ports);
    case 'usage':
      return state.usages.take(message.usage);
    case 'usageDue':
      context.after(ports.usageMs / usagePasses, { kind: 'usageDue' });
      return state.usages.passOn();
    case 'latencies':
      return state.latencies.take(message.latencies);
    case 'latencyRow':
      context.replyTo?.answer({ kind: 'latencyRow', latencies: state.latencies.row() } satisfies RackReply);
      return;
    case 'candidates': {
      const hosts = candidates(state, atMs, message.limit, ports);
      context.replyTo?.answer({ kind: 'offered', rack, term, hosts } satisfies RackReply);
      return;
    }
    case 'offerDue':
      context.after(ports.offerEveryMs, { kind: 'offerDue' });
      state.latencies.passOn();
      return offer(state, atMs, term, ports);
    default:
      return assertNever(message);
  }
}

function fresh(
  reports: Iterable<Report>,
  atMs: number,
  { offerEveryMs, directory }: RackPorts,
): readonly HostAvailability[] {
  const up = new Set(directory.hosts().map(({ incarnation }) => incarnation));
  return [...reports]
    .filter((report) => atMs - report.atMs <= staleOffers * offerEveryMs)
    .map(({ host }) => host)
    .filter(({ identity }) => up.has(identity.incarnation))
    .toSorted(byOffer);
}

/** Who takes executions before who does not, then the most available first. */
function byOffer(a: HostAvailability, b: HostAvailability): number {
  return Number(b.accepting) - Number(a.accepting) || b.availability - a.availability;
}

function candidates(
  state: RackState,
  atMs: number,
  limit: number,
  ports: RackPorts,
): readonly HostAvailability[] {
  const foreign = [...state.foreign.values()].flatMap(({ reports }) => reports);
  return fresh([...state.own.values(), ...foreign], atMs, ports).slice(0, limit);
}

function offer(state: RackState, atMs: number, term: Term, ports: RackPorts): void {
  const { directory, exchange, identity } = ports;
  const { rack } = identity;
  const own = fresh(state.own.values(), atMs, ports);
  const foreign = fresh(
    [...state.foreign.values()].flatMap(({ reports }) => reports),
    atMs,
    ports,
  ).slice(0, foreignMax);
  const movesBegan = state.moves.began.within(atMs);
  const elsewhere = [...state.foreign.values()].reduce((sum, { movesBegan: moves }) => sum + moves, 0);
  const moves = { rack: state.moves.rack.within(atMs), cluster: movesBegan + elsewhere };
  tellHosts({ kind: 'offer', rack, term, hosts: [...own.slice(0, ownMax), ...foreign], moves }, ports);
  const abroad = { kind: 'offer', rack, term, hosts: own.slice(0, abroadMax), movesBegan } as const;
  for (const other of directory.racks()) {
    if (other !== rack) exchange.tell(address.rack(other), abroad, 'batched');
  }
}

/** The affinity actors of this rack. */
function tellHosts(message: AffinityMessage, { directory, exchange, identity }: RackPorts): void {
  for (const host of directory.hosts()) {
    if (host.rack === identity.rack) exchange.tell(address.role(host.name, 'affinity'), message, 'batched');
  }
}
