import { expect, test } from 'vitest';
import type { OrchestrationRounds } from '../../src/actors/orchestration-rounds.ts';
import { encodeMemory, recallMemory } from '../../src/actors/orchestrator-memory.ts';
import type { IsIn } from '../../src/actors/orders.ts';
import { Orders } from '../../src/actors/orders.ts';
import { latencyFirstMemory, noLatencyFirstMemory } from '../../src/actors/rounds-memory.ts';
import { SeatTime } from '../../src/actors/seat-time.ts';
import { executionId, hostName, rackName, term } from '../../src/core/ids.ts';
import type { MigrationDirective } from '../../src/protocols/messages.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { Machine } from '../../src/simulator/cluster/machine.ts';

const horizonMs = 600_000;
const hour = 3_600_000;
const x = executionId('x');
const nowhere: IsIn = () => false;

function directive(id: string): MigrationDirective {
  return {
    directive: id,
    term: term(1),
    componentId: x,
    targetRack: rackName('rb'),
    migrationStrategy: 'stopAndCopy',
    parts: [x],
    targetHosts: {},
    startInMs: 0,
    horizonMs,
    decision: '',
    text: '',
  };
}

const moved = { execution: x, to: hostName('b1'), pauseMs: 1, bytes: 1, durationMs: 1 };

/** Remembers as `latency-first` does. */
class Learner {
  readonly policy: string;
  #memory: unknown = noLatencyFirstMemory();

  constructor(policy = 'latency-first') {
    this.policy = policy;
  }

  memory(): unknown {
    return this.#memory;
  }

  recall(found: unknown): void {
    this.#memory = latencyFirstMemory(found);
  }
}

function rounds(policy?: string): OrchestrationRounds {
  return new Learner(policy) as unknown as OrchestrationRounds;
}

/** A holder's seat, with a clock of its own. */
function seat(aheadMs = 0): { readonly clock: SimulatedClock; readonly machine: Machine; time: SeatTime } {
  const clock = new SimulatedClock(1_000);
  const machine = new Machine(clock, clock.monotonicMs());
  machine.aheadMs = aheadMs;
  return { clock, machine, time: new SeatTime(machine.mainClock) };
}

function bound(orders: Orders, time: SeatTime): readonly number[] {
  return orders.bindings(rackName('rb'), time.nowMs()).map(({ forMs }) => forMs);
}

/** What a holder leaves that ordered one move, which was made. */
function left(): Uint8Array {
  const { time } = seat();
  const orders = new Orders([]);
  orders.add(directive('d-1'), {}, time.nowMs());
  orders.end({ directive: 'd-1', componentId: x, moved: [moved], failed: [] }, time.nowMs(), nowhere);
  return encodeMemory(orders, rounds(), time);
}

test('the next holder knows what was ordered, and for how long it still binds', () => {
  const next = seat();
  next.clock.advance(60_000);
  const { orders, failure } = recallMemory(left(), rounds(), next.time);
  expect(failure).toBe('');
  expect(orders.get('d-1')?.phase).toBe('done');
  expect(bound(orders, next.time)).toEqual([horizonMs - 60_000]);
});

test.each([
  ['hours ahead', 5 * hour],
  ['hours behind', -5 * hour],
])('a next holder whose clock is %s keeps what is bound, and for no longer', (_, aheadMs) => {
  const next = seat(aheadMs);
  const { orders } = recallMemory(left(), rounds(), next.time);
  expect(bound(orders, next.time)).toEqual([horizonMs]);
  next.clock.advance(horizonMs + 1);
  expect(bound(orders, next.time)).toEqual([]);
  expect(orders.busy(next.time.nowMs()).size).toBe(0);
});

test.each([
  ['forth', 5 * hour],
  ['back', -5 * hour],
])('a clock that steps %s in the middle ends no order, and prolongs none', (_, aheadMs) => {
  const { clock, machine, time } = seat();
  const orders = new Orders([]);
  orders.add(directive('d-1'), {}, time.nowMs());
  clock.advance(60_000);
  machine.aheadMs = aheadMs;
  expect(orders.expire(time.nowMs(), nowhere)).toEqual([]);
  clock.advance(61_000);
  expect(orders.expire(time.nowMs(), nowhere)).toMatchObject([{ phase: 'failed' }]);
});

const whole = JSON.parse(new TextDecoder().decode(left())) as Record<string, unknown>;
const garbage: readonly (readonly [string, Uint8Array])[] = [
  ['no JSON', new TextEncoder().encode('{"orders": [')],
  ['no text', new Uint8Array([0xff, 0xfe, 0])],
  ['nothing', new Uint8Array()],
  ['null', json(null)],
  ['of another version', json({ ...whole, version: 2 })],
  ['without a version', json({ orders: [], memory: {} })],
  ['with orders that are none', json({ ...whole, orders: [null] })],
  ['with a time that is none', json({ ...whole, moment: { seatMs: null, wallMs: 0 } })],
];

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

test.each(garbage)('a memory that is %s is said to be so, and nothing is taken from it', (_, bytes) => {
  const { orders, failure } = recallMemory(bytes, rounds(), seat().time);
  expect(orders.all()).toEqual([]);
  expect(failure).toMatch(/remembered cannot be read: ./);
});

test.each([
  null,
  7,
  {},
  { ...noLatencyFirstMemory(), pending: null },
  { ...noLatencyFirstMemory(), durations: {} },
])('what was learned and cannot be read is learned again; what was ordered stays (%j)', (learned) => {
  const fresh = rounds();
  const { orders, failure } = recallMemory(json({ ...whole, learned }), fresh, seat().time);
  expect(orders.get('d-1')?.phase).toBe('done');
  expect(failure).toMatch(/learned cannot be read: ./);
  expect(fresh.memory()).toEqual(noLatencyFirstMemory());
});

test('what another policy learned is left alone, and what it ordered stays', () => {
  const other = rounds('multi-objective');
  const { orders, failure } = recallMemory(left(), other, seat().time);
  expect(failure).toBe('');
  expect(orders.get('d-1')?.phase).toBe('done');
});

test('an order of which the outcome was lost binds what the registry shows there', () => {
  const { clock, time } = seat();
  const orders = new Orders([]);
  orders.add(directive('d-1'), {}, time.nowMs());
  clock.advance(121_000);
  const [ended] = orders.expire(time.nowMs(), (_, rack) => rack === rackName('rb'));
  expect(ended).toMatchObject({ phase: 'done', arrived: [x] });
  expect(bound(orders, time)).toEqual([horizonMs - 121_000]);
});

test('a component of which an order has failed is left alone for a while', () => {
  const { clock, time } = seat();
  const orders = new Orders([]);
  orders.add(directive('d-1'), {}, time.nowMs());
  const failed = [{ execution: x, reason: 'no' }];
  orders.end({ directive: 'd-1', componentId: x, moved: [], failed }, time.nowMs(), nowhere);
  expect(orders.busy(time.nowMs()).has(x)).toBe(true);
  clock.advance(30_000);
  expect(orders.busy(time.nowMs()).has(x)).toBe(false);
});
