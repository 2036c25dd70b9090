import type { EffectsState } from '../../protocols/effects/ledger.ts';
import type { DeliveryState, HeldMessage, PeerState } from '../../protocols/delivery/state.ts';
import type { ChildState } from './offspring.ts';

/** Messages of one direction between two executions, from a number on: the sender's life that sent them. */
export interface LifeOfMessages {
  readonly from: number;
  readonly generation: number;
}

/** What an execution knows of the messages that it sent to one peer, or took from it. */
export interface Correspondence {
  upTo: number;
  /** Ascending; the last one that begins at or before a number says whose it is. */
  lives: readonly LifeOfMessages[];
  /** Numbers that an earlier life took, and that do not come again; both ends included. */
  missed: readonly (readonly [number, number])[];
}

export type Correspondences = Record<string, Correspondence>;

/** A timer that was set: all in milliseconds. */
export interface Sleep {
  readonly id: number;
  /** Of the store, as far as the lane knew. */
  readonly untilMs: number;
  /** Of the world: for the judge alone. */
  readonly notBeforeMs: number;
}

/** What of a dealer travels in a snapshot. */
export interface DealerState {
  readonly sent: Correspondences;
  readonly taken: Correspondences;
  readonly sleep: Sleep | null;
  /** The effect whose outcome it waits for. */
  readonly awaited: { readonly sequence: number; readonly count: number } | null;
  readonly children: readonly ChildState[];
  /** Its script is over, and its parent was written to. */
  readonly isOver: boolean;
  readonly ledger: EffectsState;
  readonly delivery: DeliveryState;
}

interface MessageRecord extends Omit<HeldMessage, 'body'> {
  readonly body: readonly number[];
}

interface PeerRecord extends Omit<PeerState, 'outbox' | 'early'> {
  readonly outbox: readonly MessageRecord[];
  readonly early: readonly MessageRecord[];
}

/** The same as JSON has it. */
export interface DealerRecord extends Omit<DealerState, 'delivery'> {
  readonly delivery: Omit<DeliveryState, 'peers'> & { readonly peers: readonly PeerRecord[] };
}

export function recordOfDealer(state: DealerState): DealerRecord {
  const toRecord = (message: HeldMessage): MessageRecord => ({ ...message, body: [...message.body] });
  const peers = state.delivery.peers.map((peer) => ({
    ...peer,
    outbox: peer.outbox.map(toRecord),
    early: peer.early.map(toRecord),
  }));
  return { ...state, delivery: { ...state.delivery, peers } };
}

export function dealerOfRecord(record: DealerRecord): DealerState {
  const toMessage = (message: MessageRecord): HeldMessage => ({
    ...message,
    body: Uint8Array.from(message.body),
  });
  const peers = record.delivery.peers.map((peer) => ({
    ...peer,
    outbox: peer.outbox.map(toMessage),
    early: peer.early.map(toMessage),
  }));
  return { ...record, delivery: { ...record.delivery, peers } };
}

/** What a message says: its number, and the sender's generation. */
export function bodyOf(number: number, generation: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(number, generation).buffer);
}

export function readBody(body: Uint8Array): { readonly number: number; readonly generation: number } {
  const [number = 0, generation = 0] = new Uint32Array(body.slice().buffer);
  return { number, generation };
}

/** Whose life the message with this number is of; null when there is none, or it was missed. */
export function lifeOf({ upTo, lives, missed }: Correspondence, number: number): number | null {
  if (number > upTo || missed.some(([from, to]) => number >= from && number <= to)) return null;
  return lives.findLast(({ from }) => from <= number)?.generation ?? null;
}

/** One more message. */
export function extended(correspondence: Correspondence | undefined, generation: number): Correspondence {
  const { upTo, lives, missed } = correspondence ?? { upTo: 0, lives: [], missed: [] };
  const isSame = lives.at(-1)?.generation === generation;
  return { upTo: upTo + 1, lives: isSame ? lives : [...lives, { from: upTo + 1, generation }], missed };
}

/** The last ones were taken back. */
export function shortened({ upTo, lives, missed }: Correspondence, by: number): Correspondence {
  const left = upTo - by;
  return {
    upTo: left,
    lives: lives.filter(({ from }) => from <= left),
    missed: missed.flatMap(([from, to]) => (from > left ? [] : [[from, Math.min(to, left)] as const])),
  };
}

/** The next ones do not come. */
export function skipped(correspondence: Correspondence | undefined, count: number): Correspondence {
  const { upTo, lives, missed } = correspondence ?? { upTo: 0, lives: [], missed: [] };
  return { upTo: upTo + count, lives, missed: [...missed, [upTo + 1, upTo + count]] };
}
