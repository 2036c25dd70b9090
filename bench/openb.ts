import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../src/cli/table.ts';
import { SeededRandom } from '../src/simulator/random.ts';
import type { Figure } from './figure.ts';
import type { AdmissionReport } from './openb/admit.ts';
import { admitAll, noRoom } from './openb/admit.ts';
import { Cluster } from './openb/cluster.ts';
import { typicalMix } from './openb/fragmentation.ts';
import type { AdmissionPlan } from './openb/policies.ts';
import { admissionPlans } from './openb/policies.ts';
import { repacking } from './openb/repacking.ts';
import type { Openb } from './openb/trace.ts';
import { arrivals, loadOpenb, shuffled } from './openb/trace.ts';

/** As published: demand up to 130 % of the GPUs, ten seeds from 42, nine tenths and a half of the pods typical. */
const demandMax = 1.3;
const firstSeed = 42;
const typicalCoverage = 0.95;
const demands = [80, 100, 130] as const;
/** The best published share at 130 % demand, in per cent (FGD). */
const publishedBest = 95.39;
const columnsMax = 160;
const limits = { movesMax: 4, triesMax: 16, restArrivals: 200 };

/**
 * Shares of openb's GPUs that are allocated when pods worth 80, 100 and 130 % of them have been asked for: the published
 * policies as we run them beside what was published of them, and FGD with moves.
 *
 * @throws Error when no folder of recordings is named
 */
export async function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const options = {
    seeds: { type: 'string', default: '10' },
    policy: { type: 'string', multiple: true },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const folder = process.env['GODWIT_DATA'];
  if (folder === undefined || folder === '')
    throw new Error('GODWIT_DATA names no folder. Set it to the folder of the recordings.');
  const openb = loadOpenb(folder);
  const published = publishedShares(folder);
  const figures: Figure[] = [];
  const rows: string[][] = [];
  for (const { name, plan, moves } of contestants()) {
    if (values.policy !== undefined && !values.policy.includes(name)) continue;
    const reports = Array.from({ length: Number(values.seeds) }, (_, index) => {
      console.error(`${name}, seed ${firstSeed + index}`);
      return run(openb, plan, moves, firstSeed + index);
    });
    rows.push([name, ...demands.map((demand) => shareText(reports, demand)), ...extras(reports)]);
    const known = published.get(name);
    if (known !== undefined)
      rows.push([
        `${name}, published`,
        ...demands.map((demand) => shareTextOf(known.get(demand) ?? [])),
        '',
        '',
        '',
      ]);
    figures.push(...figuresOf(name, moves, reports));
  }
  console.error(
    table(['policy', '80 %', '100 %', '130 %', 'admitted', 'refused', 'moves / admitted'], rows, columnsMax),
  );
  return { figures: await Promise.resolve(figures) };
}

interface Contestant {
  readonly name: string;
  readonly plan: AdmissionPlan;
  readonly moves: boolean;
}

function contestants(): readonly Contestant[] {
  const names = ['Random', 'DotProd', 'GpuClustering', 'GpuPacking', 'BestFit', 'FGD'];
  const still = admissionPlans.map((plan, index) => ({ name: names[index] ?? '', plan, moves: false }));
  const best = admissionPlans.at(-1);
  return best === undefined ? still : [...still, { name: 'FGD with moves', plan: best, moves: true }];
}

function run(openb: Openb, plan: AdmissionPlan, moves: boolean, seed: number): AdmissionReport {
  const random = new SeededRandom(seed);
  const cluster = new Cluster(shuffled(openb.nodes, random));
  const stream = arrivals(openb.pods, demandMax * cluster.capacityMilli, random);
  const admission = plan(cluster, typicalMix(openb.classes, typicalCoverage), random);
  const makeRoom = moves ? repacking(cluster, admission, limits) : noRoom;
  return admitAll(cluster, stream, admission, makeRoom);
}

/** Published shares by policy and demand, one for each seed. */
function publishedShares(folder: string): ReadonlyMap<string, ReadonlyMap<number, readonly number[]>> {
  const path = join(folder, 'reference/fgd_atc23_gpu_allocation_ratio.csv');
  const shares = new Map<string, Map<number, number[]>>();
  for (const line of readFileSync(path, 'utf8').trim().split('\n').slice(1)) {
    const [workload, policy = '', , at80, at100, , , at130] = line.trim().split(',');
    if (workload !== 'openb_pod_list_default') continue;
    const ofPolicy = shares.get(policy.slice('01-'.length)) ?? new Map<number, number[]>();
    shares.set(policy.slice('01-'.length), ofPolicy);
    for (const [index, share] of [at80, at100, at130].entries()) {
      const demand = demands[index] ?? 0;
      ofPolicy.set(demand, [...(ofPolicy.get(demand) ?? []), Number(share)]);
    }
  }
  return shares;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function shareTextOf(shares: readonly number[]): string {
  const mean = meanOf(shares);
  const variance =
    shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, shares.length - 1);
  return `${mean.toFixed(2)} ± ${Math.sqrt(variance).toFixed(2)}`;
}

function sharesAt(reports: readonly AdmissionReport[], demand: number): readonly number[] {
  return reports.map(({ allocated }) => allocated.get(demand) ?? Number.NaN);
}

function shareText(reports: readonly AdmissionReport[], demand: number): string {
  return shareTextOf(sharesAt(reports, demand));
}

function movesPerAdmitted(reports: readonly AdmissionReport[]): number {
  return meanOf(reports.map(({ moves, admitted }) => moves / Math.max(1, admitted)));
}

function extras(reports: readonly AdmissionReport[]): readonly string[] {
  return [
    meanOf(reports.map(({ admitted }) => admitted)).toFixed(0),
    meanOf(reports.map(({ refused }) => refused)).toFixed(0),
    movesPerAdmitted(reports).toFixed(3),
  ];
}

function figuresOf(name: string, moves: boolean, reports: readonly AdmissionReport[]): readonly Figure[] {
  const shares = demands.map((demand): Figure => {
    const value = meanOf(sharesAt(reports, demand));
    const scored = moves && demand === 130;
    return {
      name: `${name}: GPUs allocated at ${demand} % demand${scored ? ' (at least)' : ''}`,
      value,
      unit: '%',
      target: scored ? publishedBest : null,
      met: scored ? value >= publishedBest : null,
    };
  });
  if (!moves) return shares;
  return [
    ...shares,
    {
      name: `${name}: moves per admitted pod`,
      value: movesPerAdmitted(reports),
      unit: 'moves',
      target: null,
      met: null,
    },
  ];
}
