import type { HostIdentity } from '../core/execution.ts';
import type { ActorAddress, IncarnationId } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import type { ClusterEvent, EventDetail } from '../protocols/messages.ts';
import type { EventSink } from './ports.ts';

export interface Follower {
  readonly incarnation: IncarnationId;
  readonly address: ActorAddress;
  readonly logs: boolean;
}

/** What happened on this host since it started, the newest part of it, for whoever follows. */
export class EventLog implements EventSink {
  readonly #events: ClusterEvent[] = [];
  readonly #followers = new Map<ActorAddress, Follower>();
  readonly #identity: HostIdentity;
  readonly #clock: Clock;
  readonly #eventsMax: number;
  readonly #send: (follower: Follower, event: ClusterEvent) => void;
  #sequence = 0;

  constructor(
    identity: HostIdentity,
    clock: Clock,
    eventsMax: number,
    send: (follower: Follower, event: ClusterEvent) => void,
  ) {
    this.#identity = identity;
    this.#clock = clock;
    this.#eventsMax = eventsMax;
    this.#send = send;
  }

  emit(detail: EventDetail): void {
    this.#sequence += 1;
    const { name, incarnation } = this.#identity;
    const event = { host: name, incarnation, sequence: this.#sequence, wallMs: this.#clock.wallMs(), detail };
    this.#events.push(event);
    if (this.#events.length > this.#eventsMax) this.#events.shift();
    for (const follower of this.#followers.values()) this.#tell(follower, event);
  }

  /** Sends what the log still holds, and then everything as it happens. */
  follow(follower: Follower): void {
    this.#followers.set(follower.address, follower);
    for (const event of this.#events) this.#tell(follower, event);
  }

  unfollow(address: ActorAddress): void {
    this.#followers.delete(address);
  }

  /** Its link ended. */
  forget(incarnation: IncarnationId): void {
    for (const follower of this.#followers.values()) {
      if (follower.incarnation === incarnation) this.#followers.delete(follower.address);
    }
  }

  #tell(follower: Follower, event: ClusterEvent): void {
    if (event.detail.kind !== 'log' || follower.logs) this.#send(follower, event);
  }
}
