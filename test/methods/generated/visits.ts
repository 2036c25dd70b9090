import {
  epoch,
  executionId,
  generation,
  incarnationId,
  methodId,
  packageHash,
} from '../../../src/core/ids.ts';
import type { Tenure } from '../../../src/core/execution.ts';
import type { Runtime, RuntimeEvent } from '../../../src/methods/runtime/index.ts';
import { plant } from './faults.ts';
import { baseOf } from './modules.ts';
import type { End, Outcome, Parcel, Progress } from './orders.ts';
import { createRuntime, decodeResult, digest, encodeArgs } from './parts.ts';
import { beginProgress, chanceOf, nextPoint } from './schedule.ts';

/** Points after which a program is held to be endless: as written, all end within a few thousand. */
const pointsMax = 20_000;
/** Turns of the event loop without anything to do. */
const idleTurnsMax = 20;

const tenure: Tenure = { execution: executionId('x-1'), epoch: epoch(1), generation: generation(1) };
const hash = packageHash('p'.repeat(64));

export type Stay = Pick<Parcel, 'number' | 'build' | 'fault'>;

/** What becomes of an execution that has come here: it leaves again, or it ends. */
export type Departure =
  { readonly kind: 'left'; readonly parcel: Parcel } | { readonly kind: 'ended'; readonly end: End };

/** One stay of one execution in this process, in a runtime of its own. */
class Visit {
  readonly #stay: Stay;
  readonly #runtime: Runtime;
  readonly #chance: ReturnType<typeof chanceOf>;
  #progress: Progress;
  #points: number;
  #isDue = false;
  /** In a row: what is in the way often stays for a while. */
  #heldUp = 0;
  #nowMs: number;
  #timers: { readonly atMs: number; readonly fire: () => void }[] = [];
  #outcome: Outcome | null = null;

  constructor(stay: Stay, progress: Progress) {
    this.#stay = stay;
    this.#progress = progress;
    this.#points = progress.points;
    this.#nowMs = progress.nowMs;
    this.#chance = chanceOf(progress.seed);
    this.#runtime = createRuntime(
      {
        incarnation: incarnationId(`h${process.pid}.1`),
        digest,
        buffer: Buffer,
        monotonicMs: () => this.#nowMs,
        attention: () => false,
        mayAct: () => true,
        after: (delayMs, fire) => this.#after(delayMs, fire),
        wake: () => undefined,
        chance: () => 0,
        emit: (event) => this.#hear(event),
      },
      { interrupt: () => this.#interrupts() },
    );
    this.#runtime.install(hash, baseOf(stay.number, stay.build));
  }

  start(): void {
    const method = { package: hash, method: methodId('m.ts#main') };
    const admission = this.#runtime.start(tenure, method, encodeArgs([]));
    if (admission.kind === 'refused') this.#outcome = { kind: 'refused', text: admission.reason };
    else this.#runtime.run(tenure);
  }

  restore(snapshot: Uint8Array): void {
    const admission = this.#runtime.restore(tenure, snapshot);
    if (admission.kind === 'refused') this.#outcome = { kind: 'refused', text: admission.reason };
    else this.#runtime.run(tenure);
  }

  async pass(): Promise<Departure> {
    for (let idle = 0; this.#outcome === null;) {
      const { ready } = this.#runtime.step();
      if (this.#outcome !== null) break;
      if (this.#points > pointsMax || idle > idleTurnsMax) this.#outcome = { kind: 'endless' };
      else if (this.#isDue) {
        const parcel = this.#leave();
        if (parcel !== null) return { kind: 'left', parcel };
      } else if (ready > 0) idle = 0;
      else if (!this.#passTime()) {
        idle += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    this.#runtime.discard(tenure.execution);
    const { number, build } = this.#stay;
    return { kind: 'ended', end: { number, build, outcome: this.#outcome, progress: this.#advanced() } };
  }

  /** Asked at each safe point that is reached. */
  #interrupts(): boolean {
    this.#points += 1;
    if (this.#points > pointsMax) return true;
    if (this.#points > this.#progress.next) {
      // Held up at the point before: something that is not ours stood in between.
      if (this.#isDue) this.#pin('held up');
      this.#isDue = true;
      return true;
    }
    return this.#chance.next() < 0.06;
  }

  #leave(): Parcel | null {
    this.#isDue = false;
    const outcome = this.#runtime.freeze(tenure.execution);
    if (outcome.kind !== 'captured') {
      this.#pin(outcome.kind === 'pinned' ? outcome.pin.reason : outcome.kind);
      return null;
    }
    // Nothing of it stays here: the bytes are all there is when the other process reads them.
    this.#runtime.discard(tenure.execution);
    const snapshot = outcome.capture.bytes;
    const moved = this.#advanced();
    const progress = { ...moved, moves: moved.moves + 1, bytes: moved.bytes + snapshot.length };
    const next = nextPoint(this.#stay.build, progress, this.#chance.next());
    return { ...this.#stay, snapshot, progress: { ...progress, next, seed: this.#chance.state() } };
  }

  #pin(reason: string): void {
    const { pinned, pins } = this.#progress;
    const all = pins.length < 3 && !pins.includes(reason) ? [...pins, reason] : pins;
    this.#heldUp += 1;
    const next = this.#points + this.#heldUp ** 2;
    this.#progress = { ...this.#progress, pinned: pinned + 1, pins: all, next };
  }

  #advanced(): Progress {
    return { ...this.#progress, points: this.#points, nowMs: this.#nowMs };
  }

  #after(delayMs: number, fire: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets the next timer fire. @returns whether there was one */
  #passTime(): boolean {
    const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.fire();
    return true;
  }

  #hear(event: RuntimeEvent): void {
    if (event.kind !== 'settled') return;
    const { kind, value } = event.settlement;
    this.#outcome = outcomeOf(kind === 'returned', decodeResult(value));
  }
}

export function outcomeOf(ok: boolean, value: unknown): Outcome {
  if (ok && typeof value === 'string') return { kind: 'returned', text: value };
  const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value);
  return { kind: 'threw', text: ok ? `no text: ${text}` : text };
}

/** Runs an execution here, from its start or from where it stands, until it is to move or has ended. */
export async function visit(stay: Stay, from: { readonly seed: number } | Parcel): Promise<Departure> {
  const unplant = plant(stay.fault);
  try {
    const progress = 'progress' in from ? from.progress : beginProgress(stay.build, from.seed);
    const here = new Visit(stay, progress);
    if ('snapshot' in from) here.restore(from.snapshot);
    else here.start();
    return await here.pass();
  } finally {
    unplant();
  }
}
