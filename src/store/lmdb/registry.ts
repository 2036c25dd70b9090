import { assert } from '../../core/assert.ts';
import { alongBytesMax, nothing, revision } from '../contract.ts';
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
import type { RawEntry, RawWatchEvent } from './messages.ts';
import type { StoreSession } from './session.ts';

/** The contract's registry, over the store's thread. */
export class LmdbRegistry implements Registry {
  readonly alongMaxBytes = alongBytesMax;
  readonly #session: StoreSession;

  constructor(session: StoreSession) {
    this.#session = session;
  }

  async get(key: string): Promise<Entry | null> {
    checkKey(key);
    const answer = await this.#session.ask(`get ${key}`, (request) => ({ kind: 'get', request, key }));
    assert(answer.kind === 'entry', 'get is answered by an entry');
    return answer.entry === null ? null : entryOf(answer.entry);
  }

  async list(prefix: string): Promise<readonly Entry[]> {
    checkPrefix(prefix);
    const answer = await this.#session.ask(`list ${prefix}`, (request) => ({
      kind: 'list',
      request,
      prefix,
    }));
    assert(answer.kind === 'entries', 'list is answered by entries');
    return answer.entries.map(entryOf);
  }

  watch(prefix: string, listener: (event: WatchEvent) => void): StopWatching {
    checkPrefix(prefix);
    return this.#session.watch(prefix, (event) => listener(this.#watchEventOf(event)));
  }

  async cas(
    key: string,
    expected: Revision | 'absent',
    change: Change,
    along: Along = nothing,
  ): Promise<CasAnswer> {
    checkCas(key, expected, change, along, this.alongMaxBytes);
    // A copy: the caller may reuse its buffer, and a view of a pooled buffer would cross to the other thread whole.
    const value = change === 'delete' ? null : new Uint8Array(change);
    const answer = await this.#session.claim(`cas ${key}`, (request, slot) => ({
      kind: 'cas',
      request,
      slot,
      key,
      expected: expected === 'absent' ? 0 : expected,
      value,
      puts: along.puts.map(({ key: put, bytes }) => ({ key: put, bytes: new Uint8Array(bytes) })),
      drops: along.drops,
    }));
    if (answer.kind === 'done') {
      return { kind: 'done', revision: revision(answer.revision), storeTimeMs: answer.storeTimeMs };
    }
    assert(answer.kind === 'conflict', 'cas is answered by done or conflict');
    const current = answer.current === null ? null : entryOf(answer.current);
    return { kind: 'conflict', current, storeTimeMs: answer.storeTimeMs };
  }

  #watchEventOf(event: RawWatchEvent): WatchEvent {
    switch (event.kind) {
      case 'listed':
        return { kind: 'listed', entries: event.entries.map(entryOf), revision: revision(event.revision) };
      case 'changed':
        return {
          kind: 'changed',
          entries: event.entries.map(entryOf),
          removed: event.removed,
          revision: revision(event.revision),
        };
      case 'interrupted':
        return { kind: 'interrupted', error: this.#session.errorOf(event.failure, 'watching') };
    }
  }
}

function entryOf(raw: RawEntry): Entry {
  return { key: raw.key, value: raw.value, revision: revision(raw.revision) };
}
