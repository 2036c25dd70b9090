import type {
  Along,
  CasAnswer,
  Change,
  Entry,
  Registry,
  Revision,
  StopWatching,
  WatchEvent,
} from '../contract.ts';
import { alongBytesMax, nothing, revision } from '../contract.ts';
import { StoreAmbiguousError, StoreUnavailableError } from '../errors.ts';
import { checkCas, checkKey, checkPrefix } from '../keys.ts';
import type { StoreOptions } from '../options.ts';
import type { Channel } from './channel.ts';
import type { Answer } from './connection.ts';
import { Desk } from './desk.ts';
import type { Job } from './desk.ts';
import type { History } from './history.ts';
import { loneWrite } from './lone-write.ts';
import type { Reads } from './reads.ts';
import type { CasAsked, TableNames } from './sql.ts';
import { casBatch, entryOf, getStatement, listStatement, revisionsKept, revisionsSlack } from './sql.ts';
import { RegistryWatches } from './watches.ts';

/** What the transaction said of one compare-and-set. */
interface CasSettled {
  /** null: the key was not at the expected revision. */
  readonly revision: Revision | null;
  readonly storeTimeMs: number;
}

/** Compare-and-sets that share one transaction, and one flush, at most. */
const batchMax = 128;
const batchBytesMax = 2 * 1024 * 1024;

export interface RegistryParts {
  readonly url: string;
  readonly options: StoreOptions;
  readonly tables: TableNames;
  readonly history: History;
  readonly reads: Reads;
  /** For writes alone. */
  readonly channel: Channel;
}

/** The contract's registry in two tables: its rows, and a head of one row that every write takes first. */
export class PostgresRegistry implements Registry {
  readonly alongMaxBytes = alongBytesMax;
  readonly #parts: RegistryParts;
  readonly #writes: Desk<CasAsked, CasSettled>;
  readonly #watches: RegistryWatches;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#writes = openWrites(parts);
    this.#watches = new RegistryWatches(parts);
  }

  async get(key: string): Promise<Entry | null> {
    checkKey(key);
    return this.#get(`get ${key}`, key, this.#parts.options.callTimeoutMs);
  }

  async list(prefix: string): Promise<readonly Entry[]> {
    checkPrefix(prefix);
    const { rows } = await this.#parts.reads.ask(`list ${prefix}`, listStatement(this.#parts.tables, prefix));
    return rows.map((row) => entryOf(this.#parts.url, row));
  }

  watch(prefix: string, listener: (event: WatchEvent) => void): StopWatching {
    checkPrefix(prefix);
    return this.#watches.add(prefix, listener);
  }

  async cas(
    key: string,
    expected: Revision | 'absent',
    change: Change,
    along: Along = nothing,
  ): Promise<CasAnswer> {
    checkCas(key, expected, change, along, this.alongMaxBytes);
    const { options } = this.#parts;
    const call = `cas ${key}`;
    const endMs = options.clock.monotonicMs() + options.callTimeoutMs;
    // A copy: the caller may reuse its buffer.
    const kept = change === 'delete' ? change : new Uint8Array(change);
    const puts = along.puts.map((put) => ({ key: put.key, bytes: new Uint8Array(put.bytes) }));
    const asked = {
      key,
      expected: expected === 'absent' ? 0 : expected,
      change: kept,
      along: { puts, drops: along.drops },
    };
    for (;;) {
      const leftMs = endMs - options.clock.monotonicMs();
      if (leftMs <= 0) throw this.#contended(call);
      const settled = await this.#writes.ask(call, asked, leftMs);
      if (settled.revision !== null) {
        this.#watches.lookSoon();
        return { kind: 'done', revision: settled.revision, storeTimeMs: settled.storeTimeMs };
      }
      // Read afterwards, so that the transaction sends nothing long while it holds the head. What the key holds by now refuses the
      // call as well, unless it has become absent and was to be created: then it is as if the call had just come.
      const current = await this.#get(call, key, Math.max(1, endMs - options.clock.monotonicMs()));
      if ((current?.revision ?? 0) !== asked.expected) {
        return { kind: 'conflict', current, storeTimeMs: settled.storeTimeMs };
      }
    }
  }

  /** Resolves when the calls that wait have ended. */
  async close(): Promise<void> {
    this.#watches.stop();
    await this.#writes.close();
  }

  /** Refuses everything from now on, and tells the watchers. */
  end(reason: string): void {
    this.#writes.end(reason);
    this.#watches.end(reason);
  }

  async #get(call: string, key: string, timeoutMs: number): Promise<Entry | null> {
    const { reads, tables, url } = this.#parts;
    const { rows } = await reads.ask(call, getStatement(tables, key), timeoutMs);
    return rows[0] === undefined ? null : entryOf(url, rows[0]);
  }

  #contended(call: string): StoreUnavailableError {
    const reason = 'was changed by others each time that it was tried';
    return new StoreUnavailableError(call, this.#parts.url, reason);
  }
}

