import { SystemClock } from '../../../src/clock.ts';
import { trustModules } from './faults.ts';
import { type Code, compile, load, unload } from './modules.ts';
import type { Build, Compiled, End, Numbered, Order, Outcome, Parcel, Report, Task } from './orders.ts';
import { builds } from './orders.ts';
import { nativeText } from './programs.ts';
import { type Departure, outcomeOf, visit } from './visits.ts';

// One of two processes between which generated programs move. It is told what to do, and reports what came of it.

let unhandled: string | null = null;
const noteUnhandled = (reason: unknown): void => {
  unhandled ??= reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
};
process.on('unhandledRejection', noteUnhandled);
process.on('uncaughtException', noteUnhandled);
process.on('disconnect', () => process.exit());

/** Builds that are loaded here: they are loaded when an execution comes for the first time. */
const loaded = new Set<string>();

class Reporting {
  readonly natives: { number: number; outcome: Outcome }[] = [];
  readonly compiled: Compiled[] = [];
  readonly parcels: Parcel[] = [];
  readonly ends: End[] = [];

  add(departure: Departure): void {
    if (departure.kind === 'left') this.parcels.push(departure.parcel);
    else this.ends.push(departure.end);
  }
}

const clock = new SystemClock();
const endless: Outcome = { kind: 'endless' };

/** Generated programs wait for a few milliseconds at most. */
const longMs = 4_000;

async function runNative(task: Task): Promise<Outcome> {
  let main: () => unknown;
  try {
    ({ main } = (await load(task.number, 'native', nativeText(task.source))) as { main: () => unknown });
  } catch (error) {
    return outcomeOf(false, error);
  }
  unhandled = null;
  let cancel = (): void => undefined;
  const late = new Promise<Outcome>((resolve) => {
    cancel = clock.after(longMs, () => resolve(endless));
  });
  let outcome: Outcome;
  try {
    const value = await Promise.race([main(), late]);
    outcome = value === endless ? endless : outcomeOf(true, value);
  } catch (error) {
    outcome = outcomeOf(false, error);
  } finally {
    cancel();
  }
  // Node.js tells of unhandled rejections only after the microtasks.
  await new Promise((resolve) => setImmediate(resolve));
  return unhandled === null ? outcome : { kind: 'unhandled', text: unhandled };
}

async function beginBuild(task: Task, build: Build, code: Code, report: Reporting): Promise<void> {
  const { number, seed, fault } = task;
  if (code.kind === 'refused') {
    const progress = { points: 0, next: 0, moves: 0, pinned: 0, pins: [], bytes: 0, seed, nowMs: 0 };
    report.ends.push({ number, build, outcome: code, progress });
    return;
  }
  report.compiled.push({ number, build, code: code.code });
  report.add(await guarded({ number, build, fault }, code.code, { seed }));
}

/** A visit in which not even the loading may take the process down. */
async function guarded(
  stay: Pick<Parcel, 'number' | 'build' | 'fault'>,
  code: string | null,
  from: { readonly seed: number } | Parcel,
): Promise<Departure> {
  try {
    const key = `${stay.number} ${stay.build}`;
    if (!loaded.has(key) && code !== null) {
      loaded.add(key);
      await load(stay.number, stay.build, code);
      trustModules(stay.number);
    }
    return await visit(stay, from);
  } catch (error) {
    const text = `crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    const progress =
      'progress' in from
        ? from.progress
        : { points: 0, next: 0, moves: 0, pinned: 0, pins: [], bytes: 0, seed: from.seed, nowMs: 0 };
    const { number, build } = stay;
    return { kind: 'ended', end: { number, build, outcome: { kind: 'threw', text }, progress } };
  }
}

async function obey(order: Order): Promise<Omit<Report, 'cpuMs'>> {
  const report = new Reporting();
  if (order.kind === 'begin') {
    for (const task of order.tasks) {
      const outcome = await runNative(task);
      report.natives.push({ number: task.number, outcome });
      if (outcome.kind !== 'returned') continue;
      const codes = compile(task);
      for (const build of builds) await beginBuild(task, build, codes[build], report);
    }
  } else if (order.kind === 'carryOn') {
    const codes = new Map(order.compiled.map(({ number, build, code }) => [`${number} ${build}`, code]));
    for (const parcel of order.parcels) {
      const { number, build, fault } = parcel;
      report.add(await guarded({ number, build, fault }, codes.get(`${number} ${build}`) ?? null, parcel));
    }
  } else {
    for (const number of order.numbers) {
      unload(number);
      for (const build of builds) loaded.delete(`${number} ${build}`);
    }
  }
  return report;
}

let usedBefore = process.cpuUsage();

function cpuMs(): number {
  const { user, system } = process.cpuUsage(usedBefore);
  usedBefore = process.cpuUsage();
  return (user + system) / 1000;
}

// One after another: a planted fault is there for everybody, and so is what nobody handles.
let before = Promise.resolve();
process.on('message', ({ id, body }: Numbered<Order>) => {
  before = before.then(async () => {
    const report = await obey(body);
    process.send?.({ id, body: { ...report, cpuMs: cpuMs() } } satisfies Numbered<Report>);
  });
});
