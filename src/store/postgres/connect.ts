import { messageOf } from '../../core/errors.ts';
import { StoreOpenError } from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import type { Answer, Outcome } from './connection.ts';
import { Connection } from './connection.ts';
import { standingOf } from './history.ts';
import type { TableNames } from './sql.ts';
import { guardStatement } from './sql.ts';
import type { PostgresTarget, ServerAddress } from './url.ts';
import { codeOf } from './url.ts';

/** Of the call timeout, what one attempt to connect to one server may take: others wait their turn. */
const attemptShare = 0.5;

/** A server refused something; `code` is its SQLSTATE. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
  readonly code: string;

  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Makes connections to the server that takes writes, the one that did so last first. */
export class Connector {
  readonly #target: PostgresTarget;
  readonly #options: StoreOptions;
  readonly #tables: TableNames;
  #servers: readonly ServerAddress[];
  /** Whether the tables stand, so that each connection is to be asked for them. */
  hasTables = false;

  constructor(target: PostgresTarget, options: StoreOptions, tables: TableNames) {
    this.#target = target;
    this.#options = options;
    this.#tables = tables;
    this.#servers = target.servers;
  }

  /** @throws why none of the servers will do: the last one's reason, with its SQLSTATE or Node.js's code as `code` */
  readonly connect = async (): Promise<Connection> => {
    let last: unknown = null;
    for (const server of this.#servers) {
      try {
        const connection = await this.#connectTo(server);
        this.#servers = [server, ...this.#target.servers.filter((other) => other !== server)];
        return connection;
      } catch (thrown) {
        last = thrown;
      }
    }
    throw last;
  };

  async #connectTo(server: ServerAddress): Promise<Connection> {
    const { clock, callTimeoutMs } = this.#options;
    const giveUp = new AbortController();
    const cancel = clock.after(attemptShare * callTimeoutMs, () => giveUp.abort());
    let connection: Connection | null = null;
    try {
      const opened = await Connection.open(this.#target, server, giveUp.signal);
      connection = opened;
      giveUp.signal.addEventListener('abort', () => opened.destroy('it took too long to connect'));
      await this.#prepare(opened);
      return opened;
    } catch (thrown) {
      connection?.destroy(messageOf(thrown));
      throw named(server, thrown);
    } finally {
      cancel();
    }
  }

  async #prepare(connection: Connection): Promise<void> {
    const { callTimeoutMs } = this.#options;
    const statements = [
      'SET client_min_messages TO warning',
      'SET bytea_output TO hex',
      // A statement whose caller has long given up does not wait for a lock any more.
      `SET lock_timeout TO ${Math.max(1, Math.ceil(callTimeoutMs))}`,
      // Ended here, never by the server: one that is cancelled while it waits for a standby would answer as if all were well.
      'SET statement_timeout TO 0',
      `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS passive`,
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')`,
    ];
    const answers = answered(await connection.run(statements.join('; ')));
    if (answers[4]?.rows[0]?.['passive'] === true) {
      throw new ServerRefusal('25006', 'it takes no writes: it is a standby, or read-only');
    }
    const settings = new Map((answers[5]?.rows ?? []).map((row) => [row['name'], row['setting']]));
    this.#checkDurability(settings);
    // What is acknowledged is flushed, and by the standbys that the server waits for, too. A stricter setting stays.
    if (['off', 'local', 'remote_write'].includes(String(settings.get('synchronous_commit')))) {
      answered(await connection.run('SET synchronous_commit TO on'));
    }
    if (this.hasTables) {
      const [guard] = answered(await connection.run(guardStatement(this.#tables)));
      const standing = standingOf(this.#tables, guard);
      if ('wrong' in standing) throw new ServerRefusal('', `it ${standing.wrong}`);
    }
  }

  #checkDurability(settings: ReadonlyMap<unknown, unknown>): void {
    if (!this.#target.checksDurability) return;
    for (const name of ['fsync', 'full_page_writes']) {
      if (settings.get(name) !== 'off') continue;
      throw new StoreOpenError(
        this.#target.shown,
        `the server has ${name} = off: a power cut would lose what it has acknowledged, and executions would run twice. ` +
          `Set ${name} = on there, or, for a store whose loss does not matter, add durability=unchecked to the URL`,
      );
    }
  }
}

/** @throws {ServerRefusal | Error} when it was not answered */
export function answered(outcome: Outcome): readonly Answer[] {
  switch (outcome.kind) {
    case 'answered':
      return outcome.answers;
    case 'refused':
      throw new ServerRefusal(outcome.code, outcome.reason);
    case 'lost':
      throw new Error(outcome.reason);
  }
}

/** Which of several servers it was. */
function named({ host, port }: ServerAddress, thrown: unknown): unknown {
  if (thrown instanceof StoreOpenError) return thrown;
  const reason = messageOf(thrown) || codeOf(thrown) || 'it did not answer';
  return Object.assign(new Error(`${host}:${port}: ${reason}`, { cause: thrown }), { code: codeOf(thrown) });
}
