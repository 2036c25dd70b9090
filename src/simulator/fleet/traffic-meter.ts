import type { FleetShape } from './policy.ts';
import type { Adjacency } from './traffic.ts';
import { adjacency } from './traffic.ts';

/** What the components' messages cross, kept up to date move by move rather than counted anew each tick. */
export class TrafficMeter {
  readonly #shape: FleetShape;
  /** The world's own. */
  readonly #hostOf: Int32Array;
  readonly #adjacency: Adjacency;
  #crossBytesPerSecond = 0;
  /** Sum over the edges of messages per second × ms. */
  #latencyRate = 0;
  readonly #messageRate: number;
  #crossRackBytes = 0;
  #latencySum = 0;
  #messages = 0;

  constructor(shape: FleetShape, hostOf: Int32Array) {
    this.#shape = shape;
    this.#hostOf = hostOf;
    this.#adjacency = adjacency(shape.traffic, shape.components);
    for (let edge = 0; edge < shape.traffic.from.length; edge += 1) {
      const from = hostOf[shape.traffic.from[edge] ?? 0] ?? 0;
      this.#count(edge, from, hostOf[shape.traffic.to[edge] ?? 0] ?? 0, 1);
    }
    this.#messageRate = shape.traffic.messagesPerSecond.reduce((sum, rate) => sum + rate, 0);
  }

  get crossRackBytes(): number {
    return this.#crossRackBytes;
  }

  get meanLatencyMs(): number {
    return this.#messages > 0 ? this.#latencySum / this.#messages : 0;
  }

  /** Tells that a component has changed hosts; those of its peers are what `hostOf` says. */
  move(component: number, from: number, to: number): void {
    const { start, edges } = this.#adjacency;
    const { traffic } = this.#shape;
    for (let at = start[component] ?? 0; at < (start[component + 1] ?? 0); at += 1) {
      const edge = edges[at] ?? 0;
      const peer = traffic.from[edge] === component ? traffic.to[edge] : traffic.from[edge];
      const there = this.#hostOf[peer ?? 0] ?? 0;
      this.#count(edge, from, there, -1);
      this.#count(edge, to, there, 1);
    }
  }

  pass(ms: number): void {
    this.#crossRackBytes += (this.#crossBytesPerSecond * ms) / 1_000;
    this.#latencySum += (this.#latencyRate * ms) / 1_000;
    this.#messages += (this.#messageRate * ms) / 1_000;
  }

  /** Messages within a host cross nothing. */
  #count(edge: number, host: number, other: number, sign: 1 | -1): void {
    if (host === other) return;
    const { rackOf, racks, rackLatencyMs, traffic } = this.#shape;
    const rack = rackOf[host] ?? 0;
    const otherRack = rackOf[other] ?? 0;
    if (rack !== otherRack) this.#crossBytesPerSecond += sign * (traffic.bytesPerSecond[edge] ?? 0);
    this.#latencyRate +=
      sign * (traffic.messagesPerSecond[edge] ?? 0) * (rackLatencyMs[rack * racks + otherRack] ?? 0);
  }
}
