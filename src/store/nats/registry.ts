import { nothing, revision } from '../contract.ts';
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
import { checkCas, checkKey, checkPrefix } from '../keys.ts';
import type { Changes } from './changes.ts';
import type { Ledger } from './ledger.ts';
import { checked } from './ledger.ts';
import type { Sweeper } from './sweeper.ts';
import { entryOf } from './watches.ts';
import type { Watches } from './watches.ts';

/** The contract's registry, over the ledger. */
export class NatsRegistry implements Registry {
  /** A message stands alone: nothing can go along with it. */
  readonly alongMaxBytes = 0;
  readonly #ledger: Ledger;
  readonly #changes: Changes;
  readonly #watches: Watches;
  readonly #sweeper: Sweeper;
  readonly #url: string;

  constructor(ledger: Ledger, changes: Changes, watches: Watches, sweeper: Sweeper, url: string) {
    this.#ledger = ledger;
    this.#changes = changes;
    this.#watches = watches;
    this.#sweeper = sweeper;
    this.#url = url;
  }

  async get(key: string): Promise<Entry | null> {
    checkKey(key);
    return this.#ledger.read(`get ${key}`, (view) => {
      const head = checked(view.row('rows', key), this.#url);
      return head === null ? null : entryOf(head);
    });
  }

  async list(prefix: string): Promise<readonly Entry[]> {
    checkPrefix(prefix);
    return this.#ledger.read(`list ${prefix}`, (view) =>
      view.rows('rows', prefix).map((head) => entryOf(checked(head, this.#url) ?? head)),
    );
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
    // A copy: the caller may reuse its buffer.
    const value = change === 'delete' ? null : new Uint8Array(change);
    const swap = await this.#changes.swap(
      `cas ${key}`,
      'rows',
      key,
      expected === 'absent' ? 0 : expected,
      value,
    );
    const storeTimeMs = swap.clockMs;
    if (swap.kind === 'conflict') {
      return { kind: 'conflict', current: swap.current === null ? null : entryOf(swap.current), storeTimeMs };
    }
    this.#sweeper.superseded('rows', swap.head, swap.before);
    return { kind: 'done', revision: revision(swap.head.revision), storeTimeMs };
  }
}
