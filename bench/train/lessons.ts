import { collect } from '../../src/forecasting/learned/examples.ts';
import { featureCount } from '../../src/forecasting/learned/layout.ts';
import { RowCollector, type Rows } from '../../src/forecasting/learned/rows.ts';
import type { Random } from '../../src/core/ports.ts';
import { coarser, readFamily, readServersByMinute, type Recording, sources } from './corpus.ts';

/** Learned from is the older part only; the rest is for judging. */
export const trainedShare = 0.7;

const examplesMax = 600_000;

/** What is drawn from each recording of a family, at each of the grids. */
const examplesOf: Readonly<Record<string, number>> = {
  nab: 2_400,
  smd: 1_200,
  asd: 1_200,
  azure: 1_500,
  google2019: 1_200,
  google2011: 100,
};

/** Examples of every recording that may be learned from: whole, cut short, and on coarser grids. */
export function readExamples(folder: string, random: Random): Rows {
  const into = new RowCollector(featureCount, examplesMax);
  for (const { family } of sources) {
    const most = examplesOf[family] ?? 0;
    for (const recording of readFamily(folder, family)) {
      draw(recording, most, into, random);
      drawShort(recording, most / 5, into, random);
      for (const factor of [3, 12]) draw(coarser(recording, factor), most / 4, into, random);
    }
  }
  for (const recording of readServersByMinute(folder)) draw(recording, 500, into, random);
  drawServed(folder, into, random);
  return into.rows();
}

function older({ series }: Recording): number {
  return Math.floor(series.values.length * trainedShare);
}

function draw(recording: Recording, most: number, into: RowCollector, random: Random): void {
  const to = older(recording);
  if (to < 60) return;
  collect(
    { history: recording.series, arrivals: null },
    { pastMin: 24, from: 0, to, examplesMax: most },
    into,
    random,
  );
}

/** From a random place on, so that the model learns what to do with a short past. */
function drawShort(
  { family, name, series }: Recording,
  most: number,
  into: RowCollector,
  random: Random,
): void {
  const end = older({ family, name, series });
  const pieces = 4;
  for (let piece = 0; piece < pieces; piece += 1) {
    const length = Math.floor(60 * 12 ** random.next());
    const from = Math.floor(random.next() * (end - length));
    if (from < 0) continue;
    const cut = {
      startMs: series.startMs + from * series.stepMs,
      stepMs: series.stepMs,
      values: series.values.slice(from, from + length),
    };
    collect(
      { history: cut, arrivals: null },
      { pastMin: 4, from: 0, to: length, examplesMax: most / pieces },
      into,
      random,
    );
  }
}

/** What servers did beside what reached them over the network, which stands for arrivals. */
function drawServed(folder: string, into: RowCollector, random: Random): void {
  const servers = readFamily(folder, 'smd');
  for (const { name, series } of servers) {
    const [machine, metric = ''] = name.split('/');
    const arrivals = servers.find((other) => other.name === `${machine}/eth1_fi`)?.series.values ?? null;
    if (!['cpu_r', 'load_1', 'eth1_fo', 'tcp_use'].includes(metric)) continue;
    const to = Math.floor(series.values.length * trainedShare);
    collect({ history: series, arrivals }, { pastMin: 24, from: 0, to, examplesMax: 1_000 }, into, random);
  }
}
