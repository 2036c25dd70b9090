/** What one policy did to a fleet. */
export interface FleetReport {
  readonly policy: string;
  /** Time that hosts spent with more demand than capacity, transfers included. */
  readonly overloadHostMinutes: number;
  /** The same as a share of the time of all hosts that carried anything. */
  readonly overloadShare: number;
  /** Demand above capacity, as a share of all demand. */
  readonly unservedShare: number;
  readonly slowdownP50: number;
  readonly slowdownP95: number;
  readonly slowdownP99: number;
  readonly crossRackBytes: number;
  /** Mean round trip of a message, between racks and within them. */
  readonly messageLatencyMs: number;
  readonly energyWh: number;
  /** Hosts that carried anything, on average over time. */
  readonly hostsInUse: number;
  readonly moves: number;
  readonly movedBytes: number;
  /** Mean over the rounds; the longest. */
  readonly decisionMs: number;
  readonly decisionMaxMs: number;
  /** Overload host-minutes of each sample: for the plot. */
  readonly overloadBySample: Float64Array;
}

/** A histogram with bins 1 % apart, from 1 to 10,000. */
export class SlowdownHistogram {
  readonly #weights = new Float64Array(binCount);
  #total = 0;

  add(slowdown: number, weight: number): void {
    const bin = Math.min(binCount - 1, Math.max(0, Math.ceil(Math.log(slowdown) / binWidth)));
    this.#weights[bin] = (this.#weights[bin] ?? 0) + weight;
    this.#total += weight;
  }

  /** @returns the upper edge of the bin in which the share is reached; 1 when nothing was added */
  quantile(share: number): number {
    let sum = 0;
    for (let bin = 0; bin < binCount; bin += 1) {
      sum += this.#weights[bin] ?? 0;
      if (sum >= share * this.#total) return Math.exp(bin * binWidth);
    }
    return 1;
  }
}

const binWidth = Math.log(1.01);
const binCount = Math.ceil(Math.log(10_000) / binWidth) + 1;

const serviceMs = 1_000;

/**
 * Mean slowdown of work on a host with several cores: time in the system over time of service. Below saturation it
 * is Sakasegawa's approximation of the M/M/m queue (Annals of the Institute of Statistical Mathematics 29, 1977):
 * `1 + ρ^(√(2(m+1)) − 1) / (m (1 − ρ))`; under processor sharing the mean is the same. From 95 % on, where the
 * steady state is not reached within a tick, the wait stays that of 95 %, and what exceeds the capacity waits besides, on
 * average half of `ρ − 1` ticks; a piece of work is taken to need one second.
 *
 * @param load demand and backlog over capacity
 */
export function slowdown(load: number, cores: number, tickMs: number): number {
  const steady = Math.min(load, 0.95);
  const wait = steady ** (Math.sqrt(2 * (cores + 1)) - 1) / (cores * (1 - steady));
  return 1 + wait + (Math.max(0, load - 1) * tickMs) / 2 / serviceMs;
}
