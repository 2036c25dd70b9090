import type { ExecutionId } from '../core/ids.ts';
import type { Bytes } from './ports.ts';

/** Where the encoded arguments of an execution stand in the vault until it has ended. */
export function argumentsKey(execution: ExecutionId): string {
  return `arguments/${execution}`;
}

/** The register of an execution that has ended names only its result: deletes what it took to get there. */
export async function deleteRemains(vault: Bytes, execution: ExecutionId): Promise<void> {
  const snapshots = await vault.list(`snapshot/${execution}/`);
  for (const key of [...snapshots, argumentsKey(execution)]) await vault.delete(key);
}

/** Lives of it that were lost before the register had their ends may have left results, too, which no register ever named. */
export async function deleteResults(vault: Bytes, execution: ExecutionId): Promise<void> {
  for (const key of await vault.list(`result/${execution}/`)) await vault.delete(key);
}
