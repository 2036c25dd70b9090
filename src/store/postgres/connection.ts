import { Socket } from 'node:net';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { messageOf } from '../../core/errors.ts';
import { codeOf } from './url.ts';
import type { Encryption, PostgresTarget, ServerAddress } from './url.ts';

/** One statement's answer. */
export interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Rows that it changed. */
  readonly changed: number;
}

/** How a query ended. */
export type Outcome =
  /** One answer per statement. `warning`: what the server added, as when it gave up waiting for a standby. */
  | { readonly kind: 'answered'; readonly answers: readonly Answer[]; readonly warning: string | null }
  /** The server said no, and nothing of it was done. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }
  /** Nobody knows: the connection broke, or it took too long. This connection is of no further use. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Text of one or several statements without parameters, or one statement with them. */
export type Query = string | { readonly text: string; readonly values: readonly unknown[] };

// SQLSTATE, see the PostgreSQL manual's appendix A. 40003: whether the statement was completed is unknown. 57: cancelled or shut
// down, and that can be while a commit waits for its standby. 08: connection; 58 and XX: the system, and bugs.
const inDoubt = /^(?:40003|(?:08|57|58|XX)...)$/;

/** One connection to one server, for one query at a time. */
export class Connection {
  readonly server: ServerAddress;
  /** Whether its session knows what `prepareLoneWrites` prepares. */
  hasPrepared = false;
  readonly #client: Client;
  readonly #socket: Socket;
  #warning: string | null = null;
  #lost: string | null = null;
  /** Whoever waits for an answer. One after the other sets it: a promise that lives as long as the connection would collect them all. */
  #onLost: (reason: string) => void = () => undefined;

  private constructor(server: ServerAddress, client: Client, socket: Socket) {
    this.server = server;
    this.#client = client;
    this.#socket = socket;
    client.on('error', (error) => this.#lose(messageOf(error)));
    client.on('end', () => this.#lose('the connection was closed'));
    // The session lets nothing below a warning through. Its severity is in the server's language, so it is not looked at.
    client.on('notice', ({ message }) => {
      this.#warning = message ?? 'a warning';
    });
  }

  /**
   * @param signal ends the attempt
   * @throws errors of the network, of TLS, and of the server (with its SQLSTATE as `code`)
   */
  static async open(target: PostgresTarget, server: ServerAddress, signal: AbortSignal): Promise<Connection> {
    const socket = new Socket();
    const client = new Client(clientConfig(target, server, socket));
    const connection = new Connection(server, client, socket);
    const abort = (): void => connection.destroy('it took too long to connect');
    signal.addEventListener('abort', abort, { once: true });
    try {
      await connection.#unlessLost(client.connect(), (reason) => {
        throw new Error(reason);
      });
      return connection;
    } catch (thrown) {
      connection.destroy(messageOf(thrown));
      throw thrown;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Why this connection is of no use any more; null while it is. */
  get lostReason(): string | null {
    return this.#lost;
  }

  /** Never rejects. To be called again only when it has ended. */
  async run(query: Query): Promise<Outcome> {
    if (this.#lost !== null) return { kind: 'lost', reason: this.#lost };
    this.#warning = null;
    const asked = this.#client.query(
      typeof query === 'string' ? query : { ...query, values: [...query.values] },
    );
    const answered = asked.then(
      (result: unknown): Outcome => ({
        kind: 'answered',
        answers: answersOf(result),
        warning: this.#warning,
      }),
      (thrown: unknown): Outcome => this.#failed(thrown),
    );
    const outcome = await this.#unlessLost<Outcome>(answered, (reason) => ({ kind: 'lost', reason }));
    if (outcome.kind !== 'refused') return outcome;
    // The statements after the one that was refused were skipped, the end of the transaction with them. A refusal that ends the session
    // may have come in the midst of the commit, as when the server cannot write its log on, which has the number of a full disk.
    await this.#rollBack();
    return this.#lost === null ? outcome : { kind: 'lost', reason: outcome.reason };
  }

  /** What is under way is lost. */
  destroy(reason: string): void {
    this.#lose(reason);
    this.#socket.destroy();
  }

  /** Says goodbye to the server. Nothing may be under way. */
  close(): void {
    if (this.#lost !== null) return;
    this.#lose('it was closed');
    // A server that does not hear it is not waited for.
    this.#client.end().catch(() => undefined);
    this.#socket.unref();
  }

  async #rollBack(): Promise<void> {
    try {
      await this.#unlessLost<unknown>(this.#client.query('ROLLBACK'), () => null);
    } catch (thrown) {
      this.destroy(messageOf(thrown));
    }
  }

  /** As the promise settles, or as `otherwise` says when this connection is lost before. */
  #unlessLost<Result>(promise: Promise<Result>, otherwise: (reason: string) => Result): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#onLost = (reason) => {
        try {
          resolve(otherwise(reason));
        } catch (thrown) {
          reject(thrown as Error);
        }
      };
      if (this.#lost !== null) this.#onLost(this.#lost);
      promise.then(resolve, reject);
    });
  }

  #failed(thrown: unknown): Outcome {
    const code = codeOf(thrown);
    const reason = messageOf(thrown);
    if (/^[0-9A-Z]{5}$/.test(code) && !inDoubt.test(code)) return { kind: 'refused', code, reason };
    this.destroy(reason);
    return { kind: 'lost', reason };
  }

  #lose(reason: string): void {
    this.#lost ??= reason;
    this.#onLost(this.#lost);
  }
}

function clientConfig(target: PostgresTarget, server: ServerAddress, socket: Socket): ClientConfig {
  return {
    host: server.host,
    port: server.port,
    database: target.database,
    ...(target.user === null ? {} : { user: target.user }),
    ...(target.password === null ? {} : { password: target.password }),
    ssl: target.encryptionOf(server) satisfies Encryption,
    application_name: 'godwit',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    stream: () => socket,
    types: { getTypeParser: (oid: number) => parsers.get(oid) ?? asText },
  };
}

const asText = (text: string): unknown => text;
/** By the object id of the type, which PostgreSQL has fixed: boolean, bytes, and whole numbers of 8 and 4 bytes. */
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map([
  [16, (text: string): unknown => text === 't'],
  [17, (text: string): unknown => Buffer.from(text.slice(2), 'hex')],
  [20, Number],
  [23, Number],
]);

function answersOf(result: unknown): readonly Answer[] {
  const results = (Array.isArray(result) ? result : [result]) as readonly {
    readonly rows: readonly Readonly<Record<string, unknown>>[];
    readonly rowCount: number | null;
  }[];
  return results.map(({ rows, rowCount }) => ({ rows, changed: rowCount ?? 0 }));
}