function openWrites({ url, options, channel, tables, history }: RegistryParts): Desk<CasAsked, CasSettled> {
  let latestBefore = 0;
  let isLong = false;
  return new Desk<CasAsked, CasSettled>(url, options, channel, {
    ifLost: () => 'doubt',
    choose: chooseBatch,
    query: (batch, { hasPrepared }) => {
      latestBefore = history.latest;
      const [only, ...others] = batch;
      const isLone = hasPrepared && !isLong && only !== undefined && others.length === 0;
      return (isLone ? loneWrite(only) : null) ?? casBatch(tables, batch, isLong);
    },
    settle: (batch, answers) => {
      // After BEGIN comes the head, then what was replaced and what was created, as far as there was any.
      const head = answers[1]?.rows[0];
      if (head === undefined) return `has no row of this format in ${tables.head}`;
      const latest = Number(head['revision']);
      // What the transaction itself added does not count. It was accepted on a server that has lost others: nobody may build on it.
      if (!history.accept(latest - batch.length, latestBefore)) return wentBack(url, batch);
      history.accept(latest, latestBefore);
      isLong = latest - Number(head['forgotten']) > revisionsKept + revisionsSlack;
      const done = revisionsOf(answers.slice(2));
      const storeTimeMs = Number(head['store_time_ms']);
      for (const [index, job] of batch.entries()) {
        const own = latest - (batch.length - 1 - index);
        job.resolve({ revision: done.has(own) ? revision(own) : null, storeTimeMs });
      }
      return null;
    },
  });
}

/** Done, but on a server that may be given up, or may be the one that stays. */
function wentBack(url: string, batch: readonly Job<CasAsked, CasSettled>[]): string {
  for (const { asked, reject } of batch) {
    reject(new StoreAmbiguousError(`cas ${asked.key}`, url, 'went back; open it again'));
  }
  return 'went back';
}

/** Each key once, in order: what else waits for a key sees what the first one left. */
function chooseBatch(waiting: readonly CasAsked[]): readonly number[] {
  const chosen: number[] = [];
  const keys = new Set<string>();
  let bytes = 0;
  for (const [index, { key, change, along }] of waiting.entries()) {
    const size =
      (change === 'delete' ? 0 : change.byteLength) +
      along.puts.reduce((sum, put) => sum + put.bytes.byteLength, 0);
    if (chosen.length === batchMax) break;
    if (keys.has(key)) continue;
    if (chosen.length > 0 && bytes + size > batchBytesMax) break;
    keys.add(key);
    bytes += size;
    chosen.push(index);
  }
  return chosen;
}

function revisionsOf(answers: readonly Answer[]): ReadonlySet<number> {
  return new Set(answers.flatMap(({ rows }) => rows.map((row) => Number(row['revision']))));
}
