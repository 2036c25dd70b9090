import { GodwitError, messageOf } from '../../core/errors.ts';
import type { Cancel } from '../../core/ports.ts';
import type { Entry, StopWatching, WatchEvent } from '../contract.ts';
import { revision } from '../contract.ts';
import { StoreUnavailableError } from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import type { Answer } from './connection.ts';
import type { Reads } from './reads.ts';
import type { TableNames } from './sql.ts';
import { entryOf, textOf, watchChangesStatement, watchListStatement } from './sql.ts';

/** How often the changes of others are looked for while something is watched, in milliseconds. */
export const watchPollMs = 50;
/** How soon after a write of this session, in milliseconds: not before whoever waits for the write has its answer, and once for many. */
const ownWritesMs = 5;

interface Watch {
  readonly prefix: string;
  readonly listener: (event: WatchEvent) => void;
  /** Everything up to this revision has been told; null before the first list and after a failure. */
  seen: number | null;
  /** Its listener knows that it cannot be read. */
  interrupted: boolean;
}

interface WatchParts {
  readonly url: string;
  readonly options: StoreOptions;
  readonly tables: TableNames;
  readonly reads: Reads;
}

/**
 * Finds out what changed for each watch, by asking for the rows above the revision that it has seen. Transactions end in the order of their
 * revisions, so none appears below one that was seen. What this session writes itself is looked for soon.
 */
export class RegistryWatches {
  readonly #parts: WatchParts;
  readonly #watches = new Set<Watch>();
  #cancel: Cancel = () => undefined;
  /** Null while nothing that this session wrote waits to be looked for. */
  #cancelSoon: Cancel | null = null;
  #isLooking = false;
  #isStale = false;
  #ended: string | null = null;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  add(prefix: string, listener: (event: WatchEvent) => void): StopWatching {
    if (this.#ended !== null) {
      const error = new StoreUnavailableError('watching', this.#parts.url, this.#ended);
      return this.#parts.options.clock.after(0, () => listener({ kind: 'interrupted', error }));
    }
    const watch: Watch = { prefix, listener, seen: null, interrupted: false };
    this.#watches.add(watch);
    this.look();
    return () => {
      this.#watches.delete(watch);
      if (this.#watches.size === 0) this.#rest();
    };
  }

  /** This session has written something. */
  lookSoon(): void {
    if (this.#watches.size === 0) return;
    this.#cancelSoon ??= this.#parts.options.clock.after(ownWritesMs, () => {
      this.#cancelSoon = null;
      this.look();
    });
  }

  #rest(): void {
    this.#cancel();
    this.#cancelSoon?.();
    this.#cancelSoon = null;
  }

  /** Looks now, or once more when a look is under way. */
  look(): void {
    this.#isStale = true;
    if (!this.#isLooking) void this.#lookAround();
  }

  /** No listener is called any more. */
  stop(): void {
    this.#ended ??= 'was closed';
    this.#watches.clear();
    this.#rest();
  }

  end(reason: string): void {
    const watches = [...this.#watches];
    this.#ended = reason;
    this.stop();
    const error = new StoreUnavailableError('watching', this.#parts.url, reason);
    for (const { listener, interrupted } of watches)
      if (!interrupted) listener({ kind: 'interrupted', error });
  }

  async #lookAround(): Promise<void> {
    this.#isLooking = true;
    this.#cancel();
    while (this.#isStale && this.#watches.size > 0) {
      this.#isStale = false;
      const watches = [...this.#watches];
      await Promise.all([
        ...watches.filter(({ seen }) => seen === null).map((watch) => this.#list(watch)),
        this.#changes(watches.filter(({ seen }) => seen !== null)),
      ]);
    }
    this.#isLooking = false;
    if (this.#watches.size > 0)
      this.#cancel = this.#parts.options.clock.after(watchPollMs, () => this.look());
  }

  async #list(watch: Watch): Promise<void> {
    const { reads, tables } = this.#parts;
    await this.#tell([watch], async () => {
      const found = this.#read(await reads.ask('watching', watchListStatement(tables, watch.prefix)));
      watch.seen = found.head;
      watch.interrupted = false;
      return () => {
        const entries = found.entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
        this.#call(watch, { kind: 'listed', entries, revision: revision(found.head) });
      };
    });
  }

  async #changes(watches: readonly Watch[]): Promise<void> {
    if (watches.length === 0) return;
    const { reads, tables } = this.#parts;
    await this.#tell(watches, async () => {
      const since = Math.min(...watches.map(({ seen }) => seen ?? 0));
      const prefixes = [...new Set(watches.map(({ prefix }) => prefix))];
      const found = this.#read(await reads.ask('watching', watchChangesStatement(tables, prefixes, since)));
      return () => {
        for (const watch of watches) this.#change(watch, found);
      };
    });
  }

  #change(watch: Watch, { head, forgotten, entries, removed }: Found): void {
    const { prefix, seen } = watch;
    if (seen === null || head === seen) return;
    if (forgotten > seen) {
      // Deletions that it was not told are forgotten by now.
      watch.seen = null;
      this.#isStale = true;
      return;
    }
    watch.seen = head;
    const isNews = ({ key, revision: at }: { readonly key: string; readonly revision: number }): boolean =>
      at > seen && key.startsWith(prefix);
    const news = entries.filter(isNews);
    const gone = removed.filter(isNews).map(({ key }) => key);
    if (news.length + gone.length === 0) return;
    this.#call(watch, { kind: 'changed', entries: news, removed: gone, revision: revision(head) });
  }

  /** Tells watchers what was read, or that it cannot be: once per interruption, and `listed` says when it is over. */
  async #tell(watches: readonly Watch[], read: () => Promise<() => void>): Promise<void> {
    let told: () => void;
    try {
      told = await read();
    } catch (thrown) {
      return this.#interrupted(watches, thrown);
    }
    told();
  }

  #interrupted(watches: readonly Watch[], thrown: unknown): void {
    const error =
      thrown instanceof GodwitError
        ? thrown
        : new StoreUnavailableError('watching', this.#parts.url, `failed: ${messageOf(thrown)}`);
    for (const watch of watches) {
      const told = watch.interrupted;
      watch.interrupted = true;
      watch.seen = null;
      if (!told) this.#call(watch, { kind: 'interrupted', error });
    }
  }

  #call(watch: Watch, event: WatchEvent): void {
    if (this.#watches.has(watch)) watch.listener(event);
  }

  #read({ rows }: Answer): Found {
    const entries: Entry[] = [];
    const removed: { key: string; revision: number }[] = [];
    for (const row of rows) {
      if (row['key'] === null) continue;
      if (row['value'] === null) removed.push({ key: textOf(row['key']), revision: Number(row['revision']) });
      else entries.push(entryOf(this.#parts.url, row));
    }
    return { head: Number(rows[0]?.['head']), forgotten: Number(rows[0]?.['forgotten']), entries, removed };
  }
}

/** What one statement showed, all of one moment. */
interface Found {
  readonly head: number;
  readonly forgotten: number;
  readonly entries: readonly Entry[];
  readonly removed: readonly { readonly key: string; readonly revision: number }[];
}
