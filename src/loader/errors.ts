import { GodwitError } from '../core/errors.ts';

/** A file that cannot be loaded, because it says that it is movable and is not. */
export class LoadRefusedError extends GodwitError {
  override readonly name = 'LoadRefusedError';
  readonly code = 'LOAD_REFUSED';
  readonly retryable = false;
}
