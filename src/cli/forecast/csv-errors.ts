import { GodwitError } from '../../core/errors.ts';

/** A file cannot be read as a series: the message says where and why. */
export class CsvError extends GodwitError {
  override readonly name = 'CsvError';
  readonly code = 'CSV_UNREADABLE';
  readonly retryable = false;
}
