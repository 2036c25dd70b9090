import { GodwitError } from '../core/errors.ts';

/** A run of the verifier did not come to its end. */
export class RunFailedError extends GodwitError {
  override readonly name = 'RunFailedError';
  readonly code = 'RUN_FAILED';
  readonly retryable = false;
}

/** There is no Node.js of a version that was asked for. */
export class NodeVersionError extends GodwitError {
  override readonly name = 'NodeVersionError';
  readonly code = 'NODE_VERSION';
  readonly retryable = true;
}

/** A file is no snapshot that `resume` could finish. */
export class SnapshotFileError extends GodwitError {
  override readonly name = 'SnapshotFileError';
  readonly code = 'SNAPSHOT_FILE';
  readonly retryable = false;
}

/** A file that was named is no program. */
export class ProgramFileError extends GodwitError {
  override readonly name = 'ProgramFileError';
  readonly code = 'PROGRAM_FILE';
  readonly retryable = false;
}
