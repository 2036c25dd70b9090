import { CommanderError } from 'commander';
import { ConfigurationError } from '../config.ts';
import { GodwitError, messageOf } from '../core/errors.ts';
import { columnsOf, wrappedLines } from './terminal.ts';

/** Whoever waited was interrupted before it was done. */
export class InterruptedError extends GodwitError {
  override readonly name = 'InterruptedError';
  readonly code = 'INTERRUPTED';
  readonly retryable = true;
}

/** What every command says about its exit codes. */
export const exitCodes =
  'Exit codes: 0 done (Ctrl-C is how `up`, `host` and `events --follow` are done), 1 it failed,\n' +
  '2 the command line or the configuration is wrong, 130 interrupted before it was done.';

/** What JSON output shows of an error. */
export interface FailureDocument {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export function failureDocument(error: unknown): FailureDocument {
  if (error instanceof GodwitError)
    return { code: error.code, message: error.message, retryable: error.retryable };
  if (error instanceof CommanderError)
    return { code: 'USAGE', message: error.message.replace(/^error: /, ''), retryable: false };
  return { code: 'UNEXPECTED', message: messageOf(error), retryable: false };
}

/** Prints an error where it belongs, and sets the exit code. */
export function fail(error: unknown, json: boolean): void {
  if (error instanceof CommanderError && error.exitCode === 0) return; // Help and version were asked for.
  process.exitCode = exitCodeOf(error);
  if (json) console.log(JSON.stringify({ error: failureDocument(error) }));
  // What is wrong with a command line was printed when it was parsed.
  else if (!(error instanceof CommanderError)) console.error(failureText(error));
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError || error instanceof ConfigurationError) return 2;
  return error instanceof InterruptedError ? 130 : 1;
}

function failureText(error: unknown): string {
  if (error instanceof InterruptedError) return error.message;
  if (error instanceof GodwitError)
    return wrappedLines(`${error.message} [${error.code}]`, columnsOf(process.stderr));
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
}
