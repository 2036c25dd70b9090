import type { Observation, Written } from './contract.ts';
import { CarrierProcess } from './carrier-process.ts';
import { RunFailedError } from './errors.ts';
import { firstHostState } from './process/fixed-world.ts';
import type { HostState, Job, Report, Survey } from './process/messages.ts';
import { Rotation } from './rotation.ts';
import { beginSchedule, hurry, type ScheduleState, settle } from './schedule.ts';

type Left = Extract<Report, { readonly kind: 'left' }>;
type Ended = Extract<Report, { readonly kind: 'ended' }>;

/** What one run showed, and what it took. */
export interface Run {
  readonly observation: Observation;
  readonly schedule: ScheduleState | null;
  readonly pins: ReadonlyMap<string, number>;
  readonly bytes: number;
  readonly pids: readonly number[];
  readonly tookMs: number;
  /** Of its source's points, those that a counted native program has passed. */
  readonly passed: readonly number[];
  readonly survey: Survey | null;
}

/** One snapshot on its way, for whoever wants to keep it. */
export interface Passage {
  readonly number: number;
  readonly epoch: number;
  readonly left: Left;
  readonly snapshot: Uint8Array;
}

export interface RunLimits {
  /** Of this process's monotonic clock. */
  readonly deadlineMs: number;
  /** From when on moves become ever rarer, and from when on the program moves no more but at its marks. */
  readonly hurryAtMs: number;
  readonly settleAtMs: number;
}

/** Runs a program where it begins. */
export async function runUnmoved(
  node: string,
  job: Job,
  limits: RunLimits,
  options: { readonly survey: boolean } = { survey: false },
): Promise<Run> {
  const carrier = new CarrierProcess(node, job);
  const watch = new Watch();
  return within(
    limits,
    () => carrier.kill(),
    async () => {
      const schedule = beginSchedule({ kind: 'never' }, 0);
      await carrier.tell({ kind: 'start', host: firstHostState, schedule, survey: options.survey });
      for (;;) {
        const { message } = await carrier.next();
        if (message.kind === 'ended') return watch.end(message, carrier, [carrier.pid]);
        watch.note(message);
      }
    },
  );
}

/** Runs a program that moves wherever its schedule says, each time into another process. */
export async function runMoved(
  nodes: readonly string[],
  job: Job,
  schedule: ScheduleState,
  limits: RunLimits,
  keep: (passage: Passage) => void = () => undefined,
): Promise<Run> {
  const rotation = new Rotation(nodes, job);
  return within(
    limits,
    () => rotation.close(),
    async () => {
      const first = rotation.next();
      await first.tell({ kind: 'start', host: firstHostState, schedule, survey: false });
      return follow(first, rotation, limits, keep);
    },
  );
}

/** Finishes a program from one of its snapshots. Effects that were running are lost, or begun once more, as in a recovery. */
export async function runOn(
  node: string,
  job: Job,
  from: { readonly epoch: number; readonly host: HostState; readonly snapshot: Uint8Array },
  limits: RunLimits,
): Promise<Run> {
  const rotation = new Rotation([node], job);
  return within(
    limits,
    () => rotation.close(),
    async () => {
      const carrier = rotation.next();
      const schedule = beginSchedule({ kind: 'never' }, 0);
      await carrier.tell(
        { kind: 'restore', epoch: from.epoch, generation: 2, host: from.host, schedule, effectsElsewhere: 0 },
        from.snapshot,
      );
      return follow(carrier, rotation, limits, () => undefined);
    },
  );
}

async function follow(
  first: CarrierProcess,
  rotation: Rotation,
  limits: RunLimits,
  keep: (passage: Passage) => void,
): Promise<Run> {
  const watch = new Watch();
  let carrier = first;
  let epoch = 1;
  /** Outcomes of effects that no process has taken for the program yet; one that it has left sends them back. */
  let outcomes = 0;
  for (let number = 0; ;) {
    const { message, payload } = await carrier.next();
    if (message.kind === 'ended') return watch.end(message, carrier, rotation.pids);
    watch.note(message);
    if (message.kind !== 'left') continue;
    number += 1;
    epoch += 1;
    watch.bytes += payload.length;
    keep({ number, epoch, left: message, snapshot: payload });
    outcomes -= message.outcomesTaken;
    carrier.effectsPending += message.effectsPending;
    carrier.followOutcomes(({ message: outcome, payload: value }, isNew) => {
      if (isNew) outcomes += 1;
      void carrier.tell(outcome, value);
    });
    watch.visited(carrier);
    // The first source dies at once, so that even the shortest run shows that nothing is left behind.
    await rotation.left(carrier, number === 1);
    carrier = rotation.next();
    const schedule = paced(message.schedule, limits);
    const { host } = message;
    const effectsElsewhere = rotation.effectsPending + outcomes;
    await carrier.tell({ kind: 'restore', epoch, generation: 1, host, schedule, effectsElsewhere }, payload);
  }
}

/** Moves get rarer as the time that is left for them runs out. */
function paced(schedule: ScheduleState, { hurryAtMs, settleAtMs }: RunLimits): ScheduleState {
  const nowMs = performance.now();
  if (nowMs < hurryAtMs) return schedule;
  if (nowMs >= settleAtMs) return settle(schedule);
  return hurry(schedule, nowMs < (hurryAtMs + settleAtMs) / 2 ? 1.2 : 2);
}

/** Gathers what a run shows, over all processes that it passes. */
class Watch {
  bytes = 0;
  readonly #written: Written[] = [];
  readonly #visited = new Set<CarrierProcess>();
  readonly #pins = new Map<string, number>();
  #outcome: Observation['outcome'] = null;

  note(message: Report): void {
    if (message.kind === 'returned') this.#outcome = message.outcome;
    if (message.kind !== 'left' && message.kind !== 'ended') return;
    this.#written.push(...message.written);
    for (const [reason, count] of Object.entries(message.pins)) {
      this.#pins.set(reason, (this.#pins.get(reason) ?? 0) + count);
    }
  }

  visited(carrier: CarrierProcess): void {
    this.#visited.add(carrier);
  }

  async end(message: Ended, carrier: CarrierProcess, pids: readonly number[]): Promise<Run> {
    this.note(message);
    await carrier.closed();
    this.visited(carrier);
    const raw = [...this.#visited].flatMap((one) => one.raw);
    const { exitCode, unhandled, schedule, survey, tookMs, passed } = message;
    const written = [...this.#written, ...raw];
    const observation: Observation = { outcome: this.#outcome, written, exitCode, unhandled };
    return { observation, schedule, pins: this.#pins, bytes: this.bytes, pids, tookMs, passed, survey };
  }
}

async function within<Result>(
  { deadlineMs }: RunLimits,
  close: () => Promise<void>,
  run: () => Promise<Result>,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const error = new RunFailedError('The time for this file is over. Give it more with --timeout.');
    timer = setTimeout(() => reject(error), Math.max(0, deadlineMs - performance.now()));
  });
  try {
    return await Promise.race([run(), timeout]);
  } finally {
    clearTimeout(timer);
    await close();
  }
}
