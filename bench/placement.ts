import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { ScheduledPolicy } from '../src/simulator/fleet/catalogue.ts';
import { policies } from '../src/simulator/fleet/catalogue.ts';
import type { FleetReport } from '../src/simulator/fleet/metrics.ts';
import { overloadPlot } from '../src/simulator/fleet/plot.ts';
import { reportCells } from '../src/simulator/fleet/report-text.ts';
import { table } from '../src/cli/table.ts';
import type { Figure } from './figure.ts';
import { grids } from './placement/grids.ts';
import type { Setting } from './placement/runs.ts';
import { hostsFor, leastOverload, movesPerHour, runPolicy, scarceCapacity } from './placement/runs.ts';
import type { TraceName } from './placement/traces.ts';
import { loadTrace, traceNames } from './placement/traces.ts';

/** Even the best rival lets hosts be overloaded for this share of their time. */
const overloadShareMin = 0.005;
const nominalCores: Readonly<Record<TraceName, number>> = {
  'planetlab-tuning': 8,
  planetlab: 8,
  google2011: 4,
  bitbrains: 4,
  azure: 4,
};
/** Equal within 0.1 %: who serves more demand draws more. */
const energyRatioMax = 1.001;
const tickMs = 30_000;
const columnsMax = 220;
const seed = 1;

const rivals = policies.filter(({ isRival, plan }) => isRival && plan.name !== 'static');
/** Those that balance: cheap, and the best of them is the best rival. */
const balancers = rivals.filter(({ plan }) => ['threshold', 'deviation', 'lrr'].includes(plan.name));

/**
 * Our policies on recorded demand, against those that people use and against the oracle; every policy has the same
 * hosts, moves and inputs. `--tune` prints the grid of settings that was searched on the tuning recording.
 *
 * @throws Error when no folder of recordings is named
 */
export async function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trace: { type: 'string', multiple: true },
      tune: { type: 'boolean', default: false },
      svg: { type: 'string' },
    },
  });
  const folder = process.env['GODWIT_DATA'];
  if (folder === undefined || folder === '')
    throw new Error('GODWIT_DATA names no folder. Set it to the folder of the recordings.');
  const chosen = traceNames.filter((name) =>
    values.tune ? name === 'planetlab-tuning' : (values.trace ?? traceNames.slice(1)).includes(name),
  );
  const figures: Figure[] = [];
  for (const name of chosen) {
    const workload = loadTrace(name, folder);
    const hosts = hostsFor(workload, nominalCores[name]);
    const base = { workload, hosts, capacityCores: nominalCores[name], movesPerHour, seed };
    const setting = { ...base, capacityCores: scarceCapacity(balancers, base, overloadShareMin) };
    figures.push(...(values.tune ? tune(setting) : compare(name, setting, values.svg)));
  }
  return { figures: await Promise.resolve(figures) };
}

function tune(setting: Setting): readonly Figure[] {
  return grids.flatMap(({ name, settings }) => {
    const tried = settings.map(({ text, policy }) => {
      const report = runPolicy(policy, setting);
      console.error(`${name} ${text}: ${report.overloadHostMinutes} host-min, ${report.moves} moves`);
      return { text, report };
    });
    return tried.map(({ text, report }): Figure => {
      const figureName = `${name} ${text}, overload`;
      return plain(figureName, report.overloadHostMinutes, 'host-min');
    });
  });
}

