import type { HostIdentity } from '../../src/core/execution.ts';
import { hostName, incarnationId, rackName, term } from '../../src/core/ids.ts';
import type { LatencyStatistics, LearnedScore, RackLatencies } from '../../src/protocols/messages/latency.ts';
import { distanceMs, moveCoordinate, unknownCoordinate } from '../../src/protocols/probing/coordinates.ts';
import { fillMatrix, isHeldBack } from '../../src/protocols/probing/matrix.ts';
import { Prober } from '../../src/protocols/probing/prober.ts';
import { RackRow } from '../../src/protocols/probing/rack-row.ts';
import { mapCluster, planRound } from '../../src/protocols/probing/sampling.ts';
import { probingDefaults } from '../../src/protocols/probing/settings.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import type { Network } from './networks.ts';

/** What a coordinate is moved by: the latest round trip, or the median of the window, as the agent does it. */
export type Input = 'latest' | 'median';

export interface Trial {
  readonly score: LearnedScore;
  /** Share of the pairs of places that were measured by then. */
  readonly measuredShare: number;
  /** Median errors on the pairs that nobody had measured; null when there is none. */
  readonly unmeasured: {
    readonly learned: number;
    readonly plain: number;
    /** What the matrix says, after the gate has chosen. */
    readonly said: number;
    readonly pairs: number;
  } | null;
}

const roundMs = 1_000;

/**
 * Lets one host at each place of a recorded network probe the others as the sampling plan says, and compares what the
 * matrix then says with what was recorded. Each place is a rack, so that no rack measures for another.
 */
export function tryNetwork(network: Network, rounds: number, input: Input, seed: number): Trial {
  const random = new SeededRandom(seed);
  const hosts: readonly HostIdentity[] = Array.from({ length: network.places }, (_, index) => ({
    name: hostName(`h${index}`),
    incarnation: incarnationId(`h${index}.1`),
    rack: rackName(`place-${index}`),
    address: '127.0.0.1:1',
  }));
  const placeOf = new Map(hosts.map(({ incarnation }, index) => [incarnation, index]));
  const map = mapCluster(hosts);
  const settings = { ...probingDefaults, windowMs: rounds * roundMs, peersMax: hosts.length };
  const probers = hosts.map(() => new Prober(settings));
  const coordinates = hosts.map(() => unknownCoordinate);
  let number = 0;
  for (let round = 0; round < rounds; round += 1) {
    const time = Math.floor((round / rounds) * network.times);
    for (const [from, self] of hosts.entries()) {
      for (const peer of planRound(map, self, round, settings)) {
        const to = placeOf.get(peer.incarnation) ?? 0;
        const truthMs = network.roundTripMs(from, to, time);
        const prober = probers[from];
        if (truthMs === null || truthMs > settings.answerMaxMs || prober === undefined) continue;
        number += 1;
        prober.sent(peer.incarnation, { number, sentAtMs: round * roundMs });
        const theirs = coordinates[to] ?? unknownCoordinate;
        const arrivedAtMs = round * roundMs + truthMs;
        prober.answered({ number, from: peer.incarnation, arrivedAtMs, coordinate: theirs });
        if (isHeldBack(self.rack, peer.rack)) continue;
        const medianMs =
          input === 'latest' ? truthMs : prober.statistics(peer.incarnation, arrivedAtMs)?.p50Ms;
        coordinates[from] = moveCoordinate(
          coordinates[from] ?? unknownCoordinate,
          theirs,
          medianMs ?? truthMs,
          random,
        );
      }
    }
  }
  return judge(network, hosts, rowsOf(hosts, probers, coordinates, rounds * roundMs));
}

function rowsOf(
  hosts: readonly HostIdentity[],
  probers: readonly Prober[],
  coordinates: readonly (typeof unknownCoordinate)[],
  nowMs: number,
): readonly RackLatencies[] {
  return hosts.map((identity, index) => {
    const row = new RackRow(identity.rack, term(1));
    const peers = hosts.flatMap(({ name, rack, incarnation }) => {
      const statistics = probers[index]?.statistics(incarnation, nowMs) ?? null;
      return statistics === null
        ? []
        : [{ host: name, rack, statistics: { ...statistics, ageMs: 0 }, answersP50Ms: null }];
    });
    const coordinate = coordinates[index] ?? unknownCoordinate;
    row.take(
      { identity, report: 1, peers, coordinate, probes: { kind: 'open', address: identity.address } },
      nowMs,
    );
    return row.read(nowMs, () => true);
  });
}

function judge(network: Network, hosts: readonly HostIdentity[], rows: readonly RackLatencies[]): Trial {
  const { measurements, score } = fillMatrix(rows);
  // The same rows without coordinates: everything that was not measured is the plain figure.
  const plain = fillMatrix(rows.map((row) => ({ ...row, coordinate: null }))).measurements;
  const errors: { readonly learned: number; readonly plain: number; readonly said: number }[] = [];
  let [pairs, measured] = [0, 0];
  for (const [a, from] of hosts.entries()) {
    for (const [b, to] of hosts.entries()) {
      const truthMs = network.roundTripMs(a, b, network.times - 1);
      if (a >= b || truthMs === null) continue;
      pairs += 1;
      const said: LatencyStatistics | undefined = measurements[from.rack]?.[to.rack];
      if (said?.source === 'measured') measured += 1;
      const [first, second] = [rows[a]?.coordinate ?? null, rows[b]?.coordinate ?? null];
      const common = plain[from.rack]?.[to.rack];
      if (said === undefined || said.source === 'measured' || common === undefined) continue;
      if (first === null || second === null) continue;
      const errorOf = (ms: number): number => Math.abs(ms - truthMs) / truthMs;
      errors.push({
        learned: errorOf(distanceMs(first, second)),
        plain: errorOf(common.p50Ms),
        said: errorOf(said.p50Ms),
      });
    }
  }
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return {
    score,
    measuredShare: measured / Math.max(1, pairs),
    unmeasured:
      errors.length === 0
        ? null
        : {
            learned: middle(errors.map((error) => error.learned)),
            plain: middle(errors.map((error) => error.plain)),
            said: middle(errors.map((error) => error.said)),
            pairs: errors.length,
          },
  };
}
