import type { Tenure } from '../../../src/core/execution.ts';
import type { ExecutionId } from '../../../src/core/ids.ts';
import { epoch, executionId, generation } from '../../../src/core/ids.ts';
import { beginDelivery, Delivery } from '../../../src/protocols/delivery/delivery.ts';
import type { DeliveryPacket } from '../../../src/protocols/delivery/packet.ts';
import type { DeliveryEffect, DeliveryEvent, DeliveryState } from '../../../src/protocols/delivery/state.ts';
import { deliveryLimits } from '../../../src/protocols/delivery/state.ts';
import type { Model } from './explorer.ts';
import { Interner } from './interner.ts';

export interface DeliveryBounds {
  /** How many messages each of the two sends to the other. */
  readonly messages: readonly [number, number];
  readonly moves: readonly [number, number];
  /** How often each is recovered from its checkpoint. */
  readonly recoveries: readonly [number, number];
  /** Different packets in flight; one more is lost. Each of them may arrive late, repeatedly, in any order, or never. */
  readonly flyingMax: number;
  /** Nothing leaves before a checkpoint covers it. */
  readonly durable: boolean;
  /** Whose method returns once it has sent everything. */
  readonly returns: readonly [boolean, boolean];
  /** How many messages its mailbox takes until then. */
  readonly rooms: readonly [number, number];
}

/** What an execution does about its end; the tests break it in places. */
export interface EndRules {
  /** Whether one whose method has returned may end. */
  readonly mayEnd: (state: DeliveryState) => boolean;
  /** What its mailbox takes then. */
  readonly roomOnceReturned: number;
  /** Whether its peer hears of it. */
  readonly isTold: boolean;
}

export const realEnd: EndRules = {
  mayEnd: (state) => new Delivery(state, deliveryLimits).idle,
  roomOnceReturned: 64,
  isTold: true,
};

/** What the program of an execution knows: all of it goes back with its execution. */
interface Program {
  /** Values sent: no two lives ever send the same. */
  readonly sent: readonly number[];
  /** Values taken; null for one that an earlier life of this execution took. */
  readonly taken: readonly (number | null)[];
  readonly hasReturned: boolean;
}

interface Life extends Program {
  readonly delivery: DeliveryState;
}

interface Node extends Life {
  readonly checkpoint: Life;
  readonly held: readonly DeliveryPacket[];
  /** A promise that was broken in the step that led here. */
  readonly broken: string | null;
  /** What the register says; `after`: its peer had ended before. */
  readonly end: 'none' | 'before' | 'after';
}

interface World {
  readonly nodes: readonly [Node, Node];
  readonly flying: readonly DeliveryPacket[];
  readonly moves: readonly [number, number];
  readonly recoveries: readonly [number, number];
}

type Side = 0 | 1;

/** The protocol as a function: the tests break it in places. */
export type DeliveryStep = (
  state: DeliveryState,
  event: DeliveryEvent,
) => { readonly state: DeliveryState; readonly effects: readonly DeliveryEffect[] };

const names: readonly [ExecutionId, ExecutionId] = [executionId('a'), executionId('b')];

export const realDelivery: DeliveryStep = (state, event) => {
  const delivery = new Delivery(state, deliveryLimits);
  const effects = delivery.step(event);
  return { state: delivery.capture(), effects };
};

/** Two executions that send each other messages, with everything that may become of them and of what is between them. */
export class DeliveryModel implements Model {
  readonly initial: string;
  readonly #bounds: DeliveryBounds;
  readonly #step: DeliveryStep;
  /** Whether they are promised that nothing is ever taken back or missed. */
  readonly #isPromised: boolean;
  readonly #rules: EndRules;
  readonly #nodes = new Interner<Node>();
  readonly #packets = new Interner<DeliveryPacket>();

