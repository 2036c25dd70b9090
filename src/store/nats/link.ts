import { connect, headers } from '@nats-io/transport-node';
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import { messageOf } from '../../core/errors.ts';
import { StoreOpenError, StoreUnavailableError } from '../errors.ts';
import type { StoreOptions } from '../options.ts';
import type { NatsAddress } from './address.ts';

/** What became of a message that was to be stored. */
export type Publication =
  | { readonly kind: 'stored'; readonly sequence: number }
  /** Another message has the subject; `occupant` is its sequence number, 0 when the server does not say. */
  | { readonly kind: 'occupied'; readonly occupant: number }
  /** Nobody took it: surely not stored. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** No room: surely not stored. */
  | { readonly kind: 'full'; readonly reason: string }
  /** It may be stored, now or later. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** A message as a stream holds it. */
export interface StoredMessage {
  readonly subject: string;
  readonly sequence: number;
  /** The server's stamp, in milliseconds since 1970. */
  readonly atMs: number;
  readonly data: Uint8Array;
}

/** How an administrative request ended. */
export type Reply<T> =
  | { readonly kind: 'answered'; readonly body: T }
  | { readonly kind: 'failed'; readonly code: number; readonly reason: string }
  /** No answer: nobody serves it, or it was lost. */
  | { readonly kind: 'unanswered'; readonly reason: string };

/** The server's own error numbers (server/errors.json). */
export const errorCodes = {
  insufficientResources: 10023,
  jetStreamNotEnabled: 10039,
  jetStreamNotEnabledForAccount: 10076,
  storageResourcesExceeded: 10047,
  storeFailed: 10077,
  accountResourcesExceeded: 10002,
  streamNotFound: 10059,
  streamNameInUse: 10058,
  wrongLastSequence: 10071,
  messageNotFound: 10037,
} as const;

const fullCodes: ReadonlySet<number> = new Set([
  errorCodes.insufficientResources,
  errorCodes.storageResourcesExceeded,
  errorCodes.accountResourcesExceeded,
]);

/** A server that accepts connections and says nothing is given up after so long. */
const dialTimeoutMs = 1_000;
/** Two unanswered pings end a connection: a stopped server does not close it. */
const pingIntervalMs = 1_000;
const redialWaitMs = 100;
/** After so long without any answer another server is tried: this one may be cut off from the others. */
const silentMsMax = 2_500;

interface ApiBody {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/** One connection to the servers, kept up by the client; everything here is bounded in time and never throws on its own account. */
export class NatsLink {
  readonly #connection: NatsConnection;
  readonly #options: StoreOptions;
  readonly #reconnected = new Set<() => void>();
  #up = true;
  #answeredAtMs: number;
  #movedAtMs: number;

  private constructor(connection: NatsConnection, options: StoreOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#answeredAtMs = options.clock.monotonicMs();
    this.#movedAtMs = this.#answeredAtMs;
    void this.#follow();
  }

  /** @throws {StoreOpenError | StoreUnavailableError} */
  static async open(address: NatsAddress, options: StoreOptions): Promise<NatsLink> {
    const { credentials } = address;
    const endsAtMs = options.clock.monotonicMs() + options.openTimeoutMs;
    for (;;) {
      try {
        const connection = await connect({
          servers: [...address.servers],
          name: 'godwit',
          timeout: Math.min(dialTimeoutMs, options.callTimeoutMs),
          maxReconnectAttempts: -1,
          reconnectTimeWait: redialWaitMs,
          reconnectJitter: redialWaitMs,
          pingInterval: pingIntervalMs,
          maxPingOut: 2,
          noAsyncTraces: true,
          ignoreAuthErrorAbort: true,
          // Whoever names several servers means these: what they tell of the others may be no address for this host.
          ignoreClusterUpdates: address.servers.length > 1,
          ...(credentials.kind === 'user' ? { user: credentials.user, pass: credentials.password } : {}),
          ...(credentials.kind === 'token' ? { token: credentials.token } : {}),
          ...(address.encrypted ? { tls: {} } : {}),
        });
        return new NatsLink(connection, options);
      } catch (cause) {
        if (isRefusal(cause)) throw refusalOf(address, cause);
        if (options.clock.monotonicMs() >= endsAtMs) {
          const reason = `cannot be reached at ${address.servers.join(', ')} (${messageOf(cause)})`;
          throw new StoreUnavailableError('opening', address.shown, reason, { cause });
        }
        await this.#pause(options);
      }
    }
  }

