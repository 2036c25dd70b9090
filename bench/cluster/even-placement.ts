/** Each host as a processor that its calls share equally: who has how much work left at any time. */
export class EvenPlacement {
  readonly #hosts: { left: number; readonly id: number }[][];
  readonly #cores: number;
  #atMs = 0;

  constructor(hosts: number, cores: number) {
    this.#hosts = Array.from({ length: hosts }, () => []);
    this.#cores = cores;
  }

  /** Puts a call where least work is left. @returns the host */
  place(id: number, cpuMs: number, nowMs: number): number {
    this.#advance(nowMs);
    const sums = this.#hosts.map((jobs) => jobs.reduce((sum, { left }) => sum + left, 0));
    const least = sums.indexOf(Math.min(...sums));
    this.#hosts[least]?.push({ id, left: cpuMs });
    return least;
  }

  /** A call has ended, whatever the model says. */
  ended(id: number, nowMs: number): void {
    this.#advance(nowMs);
    for (const jobs of this.#hosts) {
      const at = jobs.findIndex((job) => job.id === id);
      if (at >= 0) jobs.splice(at, 1);
    }
  }

  #advance(nowMs: number): void {
    for (const jobs of this.#hosts) {
      const each = ((nowMs - this.#atMs) * this.#cores) / Math.max(1, jobs.length);
      for (const job of jobs) job.left = Math.max(0, job.left - each);
    }
    this.#atMs = nowMs;
  }
}
