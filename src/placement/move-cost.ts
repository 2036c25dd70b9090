/** What moves take here, as measured: pause = base + bytes / rate. Start from `moveCostPrior`; `learnMove` goes on. */
export interface MoveCostModel {
  readonly basePauseMs: number;
  readonly bytesPerMs: number;
  /** Measured bytes of a move for each byte of the last capture. */
  readonly bytesRatio: number;
  /** Share of moves that failed, in [0, 1]. */
  readonly failureRatio: number;
  /** Median of |measured − expected| / expected pause. */
  readonly pauseErrorRatio: number;
  /** The newest moves, oldest first; bounded. */
  readonly moves: readonly MeasuredMove[];
}

/** A move that was made. */
export interface MeasuredMove {
  /** What the execution's last capture said before it. */
  readonly snapshotBytes: number;
  readonly bytes: number;
  readonly pauseMs: number;
}
