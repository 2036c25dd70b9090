import { GodwitError, messageOf } from '../core/errors.ts';
import type { ActorAddress, IncarnationId } from '../core/ids.ts';
import { actorAddress, executionId, hostName } from '../core/ids.ts';
import type { Clock, Random } from '../core/ports.ts';
import type { Envelope, Links, Urgency } from '../wire/contract.ts';
import { address, controlSeat, placeOf } from './addresses.ts';
import { AnswerTimes } from './answer-times.ts';
import type { Directory } from './directory.ts';
import type { ActorRef } from './kernel/contract.ts';
import type { AnyMessage, Exchange, Found, Tables } from './ports.ts';
import { type Stray, Strays } from './strays.ts';
import type { RegisterRow } from '../protocols/ownership/register.ts';

/** Nobody answers at an address. */
export class UnreachableActorError extends GodwitError {
  override readonly name = 'UnreachableActorError';
  readonly code = 'ACTOR_UNREACHABLE';
  readonly retryable = true;

  constructor(address: ActorAddress, why: string) {
    super(`No actor answers at ${address}: ${why}.`);
  }
}

/** The actor that was asked failed, or refused to take the message. */
export class RemoteAskError extends GodwitError {
  override readonly name = 'RemoteAskError';
  readonly code = 'REMOTE_ASK_FAILED';
  readonly retryable = true;

  constructor(address: ActorAddress, why: string) {
    super(`${address} did not answer: ${why}`);
  }
}

/** Longest that a question from another host is kept open here. */
const answerMaxMs = 3_600_000;
/** How long a question waits before it looks again for an execution that is between two hosts. */
const lookAgainMs = 20;

type ReplyMessage =
  | { readonly kind: 'reply'; readonly reply: unknown }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'elsewhere' };

interface Question {
  settle(message: ReplyMessage): void;
  readonly to: IncarnationId;
}

export interface ExchangePorts {
  readonly self: IncarnationId;
  readonly clock: Clock;
  readonly random: Random;
  readonly directory: Directory;
  readonly tables: Tables;
  readonly links: () => Links;
  /** Actors of this process; a client has none. */
  readonly lookup: (address: ActorAddress) => ActorRef<unknown> | null;
  readonly askLocal: (actor: ActorRef<unknown>, message: unknown, timeoutMs: number) => Promise<unknown>;
  /** Messages from other hosts that are not an actor's business, as a client's events; true when taken. */
  readonly onUnclaimed: (envelope: Envelope) => boolean;
}

/** Carries messages between actors, on this host or another, and answers back to whoever asked. */
export class AddressExchange implements Exchange {
  /** Real messages, timed from the question to its answer: for the latency agent. */
  readonly answerTimes = new AnswerTimes();
  readonly strays: Strays;
  readonly #ports: ExchangePorts;
  readonly #questions = new Map<string, Question>();

  constructor(ports: ExchangePorts) {
    this.#ports = ports;
    this.strays = new Strays(ports.clock);
    ports.directory.onChange(() => this.#followMoved());
  }

  tell(to: ActorAddress, message: AnyMessage, urgency: Urgency = 'batched'): boolean {
    const local = this.#ports.lookup(to);
    if (local !== null) return local.tell(message);
    const peer = this.#route(to);
    if (peer === this.#ports.self) return this.#held(message); // It would be here, and is not.
    return peer !== null && this.#send(peer, { to, from: this.#from(), correlation: null, message }, urgency);
  }

  tellIncarnation(to: IncarnationId, address: ActorAddress, message: AnyMessage): boolean {
    if (to === this.#ports.self) return this.#ports.lookup(address)?.tell(message) ?? false;
    return this.#send(to, { to: address, from: this.#from(), correlation: null, message }, 'urgent');
  }

  async ask<Reply>(to: ActorAddress, message: AnyMessage, timeoutMs: number): Promise<Reply> {
    const deadlineMs = this.#ports.clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = deadlineMs - this.#ports.clock.monotonicMs();
      const answer = await this.#askOnce(to, message, leftMs);
      if (answer.kind === 'reply') return answer.reply as Reply;
      if (answer.kind === 'failed') throw new RemoteAskError(to, answer.reason);
      if (deadlineMs - this.#ports.clock.monotonicMs() <= lookAgainMs) {
        throw new UnreachableActorError(to, `it was not found within ${timeoutMs} ms`);
      }
      await this.#lookAgain(to);
    }
  }

  /** From the links. */
  receive(from: IncarnationId, envelope: Envelope): void {
    const { to, correlation, message } = envelope;
    if (to === this.#from()) {
      if (correlation !== null) this.#questions.get(correlation)?.settle(message as ReplyMessage);
      return;
    }
    const actor = this.#ports.lookup(to);
    if (actor === null) {
      if (this.#ports.onUnclaimed(envelope)) return;
      if (correlation === null) this.#forward(envelope);
      else this.#answer(from, envelope, { kind: 'elsewhere' });
    } else if (correlation === null) actor.tell(message);
    else {
      this.#ports.askLocal(actor, message, answerMaxMs).then(
        (reply) => this.#answer(from, envelope, isElsewhere(reply) ? reply : { kind: 'reply', reply }),
        (error: unknown) => this.#answer(from, envelope, { kind: 'failed', reason: messageOf(error) }),
      );
    }
  }

  /** Rule 8: what is for an execution that has left follows it, but only ever to a higher epoch, so never in a circle. */
  #forward(envelope: Envelope): void {
    const place = placeOf(envelope.to);
    const { atEpoch } = envelope.message as { readonly atEpoch?: unknown };
    if (place?.kind !== 'execution' || typeof atEpoch !== 'number') return;
    const row = this.#ports.directory.register(executionId(place.execution))?.row;
    if (row === undefined) return;
    if (row.owner === this.#ports.self) return void this.#held(envelope.message);
    if (row.epoch <= atEpoch) return;
    this.#send(
      row.owner,
      { ...envelope, message: { ...envelope.message, atEpoch: row.epoch } as never },
      'batched',
    );
  }

  /** @returns whether it waits here until it is known where its receiver is */
  #held(message: AnyMessage): boolean {
    if (message.kind !== 'packet') return false;
    this.strays.hold(message as Stray);
    return true;
  }

