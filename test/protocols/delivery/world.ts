import type { Tenure } from '../../../src/core/execution.ts';
import type { ExecutionId } from '../../../src/core/ids.ts';
import { epoch, executionId, generation } from '../../../src/core/ids.ts';
import { beginDelivery, Delivery } from '../../../src/protocols/delivery/delivery.ts';
import type { DeliveryPacket } from '../../../src/protocols/delivery/packet.ts';
import type { DeliveryEffect, DeliveryLimits, DeliveryState } from '../../../src/protocols/delivery/state.ts';

export function tenure(name: string, generationCount = 1, epochCount = generationCount): Tenure {
  return {
    execution: executionId(name),
    epoch: epoch(epochCount),
    generation: generation(generationCount),
  };
}

/** Through text and back, as far as a snapshot travels. */
export function throughText<T>(value: T): T {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Uint8Array ? { bytes: [...part] } : part,
  );
  return JSON.parse(text, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && 'bytes' in part
      ? Uint8Array.from((part as { bytes: number[] }).bytes)
      : part,
  ) as T;
}

/** What an application holds: all of it is rewound with its execution. */
interface Application {
  /** Values sent, by receiver. */
  readonly sent: Record<string, number[]>;
  /** Values delivered, by sender; null stands for a message that only an earlier life took. */
  readonly taken: Record<string, (number | null)[]>;
  next: number;
}

interface Checkpoint {
  readonly delivery: DeliveryState;
  readonly application: Application;
}

export interface WorldOptions {
  readonly limits: DeliveryLimits;
  /** Acts leave only once a checkpoint covers them. */
  readonly durable: boolean;
  /** Messages that a mailbox takes at one time. */
  readonly room: number;
}

/** Executions and the network between them, which loses, doubles and reorders as it is told to. */
export class World {
  readonly nodes: Node[];
  flying: DeliveryPacket[] = [];

  constructor(names: readonly string[], options: WorldOptions) {
    this.nodes = names.map((name) => new Node(name, this, options));
  }

  node(index: number): Node {
    return this.nodes[index % this.nodes.length] as Node;
  }

  /** Removes one packet in flight. */
  pick(index: number): DeliveryPacket | null {
    return this.flying.splice(index % Math.max(1, this.flying.length), 1)[0] ?? null;
  }

  arrive(packet: DeliveryPacket): void {
    this.nodes.find((node) => node.name === packet.to)?.receive(packet);
  }

  /** Faults have ended: everything arrives, until nothing is left to say. @returns whether it came to rest */
  settle(roundsMax: number): boolean {
    for (let round = 0; round < roundsMax; round += 1) {
      for (const node of this.nodes) node.act({ kind: 'emptied', room: 1_000 });
      for (const node of this.nodes) node.checkpoint();
      for (const node of this.nodes) node.act({ kind: 'retransmitted', peer: null });
      for (const node of this.nodes) node.checkpoint();
      for (let count = 0; count < 10_000 && this.flying.length > 0; count += 1) {
        this.arrive(this.pick(0) as DeliveryPacket);
      }
      // The cluster's news of recoveries comes when nothing of a dead life is in flight any more (rule 10).
      this.#announceRecoveries();
      const aligned = this.nodes.every((node) =>
        node.delivery.capture().peers.every((peer) => peer.aligned && peer.early.length === 0),
      );
      const held = this.nodes.some((node) => node.held.length > 0);
      if (aligned && !held && this.nodes.every((node) => node.delivery.idle)) return true;
    }
    return false;
  }

  #announceRecoveries(): void {
    for (const { tenure: told } of this.nodes) {
      const { execution: peer, generation: count } = told;
      for (const node of this.nodes) node.act({ kind: 'peerRewound', peer, generation: count });
    }
  }
}

export class Node {
  readonly name: ExecutionId;
  delivery: Delivery;
  application: Application = { sent: {}, taken: {}, next: 1 };
  held: DeliveryPacket[] = [];
  readonly #world: World;
  readonly #options: WorldOptions;
  tenure: Tenure;
  #checkpoint: Checkpoint;

  constructor(name: string, world: World, options: WorldOptions) {
    this.name = executionId(name);
    this.#world = world;
    this.#options = options;
    this.tenure = tenure(name);
    this.delivery = new Delivery(beginDelivery(this.tenure), options.limits);
    this.#checkpoint = this.#capture();
  }

  send(to: Node): void {
    const value = this.application.next;
    const body = Uint8Array.from([value & 255, value >> 8]);
    const effects = this.act({ kind: 'sent', to: to.name, subject: 'user', body });
    if (effects.some((effect) => effect.kind === 'refuse')) return;
    this.application.next += 1;
    (this.application.sent[to.name] ??= []).push(value);
  }

  receive(packet: DeliveryPacket): void {
    this.act({ kind: 'received', packet, room: this.#options.room });
  }

  act(event: Parameters<Delivery['step']>[0]): readonly DeliveryEffect[] {
    const effects = this.delivery.step(event);
    for (const effect of effects) this.#perform(effect);
    return effects;
  }

  #perform(effect: DeliveryEffect): void {
    const { taken } = this.application;
    if (effect.kind === 'transmit') {
      if (this.#options.durable) this.held.push(effect.packet);
      else this.#world.flying.push(effect.packet);
    } else if (effect.kind === 'deliver') {
      (taken[effect.from] ??= []).push((effect.body[0] as number) + (effect.body[1] as number) * 256);
    } else if (effect.kind === 'notifyRewound') {
      const log = (taken[effect.peer] ??= []);
      log.splice(log.length - effect.takenBack, effect.takenBack);
    } else if (effect.kind === 'notifyMissed') {
      (taken[effect.peer] ??= []).push(...Array.from({ length: effect.count }, () => null));
    }
  }

  move(): void {
    const captured = this.#capture();
    this.#restore(captured, { ...this.tenure, epoch: epoch(this.tenure.epoch + 1) });
  }

  checkpoint(): void {
    this.#checkpoint = this.#capture();
    this.#world.flying.push(...this.held.splice(0));
  }

  rewind(): void {
    this.held = [];
    this.#restore(this.#checkpoint, {
      ...this.tenure,
      epoch: epoch(this.tenure.epoch + 1),
      generation: generation(this.tenure.generation + 1),
    });
  }

  #capture(): Checkpoint {
    return throughText({ delivery: this.delivery.capture(), application: this.application });
  }

  #restore(checkpoint: Checkpoint, next: Tenure): void {
    const { delivery, application } = throughText(checkpoint);
    this.tenure = next;
    this.delivery = new Delivery(delivery, this.#options.limits);
    this.application = application;
    this.act({ kind: 'claimed', tenure: next });
  }
}
