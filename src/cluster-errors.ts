import { GodwitError } from './core/errors.ts';
import type { ExecutionId } from './core/ids.ts';
import type { RegisterRow } from './protocols/ownership/register.ts';
import type { Refusal } from './methods/compiler/index.ts';
import { shownUrl } from './store/shown-url.ts';
import type { StoreLocation } from './store/state-folder.ts';

/** No cluster was ever started at a store. */
export class NoClusterError extends GodwitError {
  override readonly name = 'NoClusterError';
  readonly code = 'NO_CLUSTER';
  readonly retryable = true;

  constructor(location: StoreLocation, why: string) {
    super(
      `No cluster at ${shownUrl(location.url)}: ${why}. Start one with \`godwit up\`, or name its store with --store or GODWIT_STORE.`,
    );
  }
}

/** A file that cannot be moved, with every reason. */
export class MethodsRefusedError extends GodwitError {
  override readonly name = 'MethodsRefusedError';
  readonly code = 'METHODS_REFUSED';
  readonly retryable = false;
  readonly refusals: readonly Refusal[];

  constructor(file: string, refusals: readonly Refusal[]) {
    const lines = refusals.map(
      ({ path, line, column, what, instead }) =>
        `  ${path}:${line}:${column} ${what}.\n    Write instead: ${instead}.`,
    );
    super(`${file} cannot be made movable:\n${lines.join('\n')}`);
    this.refusals = refusals;
  }
}

/** The cluster does not have what was named. */
export class NotFoundError extends GodwitError {
  override readonly name = 'NotFoundError';
  readonly code = 'NOT_FOUND';
  readonly retryable = false;
}

/** A host or an execution refused what it was asked for. */
export class RefusedError extends GodwitError {
  override readonly name = 'RefusedError';
  readonly code = 'REFUSED';
  readonly retryable = true;
}

/** @returns why nothing can be asked of an execution that is not live */
export function notLive(execution: ExecutionId, standing: RegisterRow['standing']): RefusedError | null {
  if (standing.phase === 'live' || standing.phase === 'released') return null;
  return new RefusedError(
    standing.phase === 'settled'
      ? `${execution} has ended: it ${standing.result.outcome}. \`godwit wait ${execution}\` shows what.`
      : `${execution} is quarantined: ${standing.reason}. \`godwit release ${execution}\` lets it run again.`,
  );
}

/** An execution ended by throwing; `cause` is what it threw. */
export class ExecutionFailedError extends GodwitError {
  override readonly name = 'ExecutionFailedError';
  readonly code = 'EXECUTION_FAILED';
  readonly retryable = false;
  /** Of the method, in terms of its own files. */
  readonly executionStack: string;

  constructor(execution: ExecutionId, message: string, executionStack: string, cause: unknown) {
    super(`Execution ${execution} threw: ${message}`, { cause });
    this.executionStack = executionStack;
  }
}
