/** One call: when it comes, to which host, and how much CPU time it wants. */
export interface Job {
  readonly atMs: number;
  readonly host: number;
  readonly cpuMs: number;
}

export interface LoadShape {
  readonly hosts: number;
  readonly durationMs: number;
  /** Share of all hosts' CPU that the jobs want together, in (0, 1). */
  readonly utilization: number;
  readonly cpuMsMean: number;
  /** Share of the jobs that come to the one host that is hot at the time. */
  readonly skew: number;
  /** How often another host becomes the hot one. */
  readonly shifts: number;
  readonly hostCores: number;
}

/**
 * Jobs that come at random, most of them to one host, which changes: a skewed and shifting load. Times between arrivals
 * are exponential; work is log-normal with a coefficient of variation of 0.5, and adds up to the utilization.
 *
 * @param uniform seeded, in [0, 1)
 */
export function skewedLoad(shape: LoadShape, uniform: () => number): readonly Job[] {
  const { hosts, durationMs, utilization, cpuMsMean, skew, shifts, hostCores } = shape;
  const wantedMs = utilization * hosts * hostCores * durationMs;
  const count = Math.max(1, Math.round(wantedMs / cpuMsMean));
  const gaps = Array.from({ length: count }, () => -Math.log(1 - uniform()));
  const gapsSum = gaps.reduce((sum, gap) => sum + gap, 0);
  const sizes = Array.from({ length: count }, () => Math.exp(sigma * normal(uniform)));
  const sizesSum = sizes.reduce((sum, size) => sum + size, 0);
  let atMs = 0;
  return gaps.map((gap, index) => {
    const job = {
      atMs,
      host: hostAt(Math.floor((atMs / durationMs) * shifts), hosts, skew, uniform),
      cpuMs: ((sizes[index] as number) / sizesSum) * wantedMs,
    };
    atMs += (gap / gapsSum) * durationMs;
    return job;
  });
}

/** Of a log-normal distribution whose coefficient of variation is 0.5: sqrt(ln(1 + 0.5²)). */
const sigma = Math.sqrt(Math.log(1.25));

function hostAt(shift: number, hosts: number, skew: number, uniform: () => number): number {
  return uniform() < skew ? shift % hosts : Math.floor(uniform() * hosts);
}

/** Box and Muller 1958. */
function normal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
