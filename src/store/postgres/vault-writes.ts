import type { StoreOptions } from '../options.ts';
import type { Channel } from './channel.ts';
import type { Answer, Query } from './connection.ts';
import type { IfLost } from './desk.ts';
import { Desk } from './desk.ts';
import type { TableNames } from './sql.ts';
import type { SmallPut, VaultWrite } from './vault-sql.ts';
import { putQuery, writeQuery } from './vault-sql.ts';

/** Small values that share one transaction, and one flush, at most. */
const putsMax = 64;
const putsBytesMax = 4 * 1024 * 1024;

/** Where whatever changes the vault waits. Each call gets the answers of the query that it was part of. */
export function openVaultWrites(
  url: string,
  options: StoreOptions,
  channel: Channel,
  tables: TableNames,
): Desk<VaultWrite, readonly Answer[]> {
  return new Desk<VaultWrite, readonly Answer[]>(url, options, channel, {
    ifLost,
    choose,
    query: (batch) => queryOf(tables, batch),
    settle: (batch, answers) => {
      for (const job of batch) job.resolve(answers);
      return null;
    },
  });
}

/** Keys are used once, so that a value may be put again. A chunk that nobody can see may come or go as often as it likes. */
function ifLost({ kind }: VaultWrite): IfLost {
  if (kind === 'put' || kind === 'seal') return 'repeat';
  return kind === 'delete' ? 'doubt' : 'again';
}

/** Small values that wait go together, each key once; everything else goes alone, in order. */
function choose(waiting: readonly VaultWrite[]): readonly number[] {
  if (waiting[0]?.kind !== 'put') return [0];
  const chosen: number[] = [];
  const keys = new Set<string>();
  let bytes = 0;
  for (const [index, write] of waiting.entries()) {
    if (write.kind !== 'put' || keys.has(write.key)) continue;
    if (chosen.length === putsMax || (chosen.length > 0 && bytes + write.bytes.byteLength > putsBytesMax))
      break;
    keys.add(write.key);
    bytes += write.bytes.byteLength;
    chosen.push(index);
  }
  return chosen;
}

function queryOf(tables: TableNames, batch: readonly VaultWrite[]): Query {
  const [first] = batch;
  if (first !== undefined && first.kind !== 'put') return writeQuery(tables, first);
  return putQuery(
    tables,
    batch.filter((write): write is SmallPut => write.kind === 'put'),
  );
}
