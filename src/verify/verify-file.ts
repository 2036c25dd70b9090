import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GodwitError, messageOf } from '../core/errors.ts';
import type { Reason, Verdict, VerdictKind, VerifyOptions } from './contract.ts';
import { ProgramFileError } from './errors.ts';
import { nodeOfVersion } from './node-versions.ts';
import { observationDifference } from './observation.ts';
import { missingPoint } from './points/point-comparison.ts';
import { withoutEverySecondPoint } from './points/skipped-points.ts';
import type { SourcePoint } from './points/source-points.ts';
import type { Job, Survey } from './process/messages.ts';
import {
  type Build,
  type CompiledProgram,
  compileProgram,
  type KnownBuilds,
  type ProgramSource,
} from './program.ts';
import { type Run, type RunLimits, runMoved, runUnmoved } from './runs.ts';
import { beginSchedule, planFor, randomPlan, type SchedulePlan } from './schedule.ts';
import { Trace } from './snapshot-file.ts';
import { inTemporaryFolder } from './temporary-folder.ts';
import { timeBoth } from './timing.ts';

type Compiled = CompiledProgram & { readonly kind: 'compiled' };

/** What native runs have shown. */
interface Expected {
  readonly observation: Run['observation'];
  readonly points: readonly SourcePoint[];
  /** Of these, those that were passed. */
  readonly passed: readonly number[];
}

/** Of the points at which a move was wanted. */
const pinnedShareMax = 0.1;
const randomSeed = 0x90d;
/** Of the time that is left when a run begins, how much its moves may take. */
const denseShare = 0.45;
const productionShare = 0.6;

/** Runs one program natively, and compiled with moves, and compares what can be seen. */
export async function verifyFile(file: string, options: VerifyOptions): Promise<Verdict> {
  return inTemporaryFolder((folder) => new Verification(file, options, folder).verdict());
}

class Verification {
  readonly #file: string;
  readonly #options: VerifyOptions;
  readonly #folder: string;
  readonly #source: ProgramSource;
  readonly #limits: RunLimits;
  readonly #trace: Trace | null;
  readonly #reasons = new Map<string, Reason>();
  readonly #pids = new Set<number>();
  #points = 0;
  #moves = 0;
  #pinned = 0;
  #bytes = 0;
  #nativeMs: number | null = null;
  #compiledMs: number | null = null;

  constructor(file: string, options: VerifyOptions, folder: string) {
    this.#file = file;
    this.#options = options;
    this.#folder = folder;
    const { all, script, include, timeoutMs, trace } = options;
    this.#source = { file: resolve(file), all, script, include: include.map((path) => resolve(path)) };
    const nowMs = performance.now();
    this.#limits = { deadlineMs: nowMs + timeoutMs, hurryAtMs: Infinity, settleAtMs: Infinity };
    this.#trace = trace === null ? null : new Trace(trace);
  }

  async verdict(): Promise<Verdict> {
    try {
      return await this.#judge();
    } catch (error) {
      if (!(error instanceof GodwitError)) throw error;
      this.#note('failed', messageOf(error));
      return this.#verdict('failed');
    }
  }

