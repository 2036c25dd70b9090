import { assertNever } from '../core/assert.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { HostName, RackName, Term } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import type { HostAvailability, RackMessage, RackReply } from '../protocols/messages.ts';
import { address } from './addresses.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import { LatencyGathering } from './latency-gathering.ts';
import type { Exchange } from './ports.ts';

export interface RackPorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly directory: Directory;
  readonly offerEveryMs: number;
}

export type RackActorMessage = RackMessage | { readonly kind: 'offerDue' };

interface Report {
  readonly host: HostAvailability;
  readonly atMs: number;
}

interface RackState {
  /** Of this rack's hosts. */
  readonly own: Map<HostName, Report>;
  /** What the other racks' actors offered. */
  readonly foreign: Map<RackName, { readonly term: Term; readonly reports: readonly Report[] }>;
  readonly latencies: LatencyGathering;
}

type Context = ActorContext<RackActorMessage, RackReply>;

/** A report older than so many offers is not passed on: its host is gone, or does not reach us. */
const staleOffers = 4;
/** Candidates of other racks that are passed on, the most available first. */
const foreignMax = 16;

/**
 * One rack's actor, at the holder of the rack's seat: gathers its hosts' availability, and offers candidates to them and
 * to the other racks, so that no host hears from all.
 */
export function rackActor(term: Term, ports: RackPorts): Behaviour<RackState, RackActorMessage, RackReply> {
  return {
    init(context) {
      context.after(ports.offerEveryMs, { kind: 'offerDue' });
      return { own: new Map(), foreign: new Map(), latencies: new LatencyGathering(term, ports) };
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
      const reports = message.hosts.map((host) => ({ host, atMs }));
      state.foreign.set(message.rack, { term: message.term, reports });
      return;
    }
    case 'usage':
      return;
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
  return [...reports]
    .filter((report) => atMs - report.atMs <= staleOffers * offerEveryMs)
    .map(({ host }) => host)
    .filter((host) => directory.host(host.identity.name)?.incarnation === host.identity.incarnation);
}

function candidates(
  state: RackState,
  atMs: number,
  limit: number,
  ports: RackPorts,
): readonly HostAvailability[] {
  const foreign = [...state.foreign.values()].flatMap(({ reports }) => reports);
  return fresh([...state.own.values(), ...foreign], atMs, ports)
    .toSorted((a, b) => b.availability - a.availability)
    .slice(0, limit);
}

function offer(state: RackState, atMs: number, term: Term, ports: RackPorts): void {
  const { directory, exchange, identity } = ports;
  const { rack } = identity;
  const own = fresh(state.own.values(), atMs, ports);
  const foreign = fresh(
    [...state.foreign.values()].flatMap(({ reports }) => reports),
    atMs,
    ports,
  )
    .toSorted((a, b) => b.availability - a.availability)
    .slice(0, foreignMax);
  for (const host of directory.hosts()) {
    if (host.rack !== rack) continue;
    const message = { kind: 'offer', rack, term, hosts: [...own, ...foreign] } as const;
    exchange.tell(address.role(host.name, 'affinity'), message, 'batched');
  }
  for (const other of directory.racks()) {
    if (other !== rack)
      exchange.tell(address.rack(other), { kind: 'offer', rack, term, hosts: own }, 'batched');
  }
}
