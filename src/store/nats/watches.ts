import type { GodwitError } from '../../core/errors.ts';
import type { Cancel } from '../../core/ports.ts';
import { revision } from '../contract.ts';
import type { Entry, StopWatching, WatchEvent } from '../contract.ts';
import type { StoreOptions } from '../options.ts';
import type { Ledger, LedgerListener } from './ledger.ts';
import { checked } from './ledger.ts';
import type { Space } from './subjects.ts';
import type { Head, View } from './view.ts';

interface Watch {
  readonly prefix: string;
  readonly listener: (event: WatchEvent) => void;
  /** Whether its listener knows the prefix's state; until then `listed` is on its way. */
  isListed: boolean;
  isInterrupted: boolean;
  isStopped: boolean;
}

/** Tells the watchers what the ledger's view shows. */
export class Watches implements LedgerListener {
  readonly #ledger: Ledger;
  readonly #url: string;
  readonly #options: StoreOptions;
  readonly #watches = new Set<Watch>();
  #cancelInterruption: Cancel | null = null;

  constructor(ledger: Ledger, url: string, options: StoreOptions) {
    this.#ledger = ledger;
    this.#url = url;
    this.#options = options;
    ledger.follow(this);
  }

  add(prefix: string, listener: (event: WatchEvent) => void): StopWatching {
    const watch: Watch = { prefix, listener, isListed: false, isInterrupted: false, isStopped: false };
    this.#watches.add(watch);
    void this.#list(watch);
    return () => {
      watch.isStopped = true;
      this.#watches.delete(watch);
    };
  }

  stop(): void {
    for (const watch of this.#watches) watch.isStopped = true;
    this.#watches.clear();
    this.#cancelInterruption?.();
  }

  onChanged(space: Space, key: string | null, view: View): void {
    if (space !== 'rows') return;
    for (const watch of this.#watches) {
      if (!watch.isListed) continue;
      if (key === null) {
        watch.isListed = false;
        void this.#list(watch);
      } else if (key.startsWith(watch.prefix)) {
        this.#change(watch, key, view);
      }
    }
  }

  /** A consumer that takes over from another loses nothing, so a short silence is none of the watchers' business. */
  onInterrupted(error: GodwitError | null): void {
    this.#cancelInterruption?.();
    this.#cancelInterruption = null;
    if (error === null) {
      for (const watch of this.#watches) if (watch.isInterrupted && watch.isListed) void this.#relist(watch);
      return;
    }
    const wait = this.#ledger.ended === null ? this.#options.callTimeoutMs : 0;
    this.#cancelInterruption = this.#options.clock.after(wait, () => {
      for (const watch of this.#watches) this.#interrupt(watch, error);
    });
  }

  #change(watch: Watch, key: string, view: View): void {
    const at = revision(view.position);
    const row = view.row('rows', key);
    if (row !== null && !row.isWhole) {
      watch.isListed = false;
      return void this.#list(watch);
    }
    const entries = row === null ? [] : [entryOf(row)];
    const removed = row === null ? [key] : [];
    watch.listener({ kind: 'changed', entries, removed, revision: at });
  }

  #relist(watch: Watch): Promise<void> {
    watch.isListed = false;
    return this.#list(watch);
  }

  /** Until it succeeds, the watch is stopped, or the session is over. */
  async #list(watch: Watch): Promise<void> {
    while (!watch.isStopped && !watch.isListed) {
      try {
        await this.#ledger.read(`watch ${watch.prefix}`, (view) => {
          if (watch.isStopped) return;
          const entries = view
            .rows('rows', watch.prefix)
            .map((row) => entryOf(checked(row, this.#url) ?? row));
          watch.isListed = true;
          watch.isInterrupted = false;
          watch.listener({ kind: 'listed', entries, revision: revision(view.position) });
        });
      } catch (error) {
        this.#interrupt(watch, error as GodwitError);
        if (this.#ledger.ended !== null) return;
        await new Promise<void>((resolve) =>
          this.#options.clock.after(this.#options.callTimeoutMs / 10, resolve),
        );
      }
    }
  }

  #interrupt(watch: Watch, error: GodwitError): void {
    if (watch.isInterrupted || watch.isStopped) return;
    watch.isInterrupted = true;
    watch.listener({ kind: 'interrupted', error });
  }
}

/** A copy of its value: the view's own is everybody's. */
export function entryOf({ key, value, revision: at }: Head): Entry {
  return { key, value: new Uint8Array(value ?? new Uint8Array()), revision: revision(at) };
}
