import { ExecutionFailedError, NotFoundError } from './cluster-errors.ts';
import { GodwitError } from './core/errors.ts';
import type { ExecutionId } from './core/ids.ts';
import { decodeValue } from './methods/snapshot/index.ts';
import type { Tables } from './actors/ports.ts';
import type { Vault } from './store/contract.ts';
import type { ResultPointer } from './protocols/ownership/register.ts';

/**
 * What an execution returned; its register then says that somebody has read it.
 *
 * @throws {ExecutionFailedError} with what it threw, and its stack in terms of its own files
 * @throws {NotFoundError} when its retention has ended
 */
export async function readOutcome(
  vault: Pick<Vault, 'get'>,
  registers: Tables['registers'],
  execution: ExecutionId,
  { outcome, vaultKey }: ResultPointer,
): Promise<unknown> {
  const bytes = await vault.get(vaultKey);
  if (bytes === null) {
    throw new NotFoundError(
      `The result of ${execution} (${vaultKey}) is not in the store any more: its retention has ended.`,
    );
  }
  await noteRead(registers, execution);
  if (outcome === 'returned') return decodeValue(bytes);
  const thrown = decodeValue(bytes) as {
    readonly message: string;
    readonly stack: string;
    readonly value: Uint8Array;
  };
  throw new ExecutionFailedError(execution, thrown.message, thrown.stack, decodeValue(thrown.value));
}

/** Notes that somebody has a result. A hint for its retention, worth one attempt: without it the result is kept longer. */
async function noteRead(registers: Tables['registers'], execution: ExecutionId): Promise<void> {
  try {
    const found = await registers.get(execution);
    const standing = found?.row.standing;
    if (found === null || standing?.phase !== 'settled' || standing.fate !== 'unread') return;
    await registers.cas(execution, found.revision, {
      ...found.row,
      standing: { ...standing, fate: 'read' },
    });
  } catch (error) {
    if (!(error instanceof GodwitError)) throw error;
  }
}
