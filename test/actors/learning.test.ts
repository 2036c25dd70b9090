import { expect, test } from 'vitest';
import { analyzerActor } from '../../src/actors/analyzer.ts';
import { Directory } from '../../src/actors/directory.ts';
import { weightsKey } from '../../src/actors/forecaster-memory.ts';
import type { AnyRef } from '../../src/actors/kernel/contract.ts';
import type { Analyst, SeriesAsk } from '../../src/actors/ports.ts';
import { Strays } from '../../src/actors/strays.ts';
import { term } from '../../src/core/ids.ts';
import { SystemDigest } from '../../src/digest.ts';
import type { EventDetail } from '../../src/protocols/messages.ts';
import { SimulatedClock } from '../../src/simulator/clock.ts';
import { Machine } from '../../src/simulator/cluster/machine.ts';
import { SimulatedStore, StoreSession } from '../../src/simulator/cluster/store.ts';
import { SimulatedKernel } from '../../src/simulator/kernel.ts';
import { SeededRandom } from '../../src/simulator/random.ts';
import { vaultHistory } from '../../src/store/history.ts';
import { inlineAnalyst } from './inline-analyst.ts';

const learnMs = 100_000;
const timing = {
  sampleMs: 10_000,
  stepMs: 10_000,
  horizonMs: 40_000,
  saveMs: 10_000,
  stepsMax: 100,
  componentsMax: 10,
  learnMs,
};

/** Each value follows from the one before, along a parabola: no model that is shipped knows the rule. */
function parabola(seed: number): SeriesAsk {
  let value = 0.1 + 0.8 * new SeededRandom(seed).next();
  const values = Float64Array.from({ length: 320 }, () => {
    value = 3.9 * value * (1 - value);
    return 10 * value;
  });
  const series = { startMs: 1_700_000_040_000, stepMs: 60_000, values };
  return { key: `k${seed}`, series, range: { min: 0, max: 100 } };
}

/** One store, and the holders of the seat, one after another. */
class Seats {
  readonly clock = new SimulatedClock(1_000);
  readonly store = new SimulatedStore(this.clock, new SeededRandom(3));
  readonly events: EventDetail[] = [];
  readonly crashes: string[] = [];
  readonly #kernel = new SimulatedKernel({
    clock: this.clock,
    random: new SeededRandom(4),
    onEvent: (event) => {
      if (event.kind === 'crashed') this.crashes.push(String(event.error));
    },
  });
  readonly #session = new StoreSession(this.store, new Machine(this.clock, 0), 'holder', null);
  #holder: AnyRef | null = null;
  #terms = 0;

  /** Whoever held the seat before has lost it, with all that was in memory. */
  async take(analyst: Analyst): Promise<void> {
    if (this.#holder !== null) this.#kernel.kill(this.#holder);
    this.#terms += 1;
    const { vault } = this.#session;
    const ports = {
      clock: this.clock,
      vault,
      digest: new SystemDigest(),
      events: { emit: (detail: EventDetail) => void this.events.push(detail) },
      exchange: {
        tell: () => true,
        tellIncarnation: () => true,
        ask: () => Promise.reject(new Error('nobody is asked')),
        strays: new Strays(this.clock),
      },
      directory: new Directory(),
      timing,
      history: vaultHistory(vault, { term: term(this.#terms) }),
      analyst,
    };
    this.#holder = this.#kernel.spawn(
      `analyzer-${this.#terms}`,
      analyzerActor(term(this.#terms), ports),
    ) as AnyRef;
    await this.advance(100);
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    await this.#idle();
    while (this.clock.fireNext(endMs)) await this.#idle();
  }

  async #idle(): Promise<void> {
    do await new Promise(setImmediate);
    while (this.#kernel.step());
  }
}

const lessons = [1, 2, 3].map(parabola);

async function said(analyst: Analyst): Promise<readonly number[]> {
  const [forecast] = await analyst.forecast([parabola(9)], 4, [0.5]);
  return [...(forecast?.point ?? [])];
}

async function experienced(): Promise<Analyst> {
  const analyst = inlineAnalyst('learned');
  await analyst.forecast(lessons, 4, [0.5]);
  return analyst;
}

const shipped = await said(inlineAnalyst('learned'));
/** What the vault holds once the first test has learned. */
let kept = new Uint8Array();

test('a holder learns on from what it has forecast, and the next one goes on from there', async () => {
  const seats = new Seats();
  const analyst = await experienced();
  await seats.take(analyst);
  await seats.advance(learnMs - 1_000);
  expect(seats.events).toEqual([]);
  await seats.advance(2_000);
  const [event, ...more] = seats.events;
  if (event?.kind !== 'forecasterLearned') throw new Error(String(event?.kind));
  expect(more).toEqual([]);
  expect(event.series).toBe(3);
  expect(event.errorAfter).toBeLessThan(0.9 * event.errorBefore);
  const learned = await said(analyst);
  expect(learned).not.toEqual(shipped);

  const successor = inlineAnalyst('learned');
  await seats.take(successor);
  expect(await said(successor)).toEqual(learned);
  expect(seats.events).toHaveLength(1);
  expect(seats.crashes).toEqual([]);
  kept = seats.store.values.get(weightsKey)?.slice() ?? kept;
});

test('what is damaged, or of another version, is refused, and an event says so', async () => {
  const seats = new Seats();
  const changed = (at: number): Uint8Array => kept.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const wrong: readonly (readonly [Uint8Array, string])[] = [
    [changed(kept.length - 20), 'is damaged'],
    [changed(40), 'is damaged'],
    [changed(4), 'version 0'],
    [changed(0), 'is not what a forecaster learned'],
    [kept.subarray(0, 30), 'is damaged'],
    [new Uint8Array(0), 'is not what a forecaster learned'],
  ];
  for (const [bytes, reason] of wrong) {
    seats.events.length = 0;
    seats.store.values.set(weightsKey, bytes);
    const successor = inlineAnalyst('learned');
    await seats.take(successor);
    expect(seats.events).toEqual([
      { kind: 'forecasterFailed', reason: expect.stringContaining(reason) as string },
    ]);
    expect(await said(successor)).toEqual(shipped);
  }
  expect(seats.crashes).toEqual([]);
});

test('a store that is silent for a while costs nothing of what was learned', async () => {
  const seats = new Seats();
  const analyst = await experienced();
  await seats.take(analyst);
  await seats.advance(learnMs - 1_000);
  seats.store.fateOf = () => 'notDone';
  await seats.advance(10_000);
  expect(seats.events.map(({ kind }) => kind)).toEqual(['forecasterLearned', 'forecasterFailed']);
  seats.store.fateOf = () => 'done';
  await seats.advance(61_000);
  expect(seats.store.values.has(weightsKey)).toBe(true);

  seats.store.fateOf = () => 'notDone';
  const successor = inlineAnalyst('learned');
  await seats.take(successor);
  await seats.advance(3_000);
  seats.store.fateOf = () => 'done';
  await seats.advance(2_000);
  expect(await said(successor)).toEqual(await said(analyst));
  expect(seats.events).toHaveLength(2);
});
