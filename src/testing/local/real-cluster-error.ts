import { GodwitError } from '../../core/errors.ts';

/** A cluster of real processes cannot do what it was asked for; the message names the host. */
export class RealClusterError extends GodwitError {
  override readonly name = 'RealClusterError';
  readonly code = 'REAL_CLUSTER';
  readonly retryable = false;
}