function compare(name: TraceName, setting: Setting, svg: string | undefined): readonly Figure[] {
  const reports = policies.map((policy) => {
    console.error(`${name}: ${policy.plan.name}`);
    return runPolicy(policy, setting);
  });
  const eager = balancers.map((policy) => runPolicy({ ...policy, roundMs: tickMs }, setting));
  const cells = reportCells([
    ...reports,
    ...eager.map((report) => ({ ...report, policy: `${report.policy}, each 30 s` })),
  ]);
  const { workload, hosts, capacityCores } = setting;
  console.error(
    `${name}: ${workload.components} components on ${hosts} hosts of ${capacityCores.toFixed(2)} cores, ` +
      `at most ${(setting.movesPerHour * workload.components).toFixed(0)} moves an hour`,
  );
  console.error(table(cells[0] ?? [], cells.slice(1), columnsMax));
  if (svg !== undefined)
    writeFileSync(svg.replace(/(\.svg)?$/, `-${name}.svg`), overloadPlot(name, reports, workload.sampleMs));
  const of = (policy: string): FleetReport => {
    const found = reports.find((report) => report.policy === policy);
    if (found === undefined) throw new RangeError(`There is no policy ${policy}.`);
    return found;
  };
  const rival = leastOverload(
    reports.filter((report) => rivals.some(({ plan }) => plan.name === report.policy)),
  );
  return figuresOf(name, setting, {
    ours: of('multi-objective'),
    reactive: of('reactive'),
    oracle: of('oracle'),
    still: of('static'),
    rival,
    eager: leastOverload([rival, ...eager]),
  });
}

interface Compared {
  readonly ours: FleetReport;
  readonly reactive: FleetReport;
  readonly oracle: FleetReport;
  readonly still: FleetReport;
  readonly rival: FleetReport;
  /** The best rival, if it may decide as often as ours. */
  readonly eager: FleetReport;
}

function figuresOf(trace: string, setting: Setting, compared: Compared): readonly Figure[] {
  const { ours, reactive, oracle, still, rival, eager } = compared;
  const overload = (report: FleetReport): number => report.overloadHostMinutes;
  const gap = (overload(ours) - overload(oracle)) / Math.max(1e-9, overload(rival) - overload(oracle));
  const saved = 1 - fewestHosts(setting, rival.slowdownP99) / setting.hosts;
  return [
    plain(`${trace}: overload, static`, overload(still), 'host-min'),
    plain(`${trace}: overload, best rival (${rival.policy})`, overload(rival), 'host-min'),
    plain(`${trace}: overload, ours`, overload(ours), 'host-min'),
    plain(`${trace}: overload, oracle`, overload(oracle), 'host-min'),
    atMost(`${trace}: overload, ours / best rival`, overload(ours) / overload(rival), 0.5),
    atMost(`${trace}: energy, ours / best rival`, ours.energyWh / rival.energyWh, energyRatioMax),
    atMost(`${trace}: (ours − oracle) / (best rival − oracle)`, gap, 0.15),
    atMost(`${trace}: overload, proactive / reactive`, overload(ours) / overload(reactive), 0.75),
    plain(
      `${trace}: overload, ours / best rival deciding each 30 s (${eager.policy})`,
      overload(ours) / overload(eager),
      'ratio',
    ),
    {
      name: `${trace}: hosts saved at the best rival's p99 slowdown (at least)`,
      value: 100 * saved,
      unit: '%',
      target: 10,
      met: saved >= 0.1,
    },
    plain(
      `${trace}: capacity saved at the best rival's p99 slowdown, by 1 % of every host's cores`,
      100 * (1 - leastCapacityShare(setting, rival.slowdownP99)),
      '%',
    ),
  ];
}

/** The fewest hosts on which ours still has at most this p99 slowdown. */
function fewestHosts(setting: Setting, slowdownP99: number): number {
  let hosts = setting.hosts + 1;
  while (hosts > 1 && runPolicy(planner(), { ...setting, hosts: hosts - 1 }).slowdownP99 <= slowdownP99)
    hosts -= 1;
  return hosts;
}

/** The same question without the rounding to whole hosts: all hosts stay, and each has its cores lowered by 1 % a step. */
function leastCapacityShare(setting: Setting, slowdownP99: number): number {
  let percent = 101;
  const serves = (share: number): boolean => {
    const capacityCores = (setting.capacityCores * share) / 100;
    return runPolicy(planner(), { ...setting, capacityCores }).slowdownP99 <= slowdownP99;
  };
  while (percent > 50 && serves(percent - 1)) percent -= 1;
  return percent / 100;
}

function planner(): ScheduledPolicy {
  const found = policies.find(({ plan }) => plan.name === 'multi-objective');
  if (found === undefined) throw new RangeError('There is no policy multi-objective.');
  return found;
}

function plain(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, met: null };
}

function atMost(name: string, value: number, target: number): Figure {
  return { name, value, unit: 'ratio', target, met: value <= target };
}