  static #pause(options: StoreOptions): Promise<void> {
    return new Promise((resolve) => options.clock.after(redialWaitMs, resolve));
  }

  get isUp(): boolean {
    return this.#up;
  }

  get messageBytesMax(): number {
    return this.#connection.info?.max_payload ?? 1024 * 1024;
  }

  /** Of the server that is connected to; empty when it does not say. */
  get serverVersion(): string {
    return this.#connection.info?.version ?? '';
  }

  /** The cluster's servers as far as this one knows them. */
  get serverCount(): number {
    return this.#connection.info?.connect_urls?.length ?? 1;
  }

  /** Calls `listener` after each new connection; what was on its way is lost. */
  onReconnect(listener: () => void): void {
    this.#reconnected.add(listener);
  }

  subscribe(subject: string, listener: (message: Msg) => void): Subscription {
    return this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) listener(message);
      },
    });
  }

  /** A subject that nobody else listens to. */
  inbox(): string {
    return `_INBOX.${this.#options.random.hex(12)}`;
  }

  send(subject: string): void {
    if (!this.#connection.isClosed()) this.#connection.publish(subject);
  }

  /** Stores a message, if nothing stands under its subject when `isFirst`. */
  async publish(
    subject: string,
    payload: Uint8Array,
    isFirst: boolean,
    timeoutMs: number,
  ): Promise<Publication> {
    let conditions: MsgHdrs | undefined;
    if (isFirst) {
      conditions = headers();
      conditions.set('Nats-Expected-Last-Subject-Sequence', '0');
    }
    const answer = await this.#request(subject, payload, timeoutMs, conditions);
    if (answer.kind !== 'message') return answer;
    const body = jsonOf(answer.message) as (ApiBody & { readonly seq?: number }) | null;
    if (body === null) return { kind: 'unknown', reason: 'gave an answer that is no JSON' };
    if (body.error === undefined) return { kind: 'stored', sequence: body.seq ?? 0 };
    return refusedPublication(body.error);
  }

  /** An administrative request: `STREAM.INFO.name` and the like. */
  async ask<T>(operation: string, body: unknown, timeoutMs: number): Promise<Reply<T>> {
    const payload = new TextEncoder().encode(body === null ? '' : JSON.stringify(body));
    const answer = await this.#request(`$JS.API.${operation}`, payload, timeoutMs);
    if (answer.kind !== 'message') return { kind: 'unanswered', reason: answer.reason };
    const parsed = jsonOf(answer.message) as (ApiBody & T) | null;
    if (parsed === null) return { kind: 'unanswered', reason: 'gave an answer that is no JSON' };
    if (parsed.error === undefined) return { kind: 'answered', body: parsed };
    const { code, err_code: number, description } = parsed.error;
    return { kind: 'failed', code: number ?? code, reason: description ?? `error ${code}` };
  }

  /** The message under a subject, from any server that has the stream. @returns null when that server has none (yet) */
  async message(stream: string, subject: string, timeoutMs: number): Promise<Uint8Array | null | Error> {
    const answer = await this.#request(
      `$JS.API.DIRECT.GET.${stream}.${subject}`,
      new Uint8Array(),
      timeoutMs,
    );
    if (answer.kind !== 'message') return new Error(answer.reason);
    const code = answer.message.headers?.code ?? 0;
    return code === 0 ? answer.message.data : null;
  }

  /**
   * The first message at or behind a sequence number, from any server that has the stream.
   *
   * @returns null when that server has none (yet)
   */
  async messageFrom(
    stream: string,
    sequence: number,
    timeoutMs: number,
  ): Promise<StoredMessage | null | Error> {
    // Of any subject: nats-server 2.9 can pass over messages when it looks for a pattern.
    const question = new TextEncoder().encode(JSON.stringify({ seq: sequence, next_by_subj: '>' }));
    const answer = await this.#request(`$JS.API.DIRECT.GET.${stream}`, question, timeoutMs);
    if (answer.kind !== 'message') return new Error(answer.reason);
    const { headers: fields, data } = answer.message;
    if (fields === undefined || fields.code !== 0) return null;
    return {
      subject: fields.get('Nats-Subject'),
      sequence: Number(fields.get('Nats-Sequence')),
      atMs: Date.parse(fields.get('Nats-Time-Stamp')),
      data,
    };
  }

  async close(): Promise<void> {
    this.#up = false;
    this.#reconnected.clear();
    await this.#connection.close();
  }

  async #request(
    subject: string,
    payload: Uint8Array,
    timeoutMs: number,
    conditions?: MsgHdrs,
  ): Promise<
    | { readonly kind: 'message'; readonly message: Msg }
    | Exclude<Publication, { kind: 'stored' | 'occupied' | 'full' }>
  > {
    if (!this.#up) return { kind: 'refused', reason: 'is not connected' };
    try {
      const message = await this.#connection.request(subject, payload, {
        timeout: Math.max(1, Math.ceil(timeoutMs)),
        ...(conditions === undefined ? {} : { headers: conditions }),
      });
      this.#answeredAtMs = this.#options.clock.monotonicMs();
      return { kind: 'message', message };
    } catch (error) {
      this.#moveOn();
      if (isNobodyThere(error))
        return { kind: 'refused', reason: 'has no leader, or no JetStream (nats-server -js)' };
      return { kind: 'unknown', reason: `did not answer (${messageOf(error)})` };
    }
  }

  #moveOn(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - Math.max(this.#answeredAtMs, this.#movedAtMs) < silentMsMax) return;
    this.#movedAtMs = nowMs;
    void this.#connection.reconnect().catch(() => undefined);
  }

  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') this.#up = false;
      if (status.type === 'reconnect') {
        this.#up = true;
        this.#movedAtMs = this.#options.clock.monotonicMs();
        for (const listener of this.#reconnected) listener();
      }
    }
  }
}

