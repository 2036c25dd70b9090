import type { RegistryDatabase } from './database.ts';
import { classify } from './fault.ts';
import { watchPollMs } from './messages.ts';
import type { RawEntry, StoreReport } from './messages.ts';

interface Watch {
  readonly prefix: string;
  /** Everything up to this revision has been told; null before the first list and after a failure. */
  seen: number | null;
  /** Its listener knows that it cannot be read. */
  interrupted: boolean;
}

/** How soon after a commit of this thread, in milliseconds: one look is enough for many of them, and whoever waits for one comes first. */
const ownCommitsMs = 5;

/**
 * Finds out what changed for each watch. LMDB tells nobody about another process's commits, so while anything is watched the
 * head row is read every `watchPollMs` (a few microseconds); this thread's own commits are looked at soon.
 */
export class RegistryWatches {
  readonly #database: RegistryDatabase;
  readonly #file: string;
  readonly #report: (message: StoreReport) => void;
  readonly #watches = new Map<number, Watch>();
  #timer: NodeJS.Timeout | null = null;
  /** Null while no commit of this thread waits to be looked at. */
  #soon: NodeJS.Timeout | null = null;

  constructor(database: RegistryDatabase, file: string, report: (message: StoreReport) => void) {
    this.#database = database;
    this.#file = file;
    this.#report = report;
  }

  /** To be called inside `RegistryDatabase.read`. */
  add(id: number, prefix: string): void {
    const watch: Watch = { prefix, seen: null, interrupted: false };
    this.#watches.set(id, watch);
    this.#tell(id, watch);
    this.#timer ??= setInterval(() => this.look(), watchPollMs);
  }

  remove(id: number): void {
    this.#watches.delete(id);
    if (this.#watches.size === 0) this.stop();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#timer = null;
    this.#soon = null;
  }

  /** This thread has committed something. */
  lookSoon(): void {
    if (this.#watches.size === 0) return;
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      this.look();
    }, ownCommitsMs);
  }

  /** Tells every watch what it has not been told. */
  look(): void {
    if (this.#watches.size === 0) return;
    try {
      this.#database.read(() => {
        for (const [id, watch] of this.#watches) this.#tell(id, watch);
      });
    } catch (thrown) {
      for (const [id, watch] of this.#watches) this.#interrupted(id, watch, thrown);
    }
  }

  #tell(id: number, watch: Watch): void {
    try {
      if (watch.seen === null) this.#list(id, watch);
      else this.#change(id, watch, watch.seen);
    } catch (thrown) {
      this.#interrupted(id, watch, thrown);
    }
  }

  /** Told once per interruption, not at every look; `listed` says when it is over. */
  #interrupted(id: number, watch: Watch, thrown: unknown): void {
    const told = watch.interrupted;
    watch.interrupted = true;
    watch.seen = null;
    if (told) return;
    const failure = classify(thrown, this.#file, 'unavailable');
    this.#report({ kind: 'watched', watch: id, event: { kind: 'interrupted', failure } });
  }

  #list(id: number, watch: Watch): void {
    const revision = this.#database.revision();
    const entries = this.#database.list(watch.prefix);
    watch.seen = revision;
    watch.interrupted = false;
    this.#report({ kind: 'watched', watch: id, event: { kind: 'listed', entries, revision } });
  }

  #change(id: number, watch: Watch, seen: number): void {
    const changes = this.#database.changesSince(seen);
    if (changes.kind === 'none') return;
    if (changes.kind === 'gap') return this.#list(id, watch);
    const entries: RawEntry[] = [];
    const removed: string[] = [];
    for (const key of changes.keys) {
      if (!key.startsWith(watch.prefix)) continue;
      const entry = this.#database.get(key);
      if (entry === null) removed.push(key);
      else entries.push(entry);
    }
    watch.seen = changes.revision;
    if (entries.length + removed.length === 0) return;
    const event = { kind: 'changed', entries, removed, revision: changes.revision } as const;
    this.#report({ kind: 'watched', watch: id, event });
  }
}
