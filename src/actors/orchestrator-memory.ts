import * as v from 'valibot';
import { messageOf } from '../core/errors.ts';
import type { OrchestrationRounds } from './orchestration-rounds.ts';
import type { Order } from './orders.ts';
import { Orders } from './orders.ts';
import type { SeatTime } from './seat-time.ts';

/** Of what is stored. */
const version = 1;

const text = v.pipe(v.string(), v.minLength(1));
const time = v.pipe(v.number(), v.finite());
/** From 0. JSON knows neither NaN nor infinities. */
export const amount = v.pipe(v.number(), v.minValue(0));
const resources = v.object({ cpu: amount, memory: amount, io: amount, network: amount });

const directive = v.object({
  directive: text,
  term: v.number(),
  componentId: text,
  targetRack: text,
  migrationStrategy: v.picklist(['stopAndCopy', 'preCopy', 'postCopy']),
  parts: v.array(text),
  targetHosts: v.record(text, text),
  startInMs: amount,
  horizonMs: amount,
  decision: v.string(),
  text: v.string(),
});

const outcome = v.object({
  directive: text,
  componentId: text,
  moved: v.array(v.object({ execution: text, to: text, pauseMs: amount, bytes: amount, durationMs: amount })),
  failed: v.array(v.object({ execution: text, reason: v.string() })),
});

const order = v.object({
  directive,
  demand: v.record(text, resources),
  phase: v.picklist(['ordered', 'done', 'failed']),
  atMs: time,
  endedAtMs: v.nullable(time),
  outcome: v.nullable(outcome),
  arrived: v.array(text),
});

const stored = v.object({
  version: v.literal(version),
  moment: v.object({ seatMs: time, wallMs: time }),
  orders: v.array(order),
  /** Whose memory follows. */
  policy: text,
  learned: v.unknown(),
});

/** What one holder of the seat leaves to the next. */
export function encodeMemory(orders: Orders, rounds: OrchestrationRounds, seatTime: SeatTime): Uint8Array {
  const memory = {
    version,
    moment: seatTime.save(),
    orders: orders.all(),
    policy: rounds.policy,
    learned: rounds.memory(),
  };
  return new TextEncoder().encode(JSON.stringify(memory));
}

export interface Recalled {
  readonly orders: Orders;
  /** For people: what could not be taken over; empty when everything was. */
  readonly failure: string;
}

/**
 * Takes over what the holder before left, as far as it can be read: what it ordered ends by itself, and what it learned
 * is learned again. What another policy learned is of no use to this one.
 */
export function recallMemory(bytes: Uint8Array, rounds: OrchestrationRounds, seatTime: SeatTime): Recalled {
  const failed = (what: string, error: unknown): string =>
    `what the orchestrator before ${what} cannot be read: ${messageOf(error)}`;
  let found: v.InferOutput<typeof stored>;
  try {
    found = v.parse(stored, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    return { orders: new Orders([]), failure: failed('remembered', error) };
  }
  seatTime.resume(found.moment);
  const orders = new Orders(found.orders as readonly unknown[] as readonly Order[]);
  if (found.policy !== rounds.policy) return { orders, failure: '' };
  try {
    rounds.recall(found.learned);
    return { orders, failure: '' };
  } catch (error) {
    return { orders, failure: failed('learned', error) };
  }
}
