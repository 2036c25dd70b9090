import { ExecutionFailedError, NotFoundError } from './cluster-errors.ts';
import type { ExecutionId } from './core/ids.ts';
import { decodeValue } from './methods/snapshot/index.ts';
import type { ResultPointer } from './protocols/ownership/register.ts';

/**
 * What an execution returned.
 *
 * @param bytes what the vault holds under the result's key
 * @throws {ExecutionFailedError} with what it threw, and its stack in terms of its own files
 * @throws {NotFoundError} when the vault holds nothing
 */
export function outcomeOf(
  execution: ExecutionId,
  { outcome, vaultKey }: ResultPointer,
  bytes: Uint8Array | null,
): unknown {
  if (bytes === null) {
    throw new NotFoundError(
      `The result of ${execution} (${vaultKey}) is not in the store any more: its retention has ended.`,
    );
  }
  if (outcome === 'returned') return decodeValue(bytes);
  const thrown = decodeValue(bytes) as {
    readonly message: string;
    readonly stack: string;
    readonly value: Uint8Array;
  };
  throw new ExecutionFailedError(execution, thrown.message, thrown.stack, decodeValue(thrown.value));
}
