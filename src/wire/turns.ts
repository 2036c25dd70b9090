/** The right to do one of a bounded number of things at a time. */
export interface Turn {
  /** Gives the turn to the next that waits; once. */
  end(): void;
}

/** Hands out turns in the order of asking. */
export class Turns {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  #running = 0;
  readonly #waiting: ((turn: Turn) => void)[] = [];

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /** @returns null when as many wait already as may */
  async next(): Promise<Turn | null> {
    if (this.#running < this.#runningMax) {
      this.#running += 1;
      return this.#turn();
    }
    if (this.#waiting.length >= this.#waitingMax) return null;
    return new Promise<Turn>((resolve) => this.#waiting.push(resolve));
  }

  #turn(): Turn {
    let ended = false;
    return {
      end: () => {
        if (ended) return;
        ended = true;
        const next = this.#waiting.shift();
        if (next === undefined) this.#running -= 1;
        else next(this.#turn());
      },
    };
  }
}