function refusedPublication(error: NonNullable<ApiBody['error']>): Publication {
  const { code, err_code: number, description = '' } = error;
  if (number === errorCodes.wrongLastSequence) {
    return { kind: 'occupied', occupant: Number(/: (\d+)$/.exec(description)?.[1] ?? 0) };
  }
  const isFull = number !== undefined && fullCodes.has(number);
  // A failure to store is told under one number, whatever it was; a limit is the same on every server.
  if (isFull || (number === errorCodes.storeFailed && /maximum/.test(description))) {
    return { kind: 'full', reason: description };
  }
  // 503: the server that took it was not the leader, and proposed it to nobody. But a failure to store comes after the others agreed to
  // it, as when the leader's disk is full, and theirs is not.
  if (code === 503 && number !== errorCodes.storeFailed)
    return { kind: 'refused', reason: `answered: ${description}` };
  return { kind: 'unknown', reason: `answered: ${description} (${number ?? code})` };
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return null;
  }
}

function isNobodyThere(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.name === 'NoRespondersError') return true;
  }
  return false;
}

function isRefusal(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.name === 'AuthorizationError' || /authorization|authentication/i.test(each.message)) return true;
  }
  return error instanceof Error && /\btls\b|certificate|self.signed/i.test(error.message);
}

function refusalOf(address: NatsAddress, cause: unknown): StoreOpenError {
  const why = messageOf(cause);
  const what = /\btls\b|certificate|self.signed/i.test(why)
    ? `its encryption does not fit (${why}). Use tls:// where the servers ask for it, and name their certificate authority in NODE_EXTRA_CA_CERTS`
    : `the servers refuse these credentials (${why}). Put USER:PASSWORD@ or TOKEN@ before the first host`;
  return new StoreOpenError(address.shown, what, { cause });
}
