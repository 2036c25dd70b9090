import { SeededRandom } from '../random.ts';
import type { Traffic } from './policy.ts';

/** How components talk when no file says it. */
export interface TrafficModel {
  /** Components of one community, on average. */
  readonly communitySize: number;
  /** Peers of one component. */
  readonly degree: number;
  /** Share of the peers that belong to another community. */
  readonly outsideShare: number;
  /** Median of an edge; the rates are log-normal, since few pairs carry most traffic. */
  readonly messagesPerSecondMedian: number;
  readonly bytesPerMessage: number;
}

export const communityTraffic: TrafficModel = {
  communitySize: 8,
  degree: 4,
  outsideShare: 0.1,
  messagesPerSecondMedian: 20,
  bytesPerMessage: 1_024,
};

export const noTraffic: Traffic = {
  from: new Int32Array(0),
  to: new Int32Array(0),
  messagesPerSecond: new Float64Array(0),
  bytesPerSecond: new Float64Array(0),
};

/** A planted partition: communities of components that talk mostly among themselves, drawn from a seed. */
export function plantedTraffic(components: number, model: TrafficModel, seed: number): Traffic {
  const random = new SeededRandom(seed);
  const communities = Math.max(1, Math.round(components / model.communitySize));
  const order = shuffled(components, random);
  const members: number[][] = Array.from({ length: communities }, () => []);
  const communityOf = new Int32Array(components);
  for (const [index, component] of order.entries()) {
    members[index % communities]?.push(component);
    communityOf[component] = index % communities;
  }
  const edges: { readonly from: number; readonly to: number; readonly rate: number }[] = [];
  for (let component = 0; component < components && components > 1; component += 1) {
    for (let peer = 0; peer < model.degree / 2; peer += 1) {
      const own = members[communityOf[component] ?? 0] ?? [];
      const inside = own.length > 1 && random.next() >= model.outsideShare;
      const to = inside ? (own[random.below(own.length)] ?? component) : random.below(components);
      if (to === component) continue;
      edges.push({ from: component, to, rate: model.messagesPerSecondMedian * Math.exp(normal(random)) });
    }
  }
  return {
    from: Int32Array.from(edges, (edge) => edge.from),
    to: Int32Array.from(edges, (edge) => edge.to),
    messagesPerSecond: Float64Array.from(edges, (edge) => edge.rate),
    bytesPerSecond: Float64Array.from(edges, (edge) => edge.rate * model.bytesPerMessage),
  };
}

/** Each component's edges, as one list after the other: those of c are `edges[start[c]]` to `edges[start[c + 1] − 1]`. */
export interface Adjacency {
  readonly start: Int32Array;
  readonly edges: Int32Array;
}

export function adjacency(traffic: Traffic, components: number): Adjacency {
  const start = new Int32Array(components + 1);
  for (const end of [traffic.from, traffic.to])
    for (const component of end) start[component + 1] = (start[component + 1] ?? 0) + 1;
  for (let component = 0; component < components; component += 1)
    start[component + 1] = (start[component + 1] ?? 0) + (start[component] ?? 0);
  const at = start.slice();
  const edges = new Int32Array(2 * traffic.from.length);
  for (let edge = 0; edge < traffic.from.length; edge += 1) {
    for (const end of [traffic.from, traffic.to]) {
      const component = end[edge] ?? 0;
      edges[at[component] ?? 0] = edge;
      at[component] = (at[component] ?? 0) + 1;
    }
  }
  return { start, edges };
}

export function shuffled(count: number, random: SeededRandom): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** Box and Muller's transform. */
export function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