  constructor(bounds: DeliveryBounds, step = realDelivery, isPromised = bounds.durable, rules = realEnd) {
    this.#bounds = bounds;
    this.#step = step;
    this.#isPromised = isPromised;
    this.#rules = rules;
    const { moves, recoveries } = bounds;
    this.initial = this.#write({ nodes: [beginNode(0), beginNode(1)], flying: [], moves, recoveries });
  }

  violation(state: string): string | null {
    const { nodes } = this.#read(state);
    const [a, b] = nodes;
    const lost = this.#lostWithSender(a, b) ?? this.#lostWithSender(b, a);
    return a.broken ?? b.broken ?? lost ?? this.#disorder(a, b) ?? this.#disorder(b, a);
  }

  isGood(state: string): boolean {
    const { nodes } = this.#read(state);
    return nodes.every((node, side) => {
      const other = nodes[1 - side] as Node;
      const { peers } = node.delivery;
      if (this.#bounds.returns[side as Side]) return node.end !== 'none';
      return (
        node.sent.length === this.#bounds.messages[side as Side] &&
        (this.#isExcused(node, other) || other.taken.length === node.sent.length) &&
        node.held.length === 0 &&
        peers.every((peer) => peer.outbox.length === 0 && peer.early.length === 0)
      );
    });
  }

  successors(state: string, visit: (label: string, next: string, fair: boolean) => void): void {
    const world = this.#read(state);
    for (const side of [0, 1] as const) {
      for (const { label, fair, next } of this.#ofNode(world, side)) visit(label, this.#write(next), fair);
    }
    for (const packet of world.flying) {
      const side = names.indexOf(packet.to) as Side;
      const rest = world.flying.filter((other) => other !== packet);
      const label = describe(packet);
      const arrives = (at: World): string => {
        const node = at.nodes[side];
        const event: DeliveryEvent = { kind: 'received', packet, room: this.#room(node, side) };
        return this.#write(node.end === 'none' ? this.#act(at, side, event) : at);
      };
      visit(`${label} arrives`, arrives({ ...world, flying: rest }), true);
      visit(`${label} arrives, and will again`, arrives(world), false);
      visit(`${label} is lost`, this.#write({ ...world, flying: rest }), false);
    }
  }

  *#ofNode(world: World, side: Side): Iterable<{ label: string; fair: boolean; next: World }> {
    const node = world.nodes[side];
    const name = names[side];
    const peer = names[1 - side] as ExecutionId;
    const other = world.nodes[1 - side] as Node;
    const { self } = node.delivery;
    if (node.end !== 'none') return;
    yield* this.#ofEnds(world, side, other);
    if (node.sent.length < this.#bounds.messages[side]) {
      const value = self.generation * 16 + node.sent.length;
      const sending = withNode(world, side, { ...node, sent: [...node.sent, value] });
      const body = Uint8Array.of(value);
      const next = this.#act(sending, side, { kind: 'sent', to: peer, subject: 'user', body });
      yield { label: `${name} sends ${value}`, fair: true, next };
    }
    const again = this.#act(world, side, { kind: 'retransmitted', peer: null });
    yield { label: `${name} repeats`, fair: true, next: again };
    // Without either, nothing ever asks what its checkpoint holds.
    if (this.#bounds.durable || world.recoveries[side] > 0)
      yield { label: `${name} has a checkpoint`, fair: true, next: this.#checkpointed(world, side) };
    const { generation: life } = other.delivery.self;
    const told: DeliveryEvent = { kind: 'peerRewound', peer, generation: life };
    if (life > 1) yield { label: `${name} hears of ${peer}`, fair: true, next: this.#act(world, side, told) };
    if (world.moves[side] > 0) {
      const next = this.#act(less(world, 'moves', side), side, { kind: 'claimed', tenure: later(self, 0) });
      yield { label: `${name} moves`, fair: false, next };
    }
    if (world.recoveries[side] > 0) {
      const { checkpoint } = node;
      const back: Node = { ...checkpoint, checkpoint, held: [], broken: null, end: 'none' };
      const lost = less(withNode(world, side, back), 'recoveries', side);
      const next = this.#act(lost, side, { kind: 'claimed', tenure: later(self, 1) });
      yield { label: `${name} is recovered`, fair: false, next };
    }
  }

  *#ofEnds(world: World, side: Side, other: Node): Iterable<{ label: string; fair: boolean; next: World }> {
    const node = world.nodes[side];
    const name = names[side];
    const hasSent = node.sent.length === this.#bounds.messages[side];
    if (this.#bounds.returns[side] && hasSent && !node.hasReturned) {
      const returned = { ...node, hasReturned: true };
      const event: DeliveryEvent = { kind: 'emptied', room: this.#room(returned, side) };
      yield {
        label: `${name} returns`,
        fair: true,
        next: this.#act(withNode(world, side, returned), side, event),
      };
    }
    if (node.hasReturned && node.held.length === 0 && this.#rules.mayEnd(node.delivery)) {
      const end = other.end === 'none' ? 'before' : 'after';
      yield { label: `${name} ends`, fair: true, next: withNode(world, side, { ...node, end }) };
    }
    if (other.end !== 'none' && this.#rules.isTold) {
      const next = this.#act(world, side, { kind: 'ended', peer: other.delivery.self.execution });
      yield { label: `${name} hears of the end`, fair: true, next };
    }
  }

  #room(node: Node, side: Side): number {
    if (node.hasReturned) return this.#rules.roomOnceReturned;
    return Math.max(0, this.#bounds.rooms[side] - node.taken.length);
  }

  #checkpointed(world: World, side: Side): World {
    const node = world.nodes[side];
    const { delivery, sent, taken, hasReturned } = node;
    const covered: Node = { ...node, checkpoint: { delivery, sent, taken, hasReturned }, held: [] };
    return this.#flown(withNode(world, side, covered), node.held);
  }

  /** Lets one step happen, and does what it asks for. */
  #act(world: World, side: Side, event: DeliveryEvent): World {
    const node = world.nodes[side];
    const hasPeerEnded = (world.nodes[1 - side] as Node).end !== 'none';
    const { state, effects } = this.#step(node.delivery, event);
    const taken = [...node.taken];
    const leaving: DeliveryPacket[] = [];
    let broken: string | null = null;
    for (const effect of effects) {
      if (effect.kind === 'transmit') leaving.push(effect.packet);
      else if (effect.kind === 'deliver') taken.push(effect.body[0] as number);
      else if (effect.kind === 'notifyRewound') {
        if (effect.takenBack > 0 && this.#isPromised)
          broken = 'a message of a durable execution is taken back';
        if (effect.takenBack > taken.length) broken = 'more is taken back than was taken';
        taken.splice(taken.length - effect.takenBack, effect.takenBack);
      } else if (effect.kind === 'notifyMissed') {
        if (this.#isPromised) broken = 'a durable execution misses a message';
        taken.push(...Array.from({ length: effect.count }, () => null));
      } else if (!hasPeerEnded) broken = `a message is refused: ${JSON.stringify(effect)}`;
    }
    const next: Node = { ...node, delivery: state, taken, broken };
    if (!this.#bounds.durable) return this.#flown(withNode(world, side, next), leaving);
    // They may arrive in any order: so none is kept.
    const held = [...node.held, ...leaving.filter((packet) => !this.#isIn(node.held, packet))];
    held.sort((one, other) => this.#packets.id(one) - this.#packets.id(other));
    return withNode(world, side, { ...next, held });
  }

  #isIn(packets: readonly DeliveryPacket[], packet: DeliveryPacket): boolean {
    return packets.some((other) => this.#packets.id(other) === this.#packets.id(packet));
  }

  #flown(world: World, leaving: readonly DeliveryPacket[]): World {
    const flying = [...world.flying];
    for (const packet of leaving) {
      if (flying.length < this.#bounds.flyingMax && !this.#isIn(flying, packet)) flying.push(packet);
    }
    return { ...world, flying };
  }

  /** Whether what one has sent need not be there: the receiver ended first, or lost it with the life that had taken it. */
  #isExcused(from: Node, to: Node): boolean {
    if (from.end === 'after' || (from.end === 'none' && to.end !== 'none')) return true;
    return from.end === 'before' && to.delivery.self.generation > 1 && !this.#bounds.durable;
  }

  #lostWithSender(from: Node, to: Node): string | null {
    if (from.end === 'none' || this.#isExcused(from, to) || to.taken.length >= from.sent.length) return null;
    return `a message is lost with its sender: taken ${to.taken.join()}, sent ${from.sent.join()}`;
  }

  /** What is wrong with what one has taken of what the other has sent. */
  #disorder(from: Node, to: Node): string | null {
    const knows =
      to.delivery.peers.find(({ peer }) => peer === from.delivery.self.execution)?.generation ?? 0;
    const values = to.taken.filter((value) => value !== null);
    if (new Set(values).size < values.length) return `a message was taken twice: ${to.taken.join()}`;
    const isRecovered = to.delivery.self.generation > 1;
    if (values.length < to.taken.length && !isRecovered)
      return 'a message is missing, and nobody was recovered';
    // It has yet to hear which messages were taken back.
    if (knows < from.delivery.self.generation) return null;
    const wrong = to.taken.findIndex((value, at) => value !== null && value !== from.sent[at]);
    if (wrong >= 0) return `taken ${to.taken.join()}, sent ${from.sent.join()}`;
    return to.taken.length > from.sent.length ? 'more was taken than sent' : null;
  }

  #read(state: string): World {
    const [nodes = '', flying = '', budgets = ''] = state.split('|');
    const [a, b] = nodes.split(',').map((id) => this.#nodes.value(Number(id)));
    const [moves0 = 0, moves1 = 0, recoveries0 = 0, recoveries1 = 0] = budgets.split(',').map(Number);
    return {
      nodes: [a as Node, b as Node],
      flying: flying === '' ? [] : flying.split(',').map((id) => this.#packets.value(Number(id))),
      moves: [moves0, moves1],
      recoveries: [recoveries0, recoveries1],
    };
  }

  #write({ nodes, flying, moves, recoveries }: World): string {
    const packets = flying.map((packet) => this.#packets.id(packet)).sort((a, b) => a - b);
    const ids = nodes.map((node) => this.#nodes.id(node));
    return `${ids.join()}|${packets.join()}|${moves.join()},${recoveries.join()}`;
  }
}

function beginNode(side: Side): Node {
  const self: Tenure = { execution: names[side], epoch: epoch(1), generation: generation(1) };
  const life: Life = { delivery: beginDelivery(self), sent: [], taken: [], hasReturned: false };
  return { ...life, checkpoint: life, held: [], broken: null, end: 'none' };
}

function withNode(world: World, side: Side, node: Node): World {
  const [a, b] = world.nodes;
  return { ...world, nodes: side === 0 ? [node, b] : [a, node] };
}

function less(world: World, what: 'moves' | 'recoveries', side: Side): World {
  const [a, b] = world[what];
  return { ...world, [what]: side === 0 ? [a - 1, b] : [a, b - 1] };
}

function later({ execution, epoch: count, generation: life }: Tenure, recoveries: number): Tenure {
  return { execution, epoch: epoch(count + 1), generation: generation(life + recoveries) };
}

function describe(packet: DeliveryPacket): string {
  const { from, kind } = packet;
  const what = { message: 'number', acknowledgement: 'upTo', alignment: 'knows' }[kind];
  const value = (packet as unknown as Record<string, unknown>)[what];
  return `${kind} ${what} ${String(value)} of ${from.execution}, life ${from.generation} epoch ${from.epoch},`;
}
