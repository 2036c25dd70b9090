import { assertNever } from '../../core/assert.ts';
import { messageOf } from '../../core/errors.ts';
import type { Tenure } from '../../core/execution.ts';
import { epoch, executionId, generation, incarnationId, methodId, packageHash } from '../../core/ids.ts';
import { SystemDigest } from '../../digest.ts';
import { $ } from '../../methods/runtime/gate.ts';
import {
  createRuntime,
  decodeResult,
  encodeArgs,
  type Runtime,
  type RuntimeEvent,
  type RuntimeSettlement,
} from '../../methods/runtime/index.ts';
import { platform } from '../../platform.ts';
import type { Written } from '../contract.ts';
import { describe } from '../describe.ts';
import { beginSchedule, isDue, passPoints, type ScheduleState, settlePoint } from '../schedule.ts';
import type { ChildChannel } from './channel.ts';
import type { FixedWorld } from './fixed-world.ts';
import type { Command, Job, Report } from './messages.ts';
import type { ProgramEnd } from './program-end.ts';
import type { Saboteur } from './sabotage.ts';
import { type RealmChange, RealmState } from './realm-state.ts';
import { Surveyor } from './surveyor.ts';
import type { WrittenRecord } from './written-record.ts';

const execution = executionId('x-verified');
const program = packageHash('0'.repeat(64));
/** Between two turns of the event loop: foreign promises live there. */
const stepsPerTurn = 16;

type Start = Extract<Command, { readonly kind: 'start' }>;
type Restore = Extract<Command, { readonly kind: 'restore' }>;
type Outcome = Extract<Command, { readonly kind: 'outcome' }>;

/** What of an execution says how it ended, and how far its last slice came. */
interface Running {
  readonly root: { readonly value: unknown } | null;
  fuelLeft: number;
}

/** Runs the program in a runtime of this process, and lets it go where its schedule says. */
export class Carrier {
  saboteur: Saboteur | null = null;
  readonly #job: Job;
  readonly #channel: ChildChannel<Command, Report>;
  readonly #world: FixedWorld;
  readonly #record: WrittenRecord;
  readonly #crash: (error: unknown) => void;
  readonly #nowMs = performance.now.bind(performance);
  readonly #timers = { set: setTimeout, clear: clearTimeout, soon: setImmediate };
  readonly #pins = new Map<string, number>();
  #writtenAtLoad: readonly Written[] = [];
  /** What the program has made of the realm of its process. */
  #realm: RealmState | null = null;
  #runtime: Runtime | null = null;
  #surveyor: Surveyor | null = null;
  #schedule: ScheduleState = beginSchedule({ kind: 'never' }, 0);
  /** Fuel that was given out last. */
  #given = 0;
  /** Whether the runtime was asked to stand still here. */
  #isAsked = false;
  /** The execution, as long as it runs here. */
  #running: Running | null = null;
  /** The error that nobody caught. */
  #uncaught: { readonly error: unknown } | null = null;
  #isHere = false;
  #effectsElsewhere = 0;
  #outcomesTaken = 0;
  #isTurning = false;
  #startMs = 0;
  #returnedMs: number | null = null;

  constructor(
    job: Job,
    channel: ChildChannel<Command, Report>,
    world: FixedWorld,
    record: WrittenRecord,
    crash: (error: unknown) => void,
  ) {
    this.#job = job;
    this.#channel = channel;
    this.#world = world;
    this.#record = record;
    this.#crash = crash;
  }

