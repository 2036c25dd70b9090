import { deferred } from '../core/deferred.ts';
import { GodwitError, messageOf } from '../core/errors.ts';
import type { ClusterId, ClusterIdentity, Closing, Registry, Store, Vault } from './contract.ts';
import { StoreOpenError, StoreUnavailableError } from './errors.ts';
import { settleIdentity } from './identity.ts';
import type { StoreOptions } from './options.ts';
import { Channel } from './postgres/channel.ts';
import { Connector } from './postgres/connect.ts';
import type { Connection, Outcome } from './postgres/connection.ts';
import { History } from './postgres/history.ts';
import { openReads } from './postgres/reads.ts';
import { prepareLoneWrites } from './postgres/lone-write.ts';
import { PostgresRegistry } from './postgres/registry.ts';
import { settleSchema } from './postgres/schema.ts';
import type { TableNames } from './postgres/sql.ts';
import { tableNames } from './postgres/sql.ts';
import type { PostgresTarget } from './postgres/url.ts';
import { lastingRefusal, parsePostgresUrl } from './postgres/url.ts';
import { openVaultWrites } from './postgres/vault-writes.ts';
import { PostgresVault } from './postgres/vault.ts';

/** Between two attempts to open. */
const pauseMs = 50;

/**
 * A store for many machines: a schema of a PostgreSQL database, or of one that speaks its protocol. Four connections for each session,
 * made when they are needed.
 *
 * @param url `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?schema=…`; see docs/stores.md
 * @throws see `openStore`
 */
export async function openPostgresStore(url: string, _rest: string, options: StoreOptions): Promise<Store> {
  const target = parsePostgresUrl(url);
  const tables = tableNames(target.schema);
  const connector = new Connector(target, options, tables);
  const connection = await openFirst(target, tables, connector, options);
  connector.hasTables = true;
  await prepareLoneWrites(connection, tables, options);
  return new PostgresStore(target, tables, connector, connection, options);
}

/** Waits for a server that is coming up, but not for one that will never do as it is asked. */
async function openFirst(
  target: PostgresTarget,
  tables: TableNames,
  connector: Connector,
  options: StoreOptions,
): Promise<Connection> {
  const { clock, random, callTimeoutMs, openTimeoutMs, mayCreate } = options;
  const endMs = clock.monotonicMs() + openTimeoutMs;
  for (;;) {
    let connection: Connection | null = null;
    try {
      const opened = await connector.connect();
      connection = opened;
      // Each statement for itself: the first opening ever makes the tables, which may take longer than any call.
      const run = async (statement: string): Promise<Outcome> => {
        const cancel = clock.after(callTimeoutMs, () =>
          opened.destroy(`did not answer within ${callTimeoutMs} ms`),
        );
        const outcome = await opened.run(statement);
        cancel();
        return outcome;
      };
      await settleSchema(run, target, tables, { clock, random, mayCreate });
      return opened;
    } catch (thrown) {
      connection?.destroy('it is of no use');
      if (thrown instanceof GodwitError) throw thrown;
      const lasting = lastingRefusal(target, thrown);
      if (lasting !== null) throw new StoreOpenError(target.shown, lasting, { cause: thrown });
      if (clock.monotonicMs() + pauseMs >= endMs) {
        const reason = `did not open within ${openTimeoutMs} ms: ${messageOf(thrown)}`;
        throw new StoreUnavailableError('opening', target.shown, reason, { cause: thrown });
      }
    }
    await new Promise<void>((resolve) => {
      clock.after(pauseMs, resolve);
    });
  }
}

class PostgresStore implements Store {
  readonly caution = null;
  readonly url: string;
  readonly registry: Registry;
  readonly vault: Vault;
  readonly lost: Promise<string>;
  readonly #options: StoreOptions;
  readonly #close: () => Promise<void>;
  #closing: Promise<Closing> | null = null;

  constructor(
    target: PostgresTarget,
    tables: TableNames,
    connector: Connector,
    first: Connection,
    options: StoreOptions,
  ) {
    const url = target.shown;
    this.url = url;
    this.#options = options;
    const channel = (): Channel => new Channel(connector.connect, options, null);
    const forWrites = new Channel(
      async () => {
        const connection = await connector.connect();
        await prepareLoneWrites(connection, tables, options);
        return connection;
      },
      options,
      first,
    );
    const channels = [forWrites, channel(), channel(), channel()] as const;
    const [forRegistry, forReads, forVault, forValues] = channels;
    const history = new History((reason) => end(reason));
    const parts = { url, options, tables, history };
    const reads = openReads(url, options, forReads, parts);
    const values = openReads(url, options, forValues, parts);
    const writes = openVaultWrites(url, options, forVault, tables);
    const registry = new PostgresRegistry({ ...parts, reads, channel: forRegistry });
    const vault = new PostgresVault({ ...parts, reads: values, writes });
    const lost = deferred<string>();
    this.lost = lost.promise;
    const end = (reason: string): void => {
      lost.resolve(reason);
      registry.end(reason);
      for (const desk of [reads, values, writes]) desk.end(reason);
    };
    this.registry = registry;
    this.vault = vault;
    this.#close = async () => {
      await Promise.all([registry.close(), vault.close()]);
      await Promise.all([reads.close(), values.close(), writes.close()]);
      for (const one of channels) one.close();
    };
  }

  identity(expected: ClusterId | null): Promise<ClusterIdentity> {
    return settleIdentity(this, expected, this.#options);
  }

  async close(): Promise<Closing> {
    this.#closing ??= this.#close().then(() => 'closed');
    return this.#closing;
  }
}
