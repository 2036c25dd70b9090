/**
 * A share of a thread's time, for work that may take long. It is earned as time goes by, and saved up to a bound. Work
 * begins only while something is left, and may overdraw what is left once: then nothing begins until that is earned
 * again. So over any span the work takes at most the share, what was saved, and one piece of work.
 */
export class Allowance {
  readonly #share: number;
  readonly #savedMsMax: number;
  readonly #nowMs: () => number;
  #leftMs: number;
  #earnedUntilMs: number;
  #spending = false;

  /**
   * @param share of all time, in [0, 1]
   * @param savedMsMax what may be saved; so much there is at the beginning
   * @param nowMs monotonic milliseconds
   */
  constructor(share: number, savedMsMax: number, nowMs: () => number) {
    this.#share = share;
    this.#savedMsMax = savedMsMax;
    this.#nowMs = nowMs;
    this.#leftMs = savedMsMax;
    this.#earnedUntilMs = nowMs();
  }

  /** Whether work may begin. Inside of work that has begun it may. */
  get isOpen(): boolean {
    if (this.#spending) return true;
    const nowMs = this.#nowMs();
    const earnedMs = (nowMs - this.#earnedUntilMs) * this.#share;
    this.#leftMs = Math.min(this.#savedMsMax, this.#leftMs + earnedMs);
    this.#earnedUntilMs = nowMs;
    return this.#leftMs > 0;
  }

  /** Does the work, whatever is left; what is done inside of it is counted once. */
  spend<Outcome>(work: () => Outcome): Outcome {
    if (this.#spending) return work();
    const fromMs = this.#nowMs();
    this.#spending = true;
    try {
      return work();
    } finally {
      this.#spending = false;
      this.#leftMs -= this.#nowMs() - fromMs;
    }
  }
}
