import type { Workload } from './workload.ts';

/**
 * Demand inside the samples. A recording gives the mean of five minutes; what a host meets within them is not
 * constant. Tick k of a sample with mean m is
 *
 *     m × max(0, 1 + cv × z(k)), scaled so that the ticks' mean is m again,
 *
 * with z an AR(1) process of unit variance, started afresh in each sample, and cv the component's burstiness: the
 * robust scale of the differences between neighbouring samples, 1.4826 × median |x(t) − x(t−1)| / √2, over the mean,
 * times `burstScale`, and at most `cvMax`. So a component that jumps from sample to sample also jumps within them.
 *
 * It is a function of the seed, the component and the sample alone: any tick can be had without those before it.
 */
export class DemandModel {
  readonly workload: Workload;
  readonly ticksPerSample: number;
  readonly #seed: number;
  readonly #cv: Float64Array;

  /** @param burstOf the recording that burstiness is estimated from: `workload` itself, but for what-ifs */
  constructor(workload: Workload, ticksPerSample: number, seed: number, burstOf: Workload = workload) {
    this.workload = workload;
    this.ticksPerSample = ticksPerSample;
    this.#seed = seed >>> 0;
    this.#cv = burstiness(burstOf);
  }

  /** Writes the ticks of one sample of one component to `out`, from `at` on, `stride` apart. */
  fill(component: number, sample: number, out: Float32Array, at: number, stride: number): void {
    const mean = this.workload.demandCores[component * this.workload.samples + sample] ?? 0;
    const cv = this.#cv[component] ?? 0;
    let state = mixed(this.#seed ^ mixed(component + 0x9e37) ^ Math.imul(sample + 1, 0x85ebca6b));
    const draw = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      return mixed(state) / 2 ** 32;
    };
    // The sum of three uniforms is normal enough, and bounded.
    const normal = (): number => 2 * (draw() + draw() + draw() - 1.5);
    let z = normal();
    let sum = 0;
    for (let tick = 0; tick < this.ticksPerSample; tick += 1) {
      const value = mean * Math.max(0, 1 + cv * z);
      out[at + tick * stride] = value;
      sum += value;
      z = persistence * z + innovation * normal();
    }
    const scale = sum > 0 ? (mean * this.ticksPerSample) / sum : 0;
    for (let tick = 0; tick < this.ticksPerSample; tick += 1) {
      const index = at + tick * stride;
      out[index] = (out[index] ?? 0) * scale;
    }
  }
}

/**
 * Both from servers that were recorded each minute (three of the Server Machine Dataset): the standard deviation of a
 * minute within its five is 1.0 to 1.9 times the robust scale of the differences between five-minute means, 1.4 in the
 * middle, and neighbouring minutes hardly depend on each other. Ticks are half as long.
 */
const burstScale = 1.4;
/** Correlation of neighbouring ticks. */
const persistence = 0.4;
const innovation = Math.sqrt(1 - persistence ** 2);
const cvMax = 0.8;

function burstiness(workload: Workload): Float64Array {
  const { components, samples, demandCores } = workload;
  const cv = new Float64Array(components);
  const jumps = new Float64Array(samples - 1);
  for (let component = 0; component < components; component += 1) {
    const series = demandCores.subarray(component * samples, (component + 1) * samples);
    let sum = series[0] ?? 0;
    for (let sample = 1; sample < samples; sample += 1) {
      sum += series[sample] ?? 0;
      jumps[sample - 1] = Math.abs((series[sample] ?? 0) - (series[sample - 1] ?? 0));
    }
    const median = jumps.toSorted()[Math.floor(jumps.length / 2)] ?? 0;
    const mean = sum / samples;
    cv[component] = mean > 0 ? Math.min(cvMax, (burstScale * 1.4826 * median) / Math.SQRT2 / mean) : 0;
  }
  return cv;
}

function mixed(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
