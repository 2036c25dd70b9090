import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Cancel, Clock } from '../../core/ports.ts';
import type { NatsLink } from './link.ts';
import type { Delivery } from './view.ts';

/** The server says so often that it has nothing to say. */
const heartbeatMs = 500;
/** After so long without a word the consumer's server is gone, stopped or cut off. */
const silenceMsMax = 1_750;
const requestTimeoutMs = 1_500;
const retryMs = 100;

/** Where the deliveries go. */
export interface FeedListener {
  onDelivery(delivery: Delivery): void;
  /** Deliveries come again, or do not any more. */
  onHealth(isHealthy: boolean): void;
}

/**
 * All messages of a stream, in order, each once, from a position on.
 *
 * The server pushes them through a consumer of this session's own, which lives in one server's memory; when a delivery or a
 * heartbeat is missing, another consumer takes over behind the last delivery.
 */
export class Feed {
  readonly #link: NatsLink;
  readonly #clock: Clock;
  readonly #stream: string;
  readonly #listener: FeedListener;
  #position = 0;
  #subscription: Subscription | null = null;
  /** The consumer's own count of its deliveries. */
  #delivered = 0;
  #cancelSilence: Cancel = () => undefined;
  #cancelRetry: Cancel = () => undefined;
  #isHealthy = false;
  #isStopped = false;
  /** Counts the consumers, so that what an earlier one says is ignored. */
  #turn = 0;

  constructor(link: NatsLink, clock: Clock, stream: string, listener: FeedListener) {
    this.#link = link;
    this.#clock = clock;
    this.#stream = stream;
    this.#listener = listener;
    link.onReconnect(() => this.resume());
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  /** From the beginning of the stream. */
  restart(): void {
    this.#position = 0;
    this.resume();
  }

  /** From behind the last delivery, through another consumer. */
  resume(): void {
    if (this.#isStopped) return;
    this.#drop();
    this.#turn += 1;
    void this.#consume(this.#turn);
  }

  stop(): void {
    this.#isStopped = true;
    this.#drop();
  }

  #drop(): void {
    this.#cancelRetry();
    this.#cancelSilence();
    this.#subscription?.unsubscribe();
    this.#subscription = null;
    this.#tell(false);
  }

  async #consume(turn: number): Promise<void> {
    const inbox = this.#link.inbox();
    this.#delivered = 0;
    this.#subscription = this.#link.subscribe(inbox, (message) => {
      if (turn === this.#turn && !this.#isStopped) this.#take(message);
    });
    const reply = await this.#link.ask(
      `CONSUMER.CREATE.${this.#stream}`,
      this.#request(inbox),
      requestTimeoutMs,
    );
    if (turn !== this.#turn || this.#isStopped) return;
    if (reply.kind === 'answered') {
      this.#listen();
      this.#tell(true);
      return;
    }
    this.#cancelRetry = this.#clock.after(retryMs, () => this.resume());
  }

  #request(inbox: string): unknown {
    const from =
      this.#position === 0
        ? { deliver_policy: 'all' }
        : { deliver_policy: 'by_start_sequence', opt_start_seq: this.#position + 1 };
    return {
      stream_name: this.#stream,
      config: {
        ...from,
        deliver_subject: inbox,
        ack_policy: 'none',
        replay_policy: 'instant',
        max_deliver: 1,
        mem_storage: true,
        num_replicas: 1,
        flow_control: true,
        idle_heartbeat: heartbeatMs * 1_000_000,
      },
    };
  }

  #take(message: Msg): void {
    this.#listen();
    const code = message.headers?.code ?? 0;
    if (code !== 0) return this.#takeStatus(message, code);
    const place = placeOf(message.reply ?? '');
    if (place === null) return;
    if (place.delivered !== this.#delivered + 1) return this.resume();
    this.#delivered = place.delivered;
    if (place.sequence <= this.#position) return;
    this.#position = place.sequence;
    const { subject, data } = message;
    this.#listener.onDelivery({ subject, sequence: place.sequence, atMs: place.atMs, data });
  }

  /** 100: a heartbeat, or the question whether one keeps up. Everything else says that the consumer is gone. */
  #takeStatus(message: Msg, code: number): void {
    if (code !== 100) return this.resume();
    const stalled = message.headers?.get('Nats-Consumer-Stalled') ?? '';
    if (stalled !== '') this.#link.send(stalled);
    if (message.reply !== undefined && message.reply !== '') this.#link.send(message.reply);
    const last = message.headers?.get('Nats-Last-Consumer') ?? '';
    if (last !== '' && Number(last) > this.#delivered) this.resume();
  }

  #listen(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.#clock.after(silenceMsMax, () => this.resume());
  }

  #tell(isHealthy: boolean): void {
    if (isHealthy === this.#isHealthy) return;
    this.#isHealthy = isHealthy;
    this.#listener.onHealth(isHealthy);
  }
}

/**
 * Where a delivery stands, from the subject that would acknowledge it: `$JS.ACK.stream.consumer.deliveries.sequence.
 * consumerSequence.nanoseconds.pending`, in later versions with domain and account before the stream.
 */
function placeOf(
  reply: string,
): { readonly sequence: number; readonly delivered: number; readonly atMs: number } | null {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return null;
  const at = tokens.length === 9 ? 5 : 7;
  return {
    sequence: Number(tokens[at]),
    delivered: Number(tokens[at + 1]),
    // Nanoseconds do not fit into a number; milliseconds are what the contract has.
    atMs: Number((tokens[at + 2] ?? '').slice(0, -6)),
  };
}
