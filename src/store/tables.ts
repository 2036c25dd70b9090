import type { Found, Swap, Table, TableChange, Tables } from '../actors/ports.ts';
import type { Along, Change, Entry, Registry, Revision } from './contract.ts';
import { nothing, revision } from './contract.ts';
import type { RowCodec } from './rows.ts';
import { rowCodecs } from './rows.ts';

/** The registry's rows, typed. What cannot be read is reported by `onUnreadable` and left out of lists and watches. */
export function openTables(registry: Registry, onUnreadable: (error: unknown) => void): Tables {
  return {
    leases: table(registry, rowCodecs.leases, onUnreadable),
    registers: table(registry, rowCodecs.registers, onUnreadable),
    seats: table(registry, rowCodecs.seats, onUnreadable),
  };
}

function table<Row>(
  registry: Registry,
  codec: RowCodec<Row>,
  onUnreadable: (error: unknown) => void,
): Table<Row> {
  const found = (entry: Entry): Found<Row> => ({
    row: codec.decode(entry.key, entry.value),
    revision: entry.revision,
  });
  const readable = (entries: readonly Entry[]): readonly Found<Row>[] =>
    entries.flatMap((entry) => {
      try {
        return [found(entry)];
      } catch (error) {
        onUnreadable(error);
        return [];
      }
    });
  const swap = async (
    id: string,
    expected: Revision | 'absent',
    change: Change,
    along: Along = nothing,
  ): Promise<Swap> => {
    const answer = await registry.cas(codec.prefix + id, expected, change, along);
    return answer.kind === 'done' ? answer : { kind: 'conflict', storeTimeMs: answer.storeTimeMs };
  };
  return {
    async get(id) {
      const entry = await registry.get(codec.prefix + id);
      return entry === null ? null : found(entry);
    },
    list: async () => readable(await registry.list(codec.prefix)),
    cas: (id, expected, row, along) =>
      swap(id, expected === null ? 'absent' : revision(expected), codec.encode(row), along),
    delete: (id, expected) => swap(id, revision(expected), 'delete'),
    watch: (listener) =>
      registry.watch(codec.prefix, (event) => {
        if (event.kind === 'interrupted') return;
        const removed =
          event.kind === 'changed' ? event.removed.map((key) => key.slice(codec.prefix.length)) : [];
        const change: TableChange<Row> = {
          complete: event.kind === 'listed',
          rows: readable(event.entries),
          removed,
        };
        listener(change);
      }),
  };
}
