import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { plan } from '../src/placement/orchestration/plan.ts';
import { planFleet, pointsOf } from '../src/placement/orchestration/planner.ts';
import { orchestrationPolicy } from '../src/placement/orchestration/policy.ts';
import type { Figure } from './figure.ts';
import { program } from './orchestration/exact.ts';
import { chanceFrom, demand, largeFleet, smallProblem } from './orchestration/instances.ts';
import { logLogPlot } from './orchestration/plot.ts';

/** Its declarations describe what `require` gives. */
const highs = createRequire(import.meta.url)('highs') as typeof import('highs');

/** Sites, components, and the time that a round may take; null where none is promised. */
const sizes: readonly (readonly [number, number, number | null])[] = [
  [10, 500, null],
  [100, 5_000, null],
  [316, 15_800, null],
  [1_000, 50_000, 100],
  [3_162, 225_000, null],
  [10_000, 1_000_000, 2_000],
];
const roundsTimed = 9;
/** Instances whose gap is taken, unless said otherwise. */
const instancesUsual = 30;
/** What the solver may take for one instance; those that it has not solved by then do not count. */
const solverSeconds = 20;

/**
 * Decision time of a round (new sums over new demand, then the plan) by size of the fleet, and the planner's gap to the
 * exact optimum.
 * `--plot FILE` draws the former on a log-log plot; `--instances N` says how many problems are solved exactly.
 */
export async function bench(args: readonly string[]): Promise<{ figures: readonly Figure[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      plot: { type: 'string', default: '' },
      instances: { type: 'string', default: String(instancesUsual) },
    },
  });
  return { figures: [...(await gaps(Number(values.instances))), ...times(values.plot)] };
}

/** @param plot path of the plot; empty for none */
function times(plot: string): Figure[] {
  const figures: Figure[] = [];
  const first: { x: number; y: number }[] = [];
  const later: { x: number; y: number }[] = [];
  planFleet(refreshed(largeFleet(100, 5_000, 1)), orchestrationPolicy);
  for (const [sites, components, target] of sizes) {
    const fleet = largeFleet(sites, components, 1);
    const chance = chanceFrom(2);
    const policy = { ...orchestrationPolicy, movesMax: Math.max(100, components / 100) };
    const tookMs: number[] = [];
    const workedMs: number[] = [];
    let moves = 0;
    for (let round = 0; round < roundsTimed; round += 1) {
      if (round > 0) demand(fleet, chance);
      const before = process.cpuUsage();
      const startMs = performance.now();
      fleet.refresh();
      moves += planFleet(fleet, policy).moves.length;
      tookMs.push(performance.now() - startMs);
      const { user, system } = process.cpuUsage(before);
      workedMs.push((user + system) / 1_000);
    }
    const name = `${sites} hosts × ${components} executions`;
    figures.push(
      figure(`${name}, CPU time of a round, median of ${roundsTimed}`, median(workedMs), 'ms', target),
    );
    figures.push(figure(`${name}, of the slowest`, Math.max(...workedMs), 'ms', null));
    figures.push(figure(`${name}, on the clock, median`, median(tookMs), 'ms', null));
    figures.push(figure(`${name}, moves in a round`, moves / roundsTimed, 'moves', null));
    first.push({ x: components, y: Math.max(...workedMs) });
    later.push({ x: components, y: median(workedMs) });
  }
  const memoryGb = process.memoryUsage().rss / 1e9;
  figures.push(figure('resident memory after all of them', memoryGb, 'GB', 2));
  const [low, high] = [later[3], later[5]];
  if (low !== undefined && high !== undefined) {
    const slope = Math.log(high.y / low.y) / Math.log(high.x / low.x);
    figures.push(figure('growth: slope on the log-log plot, 50,000 to 1,000,000', slope, '', null));
  }
  if (plot !== '') {
    const curves = [
      { name: 'slowest round', points: first },
      { name: 'median round', points: later },
    ];
    writeFileSync(plot, logLogPlot('Decision time', 'executions', 'ms of CPU time a round', curves));
  }
  return figures;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function refreshed(fleet: ReturnType<typeof largeFleet>): ReturnType<typeof largeFleet> {
  fleet.refresh();
  return fleet;
}

async function gaps(instances: number): Promise<Figure[]> {
  const solver = await highs.default();
  const found: number[] = [];
  const tookMs: number[] = [];
  let unsolved = 0;
  let worse = 0;
  for (let seed = 1; seed <= instances; seed += 1) {
    const asked = smallProblem(seed);
    const startMs = performance.now();
    const points = pointsOf(plan(asked).after, asked.policy);
    tookMs.push(performance.now() - startMs);
    const solution = solver.solve(program(asked), { time_limit: solverSeconds, mip_rel_gap: 1e-6 });
    if (solution.Status !== 'Optimal') {
      unsolved += 1;
      continue;
    }
    const optimum = solution.ObjectiveValue;
    const gap = points / optimum - 1;
    if (gap < -1e-5) worse += 1;
    found.push(gap);
  }
  const sorted = found.toSorted((a, b) => a - b);
  const mean = found.reduce((sum, gap) => sum + gap, 0) / Math.max(1, found.length);
  return [
    figure(`gap to the optimum by HiGHS, mean of ${found.length} instances`, 100 * mean, '%', 1),
    figure('gap, 95th percentile', 100 * (sorted[Math.floor(0.95 * found.length)] ?? 0), '%', null),
    figure('gap, worst', 100 * (sorted.at(-1) ?? 0), '%', null),
    figure('instances that HiGHS did not solve in time', unsolved, 'instances', null),
    figure('instances that the program and the planner count differently', worse, 'instances', 0),
    figure(
      'a plan of one instance, median',
      tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1] ?? 0,
      'ms',
      null,
    ),
  ];
}

function figure(name: string, value: number, unit: string, target: number | null): Figure {
  return { name, value, unit, target, met: target === null ? null : value <= target };
}
