import { median } from 'simple-statistics';

/**
 * What moves take here, as measured: `pause = basePauseMs + bytes / bytesPerMs`. Begin with `moveCostPrior`; each
 * `learnMove` and `learnFailure` corrects it.
 */
export interface MoveCostModel {
  readonly basePauseMs: number;
  readonly bytesPerMs: number;
  /** Measured bytes of a move for each byte of the last capture before it. */
  readonly bytesRatio: number;
  /** Smoothed share of moves that failed, in [0, 1]. */
  readonly failureRatio: number;
  /** Median of |measured − expected| / expected pause over the remembered moves; 0 before the first. */
  readonly pauseErrorRatio: number;
  /** The newest moves, oldest first; at most `movesMax`. */
  readonly moves: readonly MeasuredMove[];
}

/** A move that was made. */
export interface MeasuredMove {
  /** What the execution's last capture said before it; 0 when there was none. */
  readonly snapshotBytes: number;
  readonly bytes: number;
  readonly pauseMs: number;
  /** What this model had expected. */
  readonly expectedPauseMs: number;
}

/** What a move is expected to take. */
export interface MoveCost {
  readonly pauseMs: number;
  readonly bytes: number;
}

const movesMax = 64;
/** Fewer say nothing about a slope. */
const movesMin = 5;
/** Of an execution that was never captured. */
const unknownBytes = 64 * 1024;
/** Weight of the newest outcome in the smoothed share of failures. */
const failureSmoothing = 0.05;
/** Half an hour, a terabyte: beyond it, a measurement is none. */
const pauseMaxMs = 1_800_000;
const bytesMax = 2 ** 40;
const bytesPerMsBounds = [100, 10_000_000] as const;

/** Before anything was measured: what a small execution took between two processes of one machine, generously. */
export const moveCostPrior: MoveCostModel = {
  basePauseMs: 20,
  bytesPerMs: 100_000,
  bytesRatio: 1,
  failureRatio: 0.02,
  pauseErrorRatio: 0,
  moves: [],
};

/** @param snapshotBytes of the last capture; 0 when there was none */
export function expectedCost(model: MoveCostModel, snapshotBytes: number): MoveCost {
  const bytes = (snapshotBytes > 0 ? snapshotBytes : unknownBytes) * model.bytesRatio;
  return { pauseMs: model.basePauseMs + bytes / model.bytesPerMs, bytes };
}

/**
 * Corrects the model by a move that was made. Pause over bytes is fitted by the Theil–Sen estimator (the median of the
 * slopes between all pairs, then the median of what is left), which up to 29 % of wild measurements do not spoil; bytes
 * over the last capture by the median of the ratios. A measurement that cannot be is passed over.
 *
 * @param snapshotBytes of the last capture before the move; 0 when there was none
 */
export function learnMove(
  model: MoveCostModel,
  snapshotBytes: number,
  measured: { readonly pauseMs: number; readonly bytes: number },
): MoveCostModel {
  const { pauseMs, bytes } = measured;
  const isSound =
    pauseMs >= 0 && pauseMs <= pauseMaxMs && bytes >= 0 && bytes <= bytesMax && snapshotBytes >= 0;
  if (!isSound) return model;
  const { pauseMs: expectedPauseMs } = expectedCost(model, snapshotBytes);
  const moves = [...model.moves, { snapshotBytes, bytes, pauseMs, expectedPauseMs }].slice(-movesMax);
  const failureRatio = model.failureRatio * (1 - failureSmoothing);
  return { ...fitted(model, moves), failureRatio, pauseErrorRatio: errorOf(moves), moves };
}

/** Counts a move that did not come about. */
export function learnFailure(model: MoveCostModel): MoveCostModel {
  return { ...model, failureRatio: model.failureRatio * (1 - failureSmoothing) + failureSmoothing };
}

function fitted(model: MoveCostModel, moves: readonly MeasuredMove[]): MoveCostModel {
  if (moves.length < movesMin) return model;
  const slopes = moves.flatMap((one, index) =>
    moves
      .slice(index + 1)
      .filter((other) => Math.abs(other.bytes - one.bytes) > 1024)
      .map((other) => (other.pauseMs - one.pauseMs) / (other.bytes - one.bytes)),
  );
  // Without different sizes there is no slope to see: the rate stays, and the base takes the rest.
  const bytesPerMs = slopes.length < movesMin ? model.bytesPerMs : rateOf(median(slopes));
  const basePauseMs = Math.max(0, median(moves.map((move) => move.pauseMs - move.bytes / bytesPerMs)));
  const ratios = moves
    .filter(({ snapshotBytes, bytes }) => snapshotBytes > 0 && bytes > 0)
    .map(({ snapshotBytes, bytes }) => bytes / snapshotBytes);
  const bytesRatio = ratios.length < movesMin ? model.bytesRatio : median(ratios);
  return { ...model, basePauseMs, bytesPerMs, bytesRatio };
}

function rateOf(slope: number): number {
  const [slowest, fastest] = bytesPerMsBounds;
  return slope <= 0 ? fastest : Math.max(slowest, Math.min(fastest, 1 / slope));
}

function errorOf(moves: readonly MeasuredMove[]): number {
  return median(
    moves.map(
      ({ pauseMs, expectedPauseMs }) => Math.abs(pauseMs - expectedPauseMs) / Math.max(1, expectedPauseMs),
    ),
  );
}
