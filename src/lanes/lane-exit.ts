import { GodwitError } from '../core/errors.ts';
import type { IncarnationId, LaneIndex } from '../core/ids.ts';

/** A lane's thread ended by itself; the executions on it are gone, and their host recovers them from checkpoints. */
export class LaneExitedError extends GodwitError {
  override readonly name = 'LaneExitedError';
  readonly code = 'LANE_EXITED';
  readonly retryable = true;

  constructor(lane: LaneIndex, incarnation: IncarnationId, cause: Error | { readonly exitCode: number }) {
    const reason =
      cause instanceof Error
        ? `an error that nothing caught: ${cause.message}`
        : `process.exit(${cause.exitCode}) was called on it`;
    super(
      `Lane ${lane} of ${incarnation} ended: ${reason}. Its executions go on from their last checkpoints; ` +
        `look for the cause in the effects and libraries that ran there.`,
      { cause },
    );
  }
}
