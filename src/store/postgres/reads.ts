import type { StoreOptions } from '../options.ts';
import type { Channel } from './channel.ts';
import type { Answer } from './connection.ts';
import { Desk } from './desk.ts';
import type { History } from './history.ts';
import { standingOf } from './history.ts';
import type { TableNames } from './sql.ts';
import { guardStatement } from './sql.ts';

/** Statements that go to the server together at most. */
const statementsMax = 64;

/** Where one `SELECT` each waits, and gets its answer from a server that takes writes and has not lost any. */
export type Reads = Desk<string, Answer>;

/**
 * Every batch asks the server for its standing first. A server that has become a standby meanwhile, or stands behind a proxy that has
 * changed its mind, is left; the calls are asked again elsewhere.
 */
export function openReads(
  url: string,
  options: StoreOptions,
  channel: Channel,
  parts: { readonly tables: TableNames; readonly history: History },
): Reads {
  const { tables, history } = parts;
  let latestBefore = 0;
  return new Desk<string, Answer>(url, options, channel, {
    ifLost: () => 'again',
    choose: (waiting) => waiting.slice(0, statementsMax).map((_, index) => index),
    query: (batch) => {
      latestBefore = history.latest;
      return [guardStatement(tables), ...batch].join('; ');
    },
    settle: (batch, [guard, ...answers]) => {
      const standing = standingOf(tables, guard);
      if ('wrong' in standing) return standing.wrong;
      if (!history.accept(standing.revision, latestBefore)) return 'went back';
      for (const [index, job] of batch.entries()) {
        const answer = answers[index];
        if (answer !== undefined) job.resolve(answer);
      }
      return null;
    },
  });
}
