import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { SystemClock } from '../clock.ts';
import type { ScheduledPolicy } from '../simulator/fleet/catalogue.ts';
import { policies } from '../simulator/fleet/catalogue.ts';
import { tickMs } from '../simulator/fleet/fleet.ts';
import type { FleetReport } from '../simulator/fleet/metrics.ts';
import { measuredMoveCosts } from '../simulator/fleet/move-costs.ts';
import { overloadPlot } from '../simulator/fleet/plot.ts';
import { powerCurves } from '../simulator/fleet/power.ts';
import { reportCells, reportDocument } from '../simulator/fleet/report-text.ts';
import type { Simulation } from '../simulator/fleet/simulate.ts';
import { simulate } from '../simulator/fleet/simulate.ts';
import { WorkloadError } from '../simulator/fleet/workload.ts';
import { jsonOption, positiveNumber, wholeNumber } from './options.ts';
import { readLatencies, readTraffic, readWorkload } from './simulation-files.ts';
import { table } from './table.ts';
import { columnsOf } from './terminal.ts';

interface SimulateFlags {
  readonly workload: string;
  readonly hosts: number;
  readonly racks: number;
  readonly capacity: number;
  readonly interval: number;
  readonly unit: number;
  readonly latency?: string;
  readonly traffic?: string;
  readonly power: string;
  readonly policy: readonly ScheduledPolicy[];
  readonly movesPerHour: number;
  readonly seed: number;
  readonly svg?: string;
  readonly json: boolean;
}

const names = policies.map(({ plan }) => plan.name);

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('let policies decide about recorded demand, on as many hosts as you like')
    .requiredOption(
      '--workload <file>',
      'CSV, gzipped or not: a row for each sample, a column for each component',
    )
    .requiredOption('--hosts <count>', 'hosts', wholeNumber(1, 100_000))
    .requiredOption('--racks <count>', 'racks; hosts are given to them in turn', wholeNumber(1, 10_000))
    .option('--capacity <cores>', 'cores of each host', positiveNumber, 8)
    .option('--interval <seconds>', 'seconds of a sample', positiveNumber, 300)
    .option(
      '--unit <cores>',
      'cores that a 1 in the file means; 0.01 for per cent of a core',
      positiveNumber,
      0.01,
    )
    .option('--latency <file>', 'CSV, rack by rack: round trips in ms')
    .option('--traffic <file>', 'CSV of edges: component, component, messages/s, bytes/s')
    .addOption(
      new Option('--power <model>', 'what a host draws')
        .choices(powerCurves.map(({ name }) => name))
        .default('hp-g5'),
    )
    .option(
      '--policy <names>',
      `any of ${names.join(', ')}`,
      policiesOf,
      policiesOf('static,multi-objective'),
    )
    .option('--moves-per-hour <count>', 'budget of moves, for each component', positiveNumber, 0.25)
    .option(
      '--seed <number>',
      'of placement, traffic, states, and demand within samples',
      wholeNumber(0, 2 ** 31),
      1,
    )
    .option('--svg <file>', 'write a plot of the overload over time')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  godwit simulate --workload demand.csv --hosts 40 --racks 4 --policy static,deviation,multi-objective\n\n' +
        'What is simulated, and what is assumed: docs/deciding/simulation.md.',
    )
    .action(run);
}

function policiesOf(text: string): readonly ScheduledPolicy[] {
  return text.split(',').map((name) => {
    const found = policies.find(({ plan }) => plan.name === name.trim());
    if (found === undefined)
      throw new InvalidArgumentError(`There is no policy '${name}'. There are: ${names.join(', ')}.`);
    return found;
  });
}

function run(flags: SimulateFlags): void {
  const clock = new SystemClock();
  const simulation = simulationOf(flags);
  const reports = flags.policy.map(({ plan, roundMs }) => {
    const fleet = { ...simulation.fleet, ticksPerRound: Math.max(1, Math.round(roundMs / tickMs)) };
    return simulate({ ...simulation, fleet }, plan, clock);
  });
  if (flags.svg !== undefined) writePlot(flags.svg, simulation, reports);
  if (flags.json) console.log(JSON.stringify(documentOf(flags, simulation, reports)));
  else console.log(textOf(simulation, reports));
}

function simulationOf(flags: SimulateFlags): Simulation {
  const workload = readWorkload(flags.workload, flags.interval * 1_000, flags.unit);
  const power = powerCurves.find(({ name }) => name === flags.power);
  if (power === undefined) throw new WorkloadError(`There is no power model ${flags.power}.`);
  const movesPerHour = flags.movesPerHour * workload.components;
  return {
    workload,
    burstOf: workload,
    fleet: {
      hosts: flags.hosts,
      racks: flags.racks,
      capacityCores: flags.capacity,
      power,
      traffic: flags.traffic === undefined ? null : readTraffic(flags.traffic, workload.components),
      rackLatencyMs: flags.latency === undefined ? null : readLatencies(flags.latency, flags.racks),
      tickMs,
      ticksPerRound: 1,
      seed: flags.seed,
    },
    costs: measuredMoveCosts,
    budget: { movesPerHour, burst: Math.ceil(movesPerHour / 4) },
  };
}

function writePlot(path: string, { workload }: Simulation, reports: readonly FleetReport[]): void {
  try {
    writeFileSync(path, overloadPlot(`Overload under ${workload.name}`, reports, workload.sampleMs));
  } catch (error) {
    throw new WorkloadError(`The plot cannot be written to ${path}: ${String(error)}`);
  }
}

function documentOf(flags: SimulateFlags, { workload, budget }: Simulation, reports: readonly FleetReport[]) {
  const { hosts, racks, capacity, power, seed } = flags;
  return {
    workload: { name: workload.name, components: workload.components, samples: workload.samples },
    hosts,
    racks,
    capacityCores: capacity,
    power,
    seed,
    movesPerHour: budget.movesPerHour,
    reports: reports.map(reportDocument),
  };
}

function textOf({ workload, fleet, budget }: Simulation, reports: readonly FleetReport[]): string {
  const mean = workload.demandCores.reduce((sum, cores) => sum + cores, 0) / workload.samples;
  const hours = (workload.samples * workload.sampleMs) / 3_600_000;
  const cells = reportCells(reports);
  return [
    `${workload.name}: ${workload.components} components for ${hours.toFixed(1)} h, ${mean.toFixed(1)} cores on average;` +
      ` ${fleet.hosts} hosts of ${fleet.capacityCores} cores in ${fleet.racks} racks;` +
      ` at most ${budget.movesPerHour.toFixed(0)} moves an hour`,
    table(cells[0] ?? [], cells.slice(1), Math.max(columnsOf(process.stdout), 200)),
  ].join('\n');
}
