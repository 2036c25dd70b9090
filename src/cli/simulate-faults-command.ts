import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { SystemClock } from '../clock.ts';
import { mishapKinds, phases } from '../simulator/cluster/faults.ts';
import { drawScenario } from '../simulator/cluster/scenario.ts';
import { explain } from '../simulator/cluster/search.ts';
import type { TotalSums } from '../simulator/cluster/sums.ts';
import { scriptedDrivers } from '../testing/simulated-drivers.ts';
import { FaultRuns } from './fault-runs.ts';
import { jsonOption, wholeNumber } from './options.ts';
import { table } from './table.ts';
import { columnsOf } from './terminal.ts';

interface SimulateFaultsFlags {
  readonly seeds: readonly [number, number];
  readonly jobs: number;
  readonly stopAtFirst: boolean;
  readonly json: boolean;
}

/** Between two lines about the progress, on stderr. */
const progressEveryMs = 2_000;
const jobsMax = 256;
/** As a shell has it for a command that was interrupted. */
const interruptedExitCode = 130;

export function addSimulateFaultsCommand(program: Command): void {
  program
    .command('simulate-faults')
    .description(
      'run simulated clusters in which everything goes wrong, and look for a promise that is broken',
    )
    .addOption(
      new Option('--seeds <from..to>', 'one run for each')
        .argParser(seedRange)
        .default([1, 1_000] as const, '1..1000'),
    )
    .option(
      '--jobs <n>',
      'threads that run seeds at the same time',
      wholeNumber(1, jobsMax),
      availableParallelism(),
    )
    .option('--stop-at-first', 'begin no further run once one has failed', false)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nA failing seed is run again with fewer faults, fewer moves and fewer hosts for as long as it fails,' +
        '\nand then told line by line. Exit status 1 when a promise was broken. When interrupted, it tells what the' +
        `\nruns until then came to, with exit status ${interruptedExitCode}.\n` +
        '\nExample:\n  godwit simulate-faults --seeds 1..20000 --json\n',
    )
    .action(simulateFaults);
}

async function simulateFaults({ seeds, jobs, stopAtFirst, json }: SimulateFaultsFlags): Promise<void> {
  const clock = new SystemClock();
  const beganMs = clock.monotonicMs();
  const runs = new FaultRuns({ seeds, jobs, stopAtFirst, onProgress: progressTold(clock) });
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
    runs.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  await runs.run();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  const report = { sums: runs.sums, seeds, interrupted, tookMs: clock.monotonicMs() - beganMs };
  process.stdout.write(json ? `${JSON.stringify(documentOf(report))}\n` : text(report));
  if (interrupted) process.exitCode = interruptedExitCode;
  const [failing] = runs.sums.failures;
  if (failing === undefined) return;
  process.exitCode = 1;
  const { text: told } = await explain(drawScenario(failing), { drivers: scriptedDrivers });
  process.stderr.write(`${told}\n`);
}

function progressTold(clock: SystemClock): (sums: TotalSums) => void {
  let toldMs = clock.monotonicMs();
  return ({ runs, moves, failures }) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - toldMs < progressEveryMs) return;
    toldMs = nowMs;
    process.stderr.write(`${runs} runs, ${moves} moves, ${failures.length} failures\n`);
  };
}

/** `417` or `1..2000`, both ends included. */
function seedRange(value: string): readonly [number, number] {
  const found = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(value);
  const from = Number(found?.[1]);
  const to = Number(found?.[2] ?? found?.[1]);
  if (found === null || to < from) throw new InvalidArgumentError('expected a seed, or two as in 1..2000.');
  return [from, to];
}

interface Report {
  readonly sums: TotalSums;
  readonly seeds: readonly [number, number];
  readonly interrupted: boolean;
  readonly tookMs: number;
}

function documentOf({ sums, seeds, interrupted, tookMs }: Report): object {
  const { runs, moves, acts, simulatedMs, coverage, failures } = sums;
  return {
    seeds,
    runs,
    interrupted,
    moves,
    acts,
    simulatedSeconds: Math.round(simulatedMs / 1_000),
    simulatedSecondsPerSecond: Number((simulatedMs / tookMs).toFixed(1)),
    failures,
    least: coverage.least,
    phases: coverage.table(),
  };
}

function text({ sums, seeds, interrupted, tookMs }: Report): string {
  const { runs, moves, acts, simulatedMs, coverage, failures } = sums;
  const rows = phases.map((phase) => [
    phase,
    String(coverage.countEntered(phase)),
    ...mishapKinds.map((fault) => String(coverage.countMet(phase, fault))),
  ]);
  const { phase, fault, count } = coverage.least;
  const [from, to] = seeds;
  return [
    table(['PHASE', 'ENTERED', ...mishapKinds], rows, columnsOf(process.stdout)),
    '',
    ...(interrupted ? [`interrupted: not all seeds of ${from}..${to} were run`] : []),
    `${runs} runs, ${moves} moves, ${acts} acts, ${Math.round(simulatedMs / 1_000)} simulated seconds, ` +
      `${(simulatedMs / tookMs).toFixed(1)} of them per second`,
    `least often: '${phase}' met ${fault} ${count} times`,
    failures.length === 0
      ? 'no promise was broken'
      : `a promise was broken under ${failures.length} seeds: ${failures.slice(0, 10).join(', ')}`,
    '',
  ].join('\n');
}