  /** Those that waited for executions which turn out to have left go after them. */
  #followMoved(): void {
    for (const receiver of this.strays.receivers) {
      const row = this.#ports.directory.register(receiver)?.row;
      if (row === undefined || row.owner === this.#ports.self) continue;
      for (const message of this.strays.take(receiver))
        this.#forward({ to: address.execution(receiver), from: this.#from(), correlation: null, message });
    }
  }

  /** A link ended, so answers from that peer may be lost. */
  peerDown(peer: IncarnationId, why: string): void {
    for (const question of this.#questions.values()) {
      if (question.to === peer)
        question.settle({ kind: 'failed', reason: `the link to ${peer} ended (${why})` });
    }
  }

  #from(): ActorAddress {
    return actorAddress(`exchange/${this.#ports.self}`);
  }

  #answer(to: IncarnationId, envelope: Envelope, message: ReplyMessage): void {
    this.#send(
      to,
      { to: envelope.from, from: this.#from(), correlation: envelope.correlation, message },
      'urgent',
    );
  }

  #send(to: IncarnationId, envelope: Envelope, urgency: Urgency): boolean {
    const links = this.#ports.links();
    const outcome = links.send(to, envelope, urgency);
    if (outcome !== 'unknownPeer') return outcome === 'queued';
    const host = this.#ports.directory.incarnation(to);
    if (host === null) return false;
    links.connect(host);
    return links.send(to, envelope, urgency) === 'queued';
  }

  #route(to: ActorAddress): IncarnationId | null {
    const { directory } = this.#ports;
    const place = placeOf(to);
    if (place === null) return null;
    if (place.kind === 'host') return directory.host(hostName(place.host))?.incarnation ?? null;
    if (place.kind === 'rack') return directory.seat(`rack/${place.rack}`)?.holder ?? null;
    if (place.kind === 'cluster') return directory.seat(controlSeat)?.holder ?? null;
    return directory.register(executionId(place.execution))?.row.owner ?? null;
  }

  async #askOnce(to: ActorAddress, message: AnyMessage, timeoutMs: number): Promise<ReplyMessage> {
    const local = this.#ports.lookup(to);
    if (local !== null) {
      return this.#ports.askLocal(local, message, timeoutMs).then(
        (reply) => (isElsewhere(reply) ? { kind: 'elsewhere' } : { kind: 'reply', reply }),
        (error: unknown) => ({ kind: 'failed', reason: messageOf(error) }),
      );
    }
    const peer = this.#route(to);
    if (peer === null || peer === this.#ports.self) {
      if (placeOf(to)?.kind === 'execution') return { kind: 'elsewhere' };
      throw new UnreachableActorError(to, this.#known());
    }
    return this.#askPeer(peer, to, message, timeoutMs);
  }

  #askPeer(
    peer: IncarnationId,
    to: ActorAddress,
    message: AnyMessage,
    timeoutMs: number,
  ): Promise<ReplyMessage> {
    const correlation = this.#ports.random.hex(12);
    const askedAtMs = this.#ports.clock.monotonicMs();
    return new Promise<ReplyMessage>((resolve) => {
      const cancel = this.#ports.clock.after(timeoutMs, () =>
        settle({ kind: 'failed', reason: `no answer from ${peer} within ${Math.round(timeoutMs)} ms` }),
      );
      const settle = (answer: ReplyMessage): void => {
        cancel();
        this.#questions.delete(correlation);
        if (answer.kind === 'reply') this.answerTimes.note(peer, this.#ports.clock.monotonicMs() - askedAtMs);
        resolve(answer);
      };
      this.#questions.set(correlation, { settle, to: peer });
      if (!this.#send(peer, { to, from: this.#from(), correlation, message }, 'urgent')) {
        settle({ kind: 'failed', reason: `nothing can be sent to ${peer} now` });
      }
    });
  }

  /** Between two hosts an execution is at neither for a moment: the register knows where it went. */
  async #lookAgain(to: ActorAddress): Promise<void> {
    const place = placeOf(to);
    if (place?.kind === 'execution') {
      const found = await this.#ports.tables.registers.get(place.execution);
      if (found === null)
        throw new UnreachableActorError(to, 'there is no such execution. `godwit ps` lists them');
      if (found.row.standing.phase === 'settled') {
        throw new UnreachableActorError(to, `it has ended: it ${found.row.standing.result.outcome}`);
      }
      if (found.row.standing.phase === 'quarantined') {
        throw new UnreachableActorError(to, `it is quarantined: ${found.row.standing.reason}`);
      }
      this.#ports.directory.learn(found as Found<RegisterRow>);
    }
    await new Promise<void>((resolve) => this.#ports.clock.after(lookAgainMs, resolve));
  }

  #known(): string {
    const names = this.#ports.directory.hosts().map((host) => host.name);
    return names.length === 0 ? 'no host is up' : `the hosts that are up are ${names.join(', ')}`;
  }
}

function isElsewhere(reply: unknown): reply is { readonly kind: 'elsewhere' } {
  return typeof reply === 'object' && reply !== null && (reply as { kind?: unknown }).kind === 'elsewhere';
}
