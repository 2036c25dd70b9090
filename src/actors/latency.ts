import { median } from 'simple-statistics';
import { assertNever } from '../core/assert.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { IncarnationId } from '../core/ids.ts';
import type { Clock, Random } from '../core/ports.ts';
import type {
  HostLatencies,
  LatencyMessage,
  LatencyReply,
  LatencyStatistics,
  PeerLatency,
  ProbesStanding,
} from '../protocols/messages/latency.ts';
import { type AnsweredProbe, type Probes, usualProbeAddress } from '../protocols/probing/contract.ts';
import { moveCoordinate, unknownCoordinate } from '../protocols/probing/coordinates.ts';
import { isHeldBack } from '../protocols/probing/matrix.ts';
import { Prober } from '../protocols/probing/prober.ts';
import { type ClusterMap, mapCluster, planRound } from '../protocols/probing/sampling.ts';
import { type ProbingSettings, probingDefaults } from '../protocols/probing/settings.ts';
import type { Links, RoundTrip } from '../wire/contract.ts';
import { address } from './addresses.ts';
import type { AnswerTimes } from './answer-times.ts';
import type { Directory } from './directory.ts';
import type { ActorContext, Behaviour } from './kernel/contract.ts';
import type { Exchange } from './ports.ts';

export interface LatencyPorts {
  readonly identity: HostIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly directory: Directory;
  readonly exchange: Exchange;
  readonly links: Pick<Links, 'connect' | 'roundTrip'>;
  readonly probes: Probes;
  readonly answerTimes: AnswerTimes;
  readonly lookEveryMs: number;
  /** Median round trip to the other hosts, in ms; 0 while none was measured. */
  readonly publish: (medianMs: number) => void;
}

export type LatencyActorMessage =
  | LatencyMessage
  | { readonly kind: 'look' }
  | { readonly kind: 'answered'; readonly answer: AnsweredProbe }
  /** What a peer said of its probes; null when it said nothing. */
  | { readonly kind: 'peerProbes'; readonly peer: IncarnationId; readonly probes: ProbesStanding | null };

interface LatencyState {
  readonly prober: Prober;
  map: ClusterMap;
  round: number;
  lookedAtMs: number;
  reports: number;
  coordinate: HostLatencies['coordinate'];
  latencies: HostLatencies | null;
  /** Peers that said where they are probed, other than as usual; with the round in which they were asked. */
  readonly asked: Map<IncarnationId, { readonly atRound: number; readonly probes: ProbesStanding | null }>;
}

type Context = ActorContext<LatencyActorMessage, LatencyReply>;

const settings: ProbingSettings = probingDefaults;
/** After so many probes in a row without an answer the peer is asked, over its link, where it wants them. */
const lostBeforeAsking = 3;
const askAgainRounds = 16;
const askMs = 5_000;

/**
 * One host's latency agent. Each round it probes the peers that the sampling plan names, keeps links to them, whose pings
 * stand in where no probe gets through, and reports what it knows to its rack's actor.
 */
export function latencyActor(
  ports: LatencyPorts,
): Behaviour<LatencyState, LatencyActorMessage, LatencyReply> {
  return {
    init(context) {
      ports.probes.onAnswer((answer) => context.self.tell({ kind: 'answered', answer }));
      context.after(ports.lookEveryMs, { kind: 'look' });
      return {
        prober: new Prober(settings),
        map: mapCluster([]),
        round: 0,
        lookedAtMs: ports.clock.monotonicMs(),
        reports: 0,
        coordinate: unknownCoordinate,
        latencies: null,
        asked: new Map(),
      };
    },
    receive(state, message, context) {
      switch (message.kind) {
        case 'look':
          look(state, context, ports);
          return state;
        case 'answered':
          answered(state, message.answer, ports);
          return state;
        case 'peerProbes':
          state.asked.set(message.peer, { atRound: state.round, probes: message.probes });
          return state;
        case 'matrix': {
          const latencies = state.latencies ?? report(state, ports);
          context.replyTo?.answer({ kind: 'matrix', latencies });
          return state;
        }
        case 'probeAddress':
          context.replyTo?.answer({ kind: 'probeAddress', probes: ports.probes.standing() });
          return state;
        default:
          return assertNever(message);
      }
    },
  };
}

