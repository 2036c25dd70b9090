import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { SystemClock } from '../clock.ts';
import { mishapKinds, phases } from '../simulator/cluster/faults.ts';
import type { SearchSums } from '../simulator/cluster/search.ts';
import { explain, search } from '../simulator/cluster/search.ts';
import { scriptedDrivers } from '../testing/simulated-drivers.ts';
import { jsonOption } from './options.ts';
import { table } from './table.ts';
import { columnsOf } from './terminal.ts';

interface SimulateFaultsFlags {
  readonly seeds: readonly [number, number];
  readonly json: boolean;
}

/** Seeds between two lines about the progress, on stderr. */
const progressEvery = 500;

export function addSimulateFaultsCommand(program: Command): void {
  program
    .command('simulate-faults')
    .description(
      'run simulated clusters in which everything goes wrong, and look for a promise that is broken',
    )
    .option('--seeds <from..to>', 'one run for each', seedRange, [1, 1_000] as const)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nA failing seed is run again with fewer faults, fewer moves and fewer hosts for as long as it fails,' +
        '\nand then told line by line. Exit status 1 when a promise was broken.\n' +
        '\nExample:\n  godwit simulate-faults --seeds 1..20000 --json\n',
    )
    .action(async ({ seeds, json }: SimulateFaultsFlags) => {
      const clock = new SystemClock();
      const beganMs = clock.monotonicMs();
      const sums = await search({
        drivers: scriptedDrivers,
        seeds,
        onSeed: (seed, { runs, moves, failures }) => {
          if (runs % progressEvery === 0)
            process.stderr.write(`seed ${seed}: ${moves} moves, ${failures.length} failures\n`);
        },
      });
      const tookMs = clock.monotonicMs() - beganMs;
      process.stdout.write(
        json ? `${JSON.stringify(documentOf(sums, seeds, tookMs))}\n` : text(sums, tookMs),
      );
      const [failing] = sums.failures;
      if (failing === undefined) return;
      process.exitCode = 1;
      process.stderr.write(`${(await explain(failing, { drivers: scriptedDrivers })).text}\n`);
    });
}

/** `417` or `1..2000`, both ends included. */
function seedRange(value: string): readonly [number, number] {
  const found = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(value);
  const from = Number(found?.[1]);
  const to = Number(found?.[2] ?? found?.[1]);
  if (found === null || to < from) throw new InvalidArgumentError('expected a seed, or two as in 1..2000.');
  return [from, to];
}

function documentOf(sums: SearchSums, seeds: readonly [number, number], tookMs: number): object {
  const { runs, moves, acts, simulatedMs, coverage, failures } = sums;
  return {
    seeds,
    runs,
    moves,
    acts,
    simulatedSeconds: Math.round(simulatedMs / 1_000),
    simulatedSecondsPerSecond: Number((simulatedMs / tookMs).toFixed(1)),
    failures: failures.map(({ seed }) => seed),
    least: coverage.least,
    phases: coverage.table(),
  };
}

function text(sums: SearchSums, tookMs: number): string {
  const { runs, moves, acts, simulatedMs, coverage, failures } = sums;
  const rows = phases.map((phase) => [
    phase,
    String(coverage.countEntered(phase)),
    ...mishapKinds.map((fault) => String(coverage.countMet(phase, fault))),
  ]);
  const { phase, fault, count } = coverage.least;
  return [
    table(['PHASE', 'ENTERED', ...mishapKinds], rows, columnsOf(process.stdout)),
    '',
    `${runs} runs, ${moves} moves, ${acts} acts, ${Math.round(simulatedMs / 1_000)} simulated seconds, ` +
      `${(simulatedMs / tookMs).toFixed(1)} of them per second`,
    `least often: '${phase}' met ${fault} ${count} times`,
    failures.length === 0
      ? 'no promise was broken'
      : `a promise was broken under ${failures.length} seeds: ${failures
          .slice(0, 10)
          .map(({ seed }) => seed)
          .join(', ')}`,
    '',
  ].join('\n');
}