  start({ host, schedule, survey }: Start, writtenAtLoad: readonly Written[]): void {
    this.#writtenAtLoad = writtenAtLoad;
    this.#world.put(host);
    this.#surveyor = survey ? new Surveyor(this.#nowMs) : null;
    this.#schedule = schedule;
    const runtime = this.#open(survey || schedule.plan.kind !== 'never');
    const method = { package: program, method: methodId(this.#job.method) };
    const tenure = tenureAt(1, 1);
    const admission = runtime.start(tenure, method, encodeArgs([]));
    if (admission.kind === 'refused') return this.#refuse(admission.reason);
    this.#startMs = this.#nowMs();
    this.#begin(runtime, tenure, 0);
  }

  restore(
    { epoch: at, generation: life, host, schedule, effectsElsewhere }: Restore,
    snapshot: Uint8Array,
  ): void {
    this.#world.put(host);
    this.#schedule = schedule;
    this.#startMs = this.#nowMs();
    const runtime = this.#open(true);
    const tenure = tenureAt(at, life);
    const admission = runtime.restore(tenure, snapshot);
    if (admission.kind === 'refused') return this.#refuse(admission.reason);
    this.saboteur?.arm();
    this.#begin(runtime, tenure, effectsElsewhere);
  }

  /** An effect that began elsewhere has ended. If the program is gone again, its outcome goes after it. */
  settleEffect({ sequence, generation: at, ok }: Outcome, value: Uint8Array): void {
    if (!this.#isHere || this.#runtime === null) {
      this.#channel.send({ kind: 'outcome', sequence, generation: at, ok, isForwarded: true }, value);
      return;
    }
    this.#effectsElsewhere -= 1;
    this.#outcomesTaken += 1;
    this.#channel.hold(this.#effectsElsewhere > 0);
    this.#runtime.settleEffect(execution, { sequence, generation: generation(at), ok, value });
    this.#turnSoon();
  }

  /** The program has returned or thrown; it may still have something to do. */
  tellReturn(kind: 'returned' | 'threw', value: unknown): void {
    this.#returnedMs ??= this.#nowMs();
    this.#channel.send({ kind: 'returned', outcome: { kind, value: describe(value) } });
  }

  /** Whether nothing is left to do, now that the event loop is empty. */
  isOver(): boolean {
    if (!this.#isHere || this.#runtime === null || this.#runtime.readyCount() > 0) return false;
    return this.#effectsElsewhere === 0;
  }

  tellEnd({ exitCode, unhandled }: ProgramEnd): void {
    this.#channel.send({
      kind: 'ended',
      schedule: this.#schedule,
      written: this.#takeWritten(),
      pins: Object.fromEntries(this.#pins),
      exitCode,
      unhandled,
      tookMs: (this.#returnedMs ?? this.#nowMs()) - this.#startMs,
      passed: [],
      survey: this.#surveyor?.result(this.#schedule.point) ?? null,
    });
  }

  #refuse(reason: string): void {
    this.#channel.send({ kind: 'refused', reason });
  }

  #begin(runtime: Runtime, tenure: Tenure, effectsElsewhere: number): void {
    this.#isHere = true;
    this.#isAsked = false;
    this.#given = 0;
    runtime.run(tenure);
    // Their outcomes come by the channel.
    this.#effectsElsewhere = effectsElsewhere;
    this.#outcomesTaken = 0;
    this.#channel.hold(effectsElsewhere > 0);
    this.#turnSoon();
  }

  #open(interrupts: boolean): Runtime {
    const realm = (this.#realm ??= new RealmState());
    this.#runtime ??= createRuntime(
      {
        incarnation: incarnationId(`verify-${process.pid}.1`),
        digest: new SystemDigest(),
        buffer: Buffer,
        monotonicMs: this.#nowMs,
        attention: () => false,
        mayAct: () => true,
        after: (delayMs, fire) => {
          const timer = this.#timers.set(fire, Math.min(delayMs, 2 ** 31 - 1));
          return () => this.#timers.clear(timer);
        },
        wake: () => this.#turnSoon(),
        chance: () => 0,
        emit: (event) => this.#heard(event),
      },
      {
        platform,
        // Where whole modules move, so does what they have made of the realm.
        beside: this.#job.movesRealm
          ? { capture: () => realm.changes(), restore: (changes) => realm.apply(changes as RealmChange[]) }
          : null,
        // A script has no entry that waits for ever.
        ends: this.#job.entry.kind === 'scripts' ? 'idle' : 'outcome',
        interrupt: interrupts ? () => this.#interrupts() : null,
        uncaught: (_kind, error) => {
          this.#uncaught = { error };
        },
      },
    );
    this.#runtime.install(program, 'file:///');
    this.#runtime.setClock(performance.timeOrigin);
    return this.#runtime;
  }

