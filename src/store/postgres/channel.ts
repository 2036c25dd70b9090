import { messageOf } from '../../core/errors.ts';
import type { Clock, Random } from '../../core/ports.ts';
import type { Connection } from './connection.ts';

/** Between two attempts to connect, in milliseconds. A server that restarts is to be found again well within a lease. */
const pauseFirstMs = 20;
const pauseMaxMs = 250;

/** Makes one connection that is ready for use, to whichever server takes writes. @throws why there is none */
export type Connect = () => Promise<Connection>;

/** Keeps one connection: makes it when it is wanted, and makes another when it was lost. */
export class Channel {
  readonly #connect: Connect;
  readonly #ports: { readonly clock: Clock; readonly random: Random };
  #connection: Connection | null = null;
  #connecting: Promise<Connection | null> | null = null;
  #closed = false;
  /** Why there is no connection, as the last attempt found; null when nothing has failed. */
  #failure: unknown = null;

  /** @param first a connection to begin with; null makes one when it is wanted */
  constructor(
    connect: Connect,
    ports: { readonly clock: Clock; readonly random: Random },
    first: Connection | null,
  ) {
    this.#connect = connect;
    this.#ports = ports;
    this.#connection = first;
  }

  /** Why there is no connection; null while there is one, or nobody has wanted one. */
  get trouble(): string | null {
    if (this.#connection !== null && this.#connection.lostReason === null) return null;
    return this.#failure === null ? (this.#connection?.lostReason ?? null) : messageOf(this.#failure);
  }

  /** Resolves with a connection that works as far as is known, however long that takes; with null once the channel is closed. */
  async connection(): Promise<Connection | null> {
    if (this.#closed) return null;
    if (this.#connection !== null && this.#connection.lostReason === null) return this.#connection;
    this.#connecting ??= this.#reconnect();
    return this.#connecting;
  }

  /** Nothing may be under way. */
  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = null;
  }

  async #reconnect(): Promise<Connection | null> {
    this.#connection = null;
    for (let pauseMs = pauseFirstMs; !this.#closed; pauseMs = Math.min(2 * pauseMs, pauseMaxMs)) {
      try {
        const connection = await this.#connect();
        if (this.#closed) connection.close();
        else this.#connection = connection;
        this.#failure = null;
        break;
      } catch (thrown) {
        this.#failure = thrown;
        await this.#pause(pauseMs * (0.5 + this.#ports.random.next()));
      }
    }
    this.#connecting = null;
    return this.#connection;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#ports.clock.after(ms, resolve);
    });
  }
}
