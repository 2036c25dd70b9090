import type { TableNames } from './sql.ts';
import { formatKnown } from './sql.ts';
import type { Answer } from './connection.ts';

/**
 * How far the store's history went, as this session has seen it. A server that knows less of it has lost what was acknowledged (a
 * standby took over that did not have everything): nothing that was ever read here holds any more, so the session is over.
 */
export class History {
  #latest = 0;
  readonly #onSetBack: (reason: string) => void;

  constructor(onSetBack: (reason: string) => void) {
    this.#onSetBack = onSetBack;
  }

  /** The highest revision that was seen so far: to be taken before a query is sent, and given to `accept` with its answer. */
  get latest(): number {
    return this.#latest;
  }

  /** @returns false when the session is over */
  accept(revision: number, latestBefore: number): boolean {
    if (revision < latestBefore) {
      this.#onSetBack(
        `went back to revision ${revision} after ${latestBefore} had been seen: acknowledged writes are lost, as when a standby ` +
          `takes over that is behind. Open the store again; see docs/stores.md for a failover that loses nothing`,
      );
      return false;
    }
    this.#latest = Math.max(this.#latest, revision);
    return true;
  }
}

/** What a read has to know of the server before it believes it. */
export type Standing = { readonly revision: number } | { readonly wrong: string };

/** Reads the answer of `guardStatement`. */
export function standingOf(tables: TableNames, answer: Answer | undefined): Standing {
  const row = answer?.rows[0];
  if (row === undefined) return { wrong: `has no row in ${tables.head}: its tables were emptied` };
  if (row['passive'] === true) return { wrong: 'takes no writes: it is a standby, or read-only' };
  const format = Number(row['format']);
  if (format !== formatKnown) return { wrong: `has format ${format} now, this godwit knows ${formatKnown}` };
  return { revision: Number(row['revision']) };
}