  #heard(event: RuntimeEvent): void {
    switch (event.kind) {
      case 'settled':
        this.#isHere = false;
        this.#settled(event.settlement);
        return;
      case 'effectOutcome': {
        const { sequence, generation: at, ok, value } = event.outcome;
        this.#channel.send({ kind: 'outcome', sequence, generation: at, ok, isForwarded: false }, value);
        return;
      }
      case 'spawn':
      case 'packet':
        this.#refuse(
          'the program talks to other executions, which needs a cluster. Verify its methods one by one',
        );
        return;
      case 'effectStarted':
      case 'checkpointWanted':
        return;
      default:
        assertNever(event);
    }
  }

  /** A module's entry waits for ever, so it failed: nobody handled an error, or it could not be evaluated. */
  #settled(settlement: RuntimeSettlement): void {
    if (this.#uncaught !== null) return this.#crash(this.#uncaught.error);
    const root = this.#running?.root ?? null;
    if (settlement.kind === 'threw') {
      this.tellReturn('threw', root === null ? decodeResult(settlement.value) : root.value);
      process.exit(1);
    }
    if (this.#returnedMs === null) this.tellReturn('returned', undefined);
    process.exit();
  }

  #turnSoon(): void {
    if (this.#isTurning || !this.#isHere) return;
    this.#isTurning = true;
    this.#timers.soon(() => {
      this.#isTurning = false;
      this.#turn();
    });
  }

  #turn(): void {
    for (let steps = 0; this.#isHere && this.#runtime !== null; steps += 1) {
      // Nothing has come that it waits for.
      if (this.#runtime.readyCount() === 0) return;
      const { ready } = this.#runtime.step();
      // A program that waits stands at a point, too.
      if (this.#isHere) this.#pass(this.#spentInSlice() + (ready === 0 ? 1 : 0));
      if (this.#isAsked && this.#leave()) return;
      if (ready === 0) return;
      if (steps === stepsPerTurn) return this.#turnSoon();
    }
  }

  /** Points that the slice has passed since it was asked last. */
  #spentInSlice(): number {
    if (this.#running === null) return 0;
    const spent = Math.max(0, this.#given - Math.max(0, this.#running.fuelLeft));
    this.#given = 0;
    this.#running.fuelLeft = 0;
    return spent;
  }

  /** Asked where fuel has run out, and between jobs. */
  #interrupts(): boolean {
    const running = $.x;
    if (running === null) return false;
    this.#running = running as unknown as Running;
    const isTick = $.n < 0;
    if (this.#isAsked) this.#heldUp();
    this.#pass(isTick ? Math.max(1, this.#given - $.n) : this.#given - $.n + 1);
    if (isTick && this.#surveyor !== null) this.#surveyor.look(this.#schedule.point);
    running.refill = () => (this.#given = this.#isAsked ? 0 : this.#gap);
    if (!isTick) $.n = running.refill();
    return this.#isAsked;
  }

  /** Points that may go by unseen. */
  get #gap(): number {
    if (this.#surveyor !== null) return this.#surveyor.gap;
    return Math.max(0, this.#schedule.next - this.#schedule.point - 1);
  }

  #pass(points: number): void {
    this.#schedule = passPoints(this.#schedule, points);
    this.#isAsked = isDue(this.#schedule);
  }

  /** The capture that was wanted did not happen: something native stands on the stack. */
  #heldUp(): void {
    this.#pinned(
      this.#runtime?.inspect(execution)?.pin?.reason ?? 'pinned: something native stands on the stack',
    );
  }

  #pinned(reason: string): void {
    this.#isAsked = false;
    this.#pins.set(reason, (this.#pins.get(reason) ?? 0) + 1);
    this.#schedule = settlePoint(this.#schedule, false);
  }

  /** @returns whether the program is gone */
  #leave(): boolean {
    const runtime = this.#runtime;
    if (runtime === null || !this.#isHere) return true;
    const outcome = runtime.freeze(execution);
    if (outcome.kind === 'absent') return true;
    if (outcome.kind === 'pinned') {
      this.#pinned(outcome.pin.reason);
      return false;
    }
    this.#isAsked = false;
    this.#isHere = false;
    this.#schedule = settlePoint(this.#schedule, true);
    const { bytes, effectsPending } = outcome.capture;
    const at = this.#job.trace ? this.#standing(runtime) : { at: '', frames: 0 };
    runtime.discard(execution);
    this.#running = null;
    this.#realm?.reset();
    const pins = Object.fromEntries(this.#pins);
    this.#pins.clear();
    const written = this.#takeWritten();
    this.#channel.hold(true);
    this.#channel.send(
      {
        kind: 'left',
        host: this.#world.take(),
        schedule: this.#schedule,
        written,
        pins,
        effectsPending,
        outcomesTaken: this.#outcomesTaken,
        ...at,
      },
      bytes,
    );
    return true;
  }

  #standing(runtime: Runtime): { readonly at: string; readonly frames: number } {
    try {
      const frames = runtime.inspect(execution)?.tasks[0]?.frames ?? [];
      const [top] = frames;
      return { at: top === undefined ? '' : `${top.file}:${top.line}`, frames: frames.length };
    } catch (error) {
      return { at: messageOf(error), frames: 0 };
    }
  }

  #takeWritten(): readonly Written[] {
    const written = [...this.#writtenAtLoad, ...this.#record.take()];
    this.#writtenAtLoad = [];
    return written;
  }
}

function tenureAt(at: number, life: number): Tenure {
  return { execution, epoch: epoch(at), generation: generation(life) };
}
