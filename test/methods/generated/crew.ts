import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '../../../src/clock.ts';
import { builtEntry } from '../../../src/entries.ts';
import { firstDifference, type Description } from '../../../src/verify/description.ts';
import type { Build, Compiled, End, Numbered, Order, Outcome, Parcel, Report, Task } from './orders.ts';
import { builds } from './orders.ts';

/** What was found about one program. */
export type Verdict =
  | { readonly kind: 'equal' }
  | { readonly kind: 'different'; readonly build: Build; readonly difference: string }
  | { readonly kind: 'refused'; readonly build: Build; readonly reason: string }
  /** The program itself is not as it should be: natively it throws, or leaves a rejection unheard. */
  | { readonly kind: 'invalid'; readonly reason: string };

export interface Finding {
  readonly number: number;
  readonly verdict: Verdict;
  readonly moves: number;
  readonly points: number;
  readonly pinned: number;
  readonly pins: readonly string[];
  readonly bytes: number;
}

/** Programs after which a process makes room for a new one: Node.js gives back only some of what modules took. */
const servesMax = 1_500;

const clock = new SystemClock();

class Mate {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (report: Report | null) => void>();
  readonly #patienceMs: number;
  #id = 0;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
    this.#child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), {
      execArgv: ['--experimental-vm-modules', '--no-warnings', '--import', builtEntry('register').href],
      serialization: 'advanced',
    });
    this.#child.on('message', ({ id, body }: Numbered<Report>) => this.#settle(id, body));
    this.#child.on('exit', () => {
      for (const id of this.#waiting.keys()) this.#settle(id, null);
    });
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @returns null when the process died, or had to be ended because it did not answer */
  ask(body: Order): Promise<Report | null> {
    if (this.isGone) return Promise.resolve(null);
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve) => {
      const cancel = clock.after(this.#patienceMs, () => this.end());
      this.#waiting.set(id, (report) => {
        cancel();
        resolve(report);
      });
      this.#child.send({ id, body } satisfies Numbered<Order>);
    });
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #settle(id: number, report: Report | null): void {
    this.#waiting.get(id)?.(report);
    this.#waiting.delete(id);
  }
}

class Pair {
  readonly mates: readonly [Mate, Mate];
  served = 0;
  running = 0;

  constructor(patienceMs: number) {
    this.mates = [new Mate(patienceMs), new Mate(patienceMs)];
  }

  get isWhole(): boolean {
    return this.served < servesMax && this.mates.every(({ isGone }) => !isGone);
  }

  end(): void {
    for (const mate of this.mates) mate.end();
  }
}

/** Two standing processes. Programs begin in one of them, and move to and fro. */
export class Crew {
  readonly #patienceMs: number;
  #pair: Pair;
  #begun = 0;
  /** That the processes have used. */
  cpuMs = 0;

  /** @param patienceMs what a batch may take; a process that takes longer runs a program that does not end */
  constructor(patienceMs = 60_000) {
    this.#patienceMs = patienceMs;
    this.#pair = new Pair(patienceMs);
  }

  /** Runs programs natively and in both builds. @returns one finding for each, in order */
  async run(tasks: readonly Task[]): Promise<readonly Finding[]> {
    if (!this.#pair.isWhole) {
      if (this.#pair.running === 0) this.#pair.end();
      this.#pair = new Pair(this.#patienceMs);
    }
    const pair = this.#pair;
    pair.served += tasks.length;
    pair.running += 1;
    const findings = await this.#runOn(pair, tasks);
    pair.running -= 1;
    if (pair !== this.#pair && pair.running === 0) pair.end();
    return findings ?? this.#oneByOne(tasks);
  }

  end(): void {
    this.#pair.end();
  }

  /** @returns null when a process was lost */
  async #runOn(pair: Pair, tasks: readonly Task[]): Promise<readonly Finding[] | null> {
    this.#begun += 1;
    const mates = this.#begun % 2 === 0 ? pair.mates : pair.mates.toReversed();
    const natives = new Map<number, Outcome>();
    const ends: End[] = [];
    const compiled = new Map<string, Compiled>();
    let parcels: readonly Parcel[] = [];
    for (let turn = 0; turn === 0 || parcels.length > 0; turn += 1) {
      const mate = mates[turn % 2] as Mate;
      const codes = turn === 1 ? [...compiled.values()] : [];
      const report = await mate.ask(
        turn === 0 ? { kind: 'begin', tasks } : { kind: 'carryOn', compiled: codes, parcels },
      );
      if (report === null) return null;
      this.cpuMs += report.cpuMs;
      for (const { number, outcome } of report.natives) natives.set(number, outcome);
      for (const code of report.compiled) compiled.set(`${code.number} ${code.build}`, code);
      ends.push(...report.ends);
      ({ parcels } = report);
    }
    const numbers = tasks.map(({ number }) => number);
    for (const mate of mates) void mate.ask({ kind: 'forget', numbers });
    return tasks.map(({ number }) => judge(number, natives.get(number), ends));
  }

  /** A process was lost: which of the programs was it? */
  async #oneByOne(tasks: readonly Task[]): Promise<readonly Finding[]> {
    const [only] = tasks;
    if (tasks.length === 1 && only !== undefined) {
      const difference = 'a process that ran it died, or did not answer any more';
      const verdict: Verdict = { kind: 'different', build: 'dense', difference };
      return [{ number: only.number, verdict, moves: 0, points: 0, pinned: 0, pins: [], bytes: 0 }];
    }
    const middle = Math.floor(tasks.length / 2);
    const before = await this.run(tasks.slice(0, middle));
    return [...before, ...(await this.run(tasks.slice(middle)))];
  }
}

function judge(number: number, native: Outcome | undefined, ends: readonly End[]): Finding {
  const own = ends.filter((end) => end.number === number);
  const sum = (what: 'moves' | 'points' | 'pinned' | 'bytes'): number =>
    own.reduce((total, { progress }) => total + progress[what], 0);
  return {
    number,
    verdict: verdictOf(native, own),
    moves: sum('moves'),
    points: own.find(({ build }) => build === 'dense')?.progress.points ?? 0,
    pinned: sum('pinned'),
    pins: own.flatMap(({ progress }) => progress.pins),
    bytes: sum('bytes'),
  };
}

function verdictOf(native: Outcome | undefined, ends: readonly End[]): Verdict {
  if (native === undefined) return { kind: 'invalid', reason: 'it was not run' };
  if (native.kind !== 'returned') return { kind: 'invalid', reason: `${native.kind}: ${textOf(native)}` };
  for (const build of builds) {
    const outcome = ends.find((end) => end.build === build)?.outcome;
    if (outcome === undefined) return { kind: 'different', build, difference: 'it was lost on its way' };
    if (outcome.kind === 'refused') return { kind: 'refused', build, reason: outcome.text };
    const difference = differenceOf(native, outcome);
    if (difference !== null) return { kind: 'different', build, difference };
  }
  return { kind: 'equal' };
}

const textOf = (outcome: Outcome): string => ('text' in outcome ? outcome.text : outcome.kind);

function differenceOf(native: Outcome, moved: Outcome): string | null {
  if (native.kind !== moved.kind)
    return `natively it ${native.kind}, moved it ${moved.kind}: ${textOf(moved)}`;
  const [left, right] = [textOf(native), textOf(moved)];
  if (left === right) return null;
  const found = firstDifference(JSON.parse(left) as Description, JSON.parse(right) as Description);
  return found ?? 'the same graph, described in another order';
}
