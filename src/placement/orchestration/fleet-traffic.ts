import type { RackName } from '../../core/ids.ts';
import type { Movable, OrchestrationProblem, RackLatency } from './contract.ts';
import type { Fleet } from './fleet.ts';
import type { Ignored } from './soundness.ts';
import { isFigure } from './soundness.ts';

/** One edge between two components, by their numbers. */
export interface Edge {
  readonly a: number;
  readonly b: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Of the standard normal distribution, at 0.95. */
const z95 = 1.6449;

/**
 * Mean of a round trip, from its median and its 95th percentile, as if it were log-normal: p50 × exp(σ² / 2), with
 * σ = ln(p95 / p50) / 1.645. A link with a long tail is dearer than its median says.
 */
export function meanRoundTripMs(p50Ms: number, p95Ms: number): number {
  if (!(p50Ms > 0) || p95Ms <= p50Ms) return p50Ms;
  const sigma = Math.min(1.5, Math.log(p95Ms / p50Ms) / z95);
  return p50Ms * Math.exp((sigma * sigma) / 2);
}

/** Fills the fleet's one-way waits: half of each mean round trip, the fresher of the two directions where one is missing. */
export function layLatencies(
  fleet: Fleet,
  racks: readonly RackName[],
  { latencies, policy }: OrchestrationProblem,
  ignored: Ignored,
): void {
  const at = new Map(racks.map((rack, index) => [rack, index]));
  const freshest = new Map<number, RackLatency>();
  for (const latency of latencies) {
    const from = at.get(latency.from);
    const to = at.get(latency.to);
    if (from === undefined || to === undefined) continue;
    if (!isSound(latency)) {
      ignored.say(`The latency from ${latency.from} to ${latency.to} has impossible figures.`);
      continue;
    }
    if (latency.ageMs > policy.latencyAgeMaxMs) {
      ignored.say(`The latency from ${latency.from} to ${latency.to} is ${latency.ageMs} ms old.`);
      continue;
    }
    const key = from * racks.length + to;
    if (latency.ageMs < (freshest.get(key)?.ageMs ?? Infinity)) freshest.set(key, latency);
  }
  for (let from = 0; from < racks.length; from += 1) {
    for (let to = 0; to < racks.length; to += 1) {
      const found = freshest.get(from * racks.length + to) ?? freshest.get(to * racks.length + from);
      const unknownMs =
        from === to ? Math.min(policy.localMs * 4, policy.unknownLatencyMs) : policy.unknownLatencyMs;
      const tripMs = found === undefined ? unknownMs : meanRoundTripMs(found.p50Ms, found.p95Ms);
      fleet.waitMs[from * racks.length + to] = tripMs / 2;
    }
  }
}

function isSound({ p50Ms, p95Ms, ageMs }: RackLatency): boolean {
  return isFigure(p50Ms) && isFigure(p95Ms) && isFigure(ageMs) && p95Ms >= p50Ms;
}

/** Fills the fleet's edges from the measured traffic, and from the wish to be near. */
export function layTraffic(
  fleet: Fleet,
  components: readonly Movable[],
  { traffic, policy }: OrchestrationProblem,
  ignored: Ignored,
): void {
  const at = new Map<string, number>(components.map(({ id }, index) => [id, index]));
  const edges: Edge[] = [];
  for (const { a, b, messagesPerSecond, bytesPerSecond } of traffic) {
    const from = at.get(a);
    const to = at.get(b);
    if (from === undefined || to === undefined || from === to) continue;
    if (isFigure(messagesPerSecond) && isFigure(bytesPerSecond)) {
      edges.push({ a: from, b: to, messagesPerSecond, bytesPerSecond });
    } else ignored.say(`The traffic between ${a} and ${b} has impossible figures.`);
  }
  const firstOf = new Map<string, number>();
  components.forEach(({ near }, i) => {
    for (const word of near) {
      const first = firstOf.get(word);
      if (first === undefined) firstOf.set(word, i);
      else edges.push({ a: first, b: i, messagesPerSecond: policy.nearMessagesPerSecond, bytesPerSecond: 0 });
    }
  });
  layEdges(fleet, edges);
}

/** Fills the fleet's edges; each is listed at both its ends, the heaviest first. */
export function layEdges(fleet: Fleet, edges: readonly Edge[]): void {
  const merged = new Map<string, Edge>();
  for (const edge of edges) {
    const key = edge.a < edge.b ? `${edge.a} ${edge.b}` : `${edge.b} ${edge.a}`;
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? edge
        : {
            ...known,
            messagesPerSecond: known.messagesPerSecond + edge.messagesPerSecond,
            bytesPerSecond: known.bytesPerSecond + edge.bytesPerSecond,
          },
    );
  }
  const sorted = [...merged.values()].sort(
    (x, y) => y.messagesPerSecond - x.messagesPerSecond || x.a - y.a || x.b - y.b,
  );
  const starts = new Int32Array(fleet.shape.components + 1);
  for (const { a, b } of sorted) {
    starts[a + 1] = (starts[a + 1] ?? 0) + 1;
    starts[b + 1] = (starts[b + 1] ?? 0) + 1;
  }
  for (let i = 1; i < starts.length; i += 1) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  const next = starts.slice();
  fleet.talk.fill(0);
  fleet.edgeStart = starts;
  fleet.edgePeer = new Int32Array(2 * sorted.length);
  fleet.edgeMessages = new Float32Array(2 * sorted.length);
  fleet.edgeBytes = new Float32Array(2 * sorted.length);
  for (const edge of sorted) {
    for (const [from, to] of [[edge.a, edge.b] as const, [edge.b, edge.a] as const]) {
      const index = next[from] ?? 0;
      next[from] = index + 1;
      fleet.edgePeer[index] = to;
      fleet.edgeMessages[index] = edge.messagesPerSecond;
      fleet.edgeBytes[index] = edge.bytesPerSecond;
      fleet.talk[2 * from] = (fleet.talk[2 * from] ?? 0) + edge.messagesPerSecond;
      fleet.talk[2 * from + 1] = (fleet.talk[2 * from + 1] ?? 0) + edge.bytesPerSecond;
    }
  }
}
