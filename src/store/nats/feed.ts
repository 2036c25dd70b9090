import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Cancel, Clock } from '../../core/ports.ts';
import type { NatsLink, StoredMessage } from './link.ts';
import type { Delivery } from './view.ts';

/** The server says so often that it has nothing to say. */
const heartbeatMs = 500;
/** After so long without a word the consumer's server is gone, stopped or cut off. */
const silenceMsMax = 1_750;
const requestTimeoutMs = 1_500;
const retryMs = 100;
/** While there is no consumer, so often is asked for the next message, and so long waited for one server's answer. */
const stepEveryMs = 25;
const stepTimeoutMs = 300;

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
 * heartbeat is missing, another consumer takes over behind the last delivery. To make one needs the leader of the whole cluster,
 * which may be elected seconds later than the stream's; until then the messages are asked for one by one, of any server.
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
  #hasConsumer = false;
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
    void this.#step(this.#turn);
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
    this.#hasConsumer = false;
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
      this.#hasConsumer = true;
      this.#listen();
      this.#tell(true);
      return;
    }
    this.#subscription.unsubscribe();
    this.#cancelRetry = this.#clock.after(retryMs, () => void this.#consume(turn));
  }

  /** Until there is a consumer. */
  async #step(turn: number): Promise<void> {
    // The first view of a stream is better had from a consumer, which sends all that there is at once.
    while (turn === this.#turn && !this.#isStopped && !this.#hasConsumer && this.#position > 0) {
      const found = await this.#link.messageFrom(this.#stream, this.#position + 1, stepTimeoutMs);
      if (turn !== this.#turn || this.#isStopped) return;
      if (found !== null && !(found instanceof Error)) {
        this.#deliver(found);
        continue;
      }
      if (found === null) this.#tell(true);
      await new Promise<void>((resolve) => this.#clock.after(stepEveryMs, resolve));
    }
  }

  #deliver(message: StoredMessage): void {
    if (message.sequence <= this.#position) return;
    this.#position = message.sequence;
    this.#listener.onDelivery(message);
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
    if (this.#hasConsumer) this.#listen();
    const code = message.headers?.code ?? 0;
    if (code !== 0) return this.#takeStatus(message, code);
    const place = placeOf(message.reply ?? '');
    if (place === null) return;
    if (place.delivered !== this.#delivered + 1) return this.resume();
    this.#delivered = place.delivered;
    const { subject, data } = message;
    this.#deliver({ subject, sequence: place.sequence, atMs: place.atMs, data });
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