  async #judge(): Promise<Verdict> {
    for (const file of [this.#file, ...this.#options.include]) checkFile(file);
    const builds = new Map<Build, Compiled>();
    const known: KnownBuilds = new Map();
    for (const build of ['native', 'counted', 'dense', 'production'] as const) {
      const folder = join(this.#folder, build);
      const isHarmed = build === 'dense' && this.#options.sabotage === 'skip-point';
      const outcome = compileProgram(
        this.#source,
        build,
        folder,
        known,
        isHarmed ? withoutEverySecondPoint : undefined,
      );
      if (outcome.kind === 'refused') {
        for (const { path, line, what } of outcome.refusals) this.#note('refused', `${path}:${line} ${what}`);
        return this.#verdict('refused');
      }
      builds.set(build, outcome);
    }
    const [native, counted, dense, production] = [...builds.values()] as [
      Compiled,
      Compiled,
      Compiled,
      Compiled,
    ];
    const nodes = await Promise.all(this.#options.nodeVersions.map((version) => nodeOfVersion(version)));
    const expected = await this.#runNatively(native, counted, nodes);
    if (expected === null) return this.#verdict('unstable');
    const difference =
      (await this.#runDense(dense, nodes, expected)) ??
      (await this.#runProduction(production, nodes, expected.observation));
    if (difference !== null) return this.#verdict('different', difference);
    if (this.#options.time) {
      const times = await timeBoth(
        this.#job(native, 'native'),
        this.#job(production, 'movable'),
        this.#limits,
      );
      this.#nativeMs = times.nativeMs;
      this.#compiledMs = times.compiledMs;
    }
    const wanted = this.#moves + this.#pinned;
    const isUnmoved = this.#points > 0 && (this.#moves === 0 || this.#pinned > wanted * pinnedShareMax);
    return this.#verdict(isUnmoved ? 'unmoved' : 'equal');
  }

  /**
   * As it is and counted, and once with each other version of Node.js.
   *
   * @returns null when they do not agree
   */
  async #runNatively(
    native: Compiled,
    counted: Compiled,
    nodes: readonly string[],
  ): Promise<Expected | null> {
    const job = this.#job(native, 'native');
    const [first, count] = await Promise.all(
      [job, this.#job(counted, 'native')].map((each) => runUnmoved(process.execPath, each, this.#limits)),
    );
    if (first === undefined || count === undefined) return null;
    const disturbance = observationDifference(first.observation, count.observation);
    const others: Run[] = [];
    if (disturbance !== null) others.push(await runUnmoved(process.execPath, job, this.#limits));
    for (const node of new Set(nodes)) {
      if (node !== process.execPath) others.push(await runUnmoved(node, job, this.#limits));
    }
    for (const other of others) {
      const difference = observationDifference(first.observation, other.observation);
      if (difference === null) continue;
      this.#note('unstable', `two native runs differ: ${difference}`);
      return null;
    }
    if (disturbance !== null) this.#note('uncounted', `counting its points changes it: ${disturbance}`);
    const passed = disturbance === null ? count.passed : [];
    return { observation: first.observation, points: counted.points, passed };
  }

  async #runDense(dense: Compiled, nodes: readonly string[], expected: Expected): Promise<string | null> {
    const job = this.#job(dense, 'movable');
    const unmoved = await runUnmoved(process.execPath, { ...job, sabotage: null }, this.#limits, {
      survey: true,
    });
    this.#points = unmoved.schedule?.point ?? 0;
    const early = observationDifference(expected.observation, unmoved.observation);
    if (early !== null) return `dense build, not moved: ${early}`;
    const offered = (unmoved.survey?.offered ?? []).map((point) => ({
      ...point,
      ...dense.placeOf(point.file, point.line),
    }));
    const missing = missingPoint(expected.points, expected.passed, offered);
    if (missing !== null) return `dense build, not moved: ${missing}`;
    const { every, movesMax } = this.#options;
    const marks = marksOf(unmoved.survey);
    // The marks must not go without because of others before them.
    const plan: SchedulePlan =
      every === null
        ? planFor(this.#points, Math.max(1, movesMax - marks.length))
        : { kind: 'every', points: every };
    return this.#runMoved('dense', job, nodes, plan, marks, expected.observation);
  }

  async #runProduction(
    production: Compiled,
    nodes: readonly string[],
    expected: Run['observation'],
  ): Promise<string | null> {
    const plan = randomPlan(randomSeed, this.#options.movesMax);
    return this.#runMoved('production', this.#job(production, 'movable'), nodes, plan, [], expected);
  }

  async #runMoved(
    build: Build,
    job: Job,
    others: readonly string[],
    plan: SchedulePlan,
    marks: readonly number[],
    expected: Run['observation'],
  ): Promise<string | null> {
    const { movesMax, fixClock, fixRandom } = this.#options;
    const nodes = others.length === 0 ? [process.execPath] : [process.execPath, ...others];
    const limits = this.#limitsOf(build);
    const run = await runMoved(nodes, job, beginSchedule(plan, movesMax, marks), limits, (passage) =>
      this.#trace?.keep({ source: this.#source, build, fixClock, fixRandom }, passage),
    );
    this.#moves += run.schedule?.moves ?? 0;
    this.#bytes += run.bytes;
    for (const pid of run.pids) this.#pids.add(pid);
    for (const [reason, count] of run.pins) {
      this.#pinned += count;
      this.#note('pinned', reason, count);
    }
    const difference = observationDifference(expected, run.observation);
    return difference === null ? null : `${build} build, ${run.schedule?.moves ?? 0} moves: ${difference}`;
  }

  /** Of the time that is left, a part for the moves of this run: it has to come to its end, and others come after it. */
  #limitsOf(build: Build): RunLimits {
    const { deadlineMs } = this.#limits;
    const nowMs = performance.now();
    const shareMs = (deadlineMs - nowMs) * (build === 'dense' ? denseShare : productionShare);
    return { deadlineMs, hurryAtMs: nowMs + shareMs / 2, settleAtMs: nowMs + shareMs };
  }

  #job({ map, hasModules, entry, method, pointsFile }: Compiled, role: Job['role']): Job {
    const { fixClock, fixRandom, sabotage, trace } = this.#options;
    return {
      role,
      map,
      hasModules,
      entry,
      method,
      movesRealm: this.#source.all,
      points: pointsFile,
      trace: trace !== null,
      argv: [this.#source.file],
      fixClock,
      fixRandom,
      sabotage: role === 'movable' ? sabotage : null,
    };
  }

  #note(kind: Reason['kind'], text: string, count = 1): void {
    const known = this.#reasons.get(`${kind} ${text}`);
    this.#reasons.set(`${kind} ${text}`, { kind, text, count: (known?.count ?? 0) + count });
  }

  #verdict(verdict: VerdictKind, difference: string | null = null): Verdict {
    return {
      file: this.#file,
      verdict,
      points: this.#points,
      moves: this.#moves,
      pinned: this.#pinned,
      bytes: this.#bytes,
      pids: [...this.#pids],
      reasons: [...this.#reasons.values()],
      difference,
      nativeMs: this.#nativeMs,
      compiledMs: this.#compiledMs,
    };
  }
}

/** @throws {ProgramFileError} when it is not there, or cannot be a program */
function checkFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new ProgramFileError(`There is no file ${file}.`);
  if (found.isDirectory())
    throw new ProgramFileError(`${file} is a folder. Name its files: godwit verify ${join(file, '*.ts')}`);
  if (!/\.[cm]?[jt]s$/.test(file))
    throw new ProgramFileError(
      `${file} is no file of JavaScript or TypeScript (.js, .mjs, .cjs, .ts, .mts, .cts).`,
    );
}

/** Where a run has to move in any case: points may be counted a little differently once it has moved. */
function marksOf(survey: Survey | null): readonly number[] {
  if (survey === null) return [];
  const around = [survey.deepestAt, survey.largestAt].flatMap((point) => [point - 1, point, point + 1]);
  return [...new Set(around)];
}