function look(state: LatencyState, context: Context, ports: LatencyPorts): void {
  const { clock, directory, exchange, identity, links, lookEveryMs } = ports;
  context.after(lookEveryMs, { kind: 'look' });
  // In a large cluster the map is as old as the plan that it makes.
  const isSmall = state.map.hosts.length <= settings.allPairsHostsMax;
  if (isSmall || state.round % settings.dwellRounds === 0) state.map = mapCluster(directory.hosts());
  const isLive = (peer: IncarnationId): boolean =>
    directory.incarnation(peer) !== null && !directory.leaseEnded(peer);
  const nowMs = clock.monotonicMs();
  // A process that was stopped, or too busy to look, does not blame the network for what it missed.
  if (nowMs - state.lookedAtMs > lookEveryMs + settings.answerMaxMs / 2) state.prober.disregard();
  state.lookedAtMs = nowMs;
  state.prober.settle(nowMs, isLive);
  for (const peer of state.asked.keys()) if (!isLive(peer)) state.asked.delete(peer);
  const latencies = report(state, ports);
  state.latencies = latencies;
  ports.publish(medianOf(latencies.peers));
  exchange.tell(address.rack(identity.rack), { kind: 'latencies', latencies }, 'batched');
  // Last, since an answer is not seen before this turn ends: what else it does would count as round trip.
  for (const peer of planRound(state.map, identity, state.round, settings)) {
    links.connect(peer);
    probe(state, peer, context, ports);
  }
  state.round += 1;
}

function probe(state: LatencyState, peer: HostIdentity, context: Context, ports: LatencyPorts): void {
  const { incarnation, name } = peer;
  const asked = state.asked.get(incarnation);
  const told = asked?.probes ?? null;
  const isSilent = state.prober.lostInARow(incarnation) >= lostBeforeAsking || told?.kind === 'closed';
  if (isSilent && (asked === undefined || state.round - asked.atRound >= askAgainRounds)) {
    state.asked.set(incarnation, { atRound: state.round, probes: told });
    const said = (probes: ProbesStanding | null): LatencyActorMessage => ({
      kind: 'peerProbes',
      peer: incarnation,
      probes,
    });
    context.pipe(
      ports.exchange.ask<LatencyReply>(address.role(name, 'latency'), { kind: 'probeAddress' }, askMs),
      (reply) => said(reply.kind === 'probeAddress' ? reply.probes : null),
      () => said(told),
    );
  }
  if (told?.kind === 'closed') return;
  const sent = ports.probes.send(incarnation, told?.address ?? usualProbeAddress(peer));
  if (sent !== null) state.prober.sent(incarnation, sent);
}

function answered(state: LatencyState, answer: AnsweredProbe, ports: LatencyPorts): void {
  const isOurs = state.prober.answered(answer) !== null;
  const peer = ports.directory.incarnation(answer.from);
  if (!isOurs || peer === null || isHeldBack(ports.identity.rack, peer.rack)) return;
  // The window's median instead of the single round trip: on networks that vary it is the difference between
  // coordinates that are of use and such that are not; see docs/deciding/latency.md.
  const statistics = state.prober.statistics(answer.from, answer.arrivedAtMs);
  if (statistics === null) return;
  state.coordinate = moveCoordinate(state.coordinate, answer.coordinate, statistics.p50Ms, ports.random);
  ports.probes.announce(state.coordinate);
}

function report(state: LatencyState, ports: LatencyPorts): HostLatencies {
  const { clock, directory, identity, probes, answerTimes } = ports;
  const nowMs = clock.monotonicMs();
  const known = new Set(state.prober.peers());
  for (const { incarnation } of planRound(state.map, identity, state.round, settings)) known.add(incarnation);
  const peers: PeerLatency[] = [];
  for (const incarnation of known) {
    const peer = directory.incarnation(incarnation);
    if (peer === null || peers.length === settings.reportedPeersMax) continue;
    const statistics = figureOf(state, incarnation, nowMs, ports);
    if (statistics === null) continue;
    const answersP50Ms = answerTimes.p50Ms(incarnation);
    peers.push({ host: peer.name, rack: peer.rack, statistics, answersP50Ms });
  }
  state.reports += 1;
  return {
    identity,
    report: state.reports,
    peers,
    coordinate: state.coordinate,
    probes: probes.standing(),
  };
}

/** By probes if there are any. Where nothing is probed any more, the link knows better than a window that only ages. */
function figureOf(
  state: LatencyState,
  peer: IncarnationId,
  nowMs: number,
  { links, probes }: LatencyPorts,
): LatencyStatistics | null {
  const probed = state.prober.statistics(peer, nowMs);
  const link = pinged(links.roundTrip(peer));
  const isProbed = probes.standing().kind === 'open' && state.asked.get(peer)?.probes?.kind !== 'closed';
  return isProbed ? (probed ?? link) : (link ?? probed);
}

/** A link's pings, which are never lost and seldom old; the mean deviation of a normal value is 0.8 of its standard one. */
function pinged(roundTrip: RoundTrip | null): LatencyStatistics | null {
  if (roundTrip === null) return null;
  const { smoothedMs, jitterMs, samples } = roundTrip;
  const p95Ms = smoothedMs + (1.645 / 0.8) * jitterMs;
  return { p50Ms: smoothedMs, p95Ms, jitterMs, lossRatio: 0, samples, ageMs: 0, source: 'link' };
}

function medianOf(peers: readonly PeerLatency[]): number {
  return peers.length === 0 ? 0 : median(peers.map(({ statistics }) => statistics.p50Ms));
}
