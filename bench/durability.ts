import { parseArgs } from 'node:util';
import { checkpointCost } from './durability/checkpoint-cost.ts';
import { durableSteps } from './durability/steps.ts';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';

/**
 * What checkpoints cost work that changes 64 KiB all the time, and what a durable step takes beside DBOS's. `--part checkpoints` or
 * `--part steps` alone; `--hosts` pairs of hosts with `--rounds` each.
 */
export async function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: 'string', default: 'both' },
      hosts: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '8' },
    },
  });
  const figures: Figure[] = [];
  if (values.part !== 'steps') figures.push(...(await cost(Number(values.hosts), Number(values.rounds))));
  if (values.part !== 'checkpoints') figures.push(...(await steps(Number(values.rounds))));
  return { figures };
}

async function cost(hosts: number, rounds: number): Promise<readonly Figure[]> {
  const pairs = await checkpointCost(hosts, rounds);
  const cpu = pairs.map(({ cpuKept }) => cpuKept);
  const wall = pairs.map(({ wallKept }) => wallKept);
  const taken = pairs.map(({ checkpoints }) => checkpoints);
  const kept = quantile(cpu, 0.5);
  return [
    {
      name: 'throughput kept with checkpoints on, by CPU time, median, at least',
      value: kept,
      unit: '%',
      target: 95,
      met: kept >= 95,
    },
    yardstick('a quarter of the pairs kept less than', quantile(cpu, 0.25), '%'),
    yardstick('a quarter of the pairs kept more than', quantile(cpu, 0.75), '%'),
    yardstick('throughput kept by duration, median', quantile(wall, 0.5), '%'),
    yardstick('checkpoints taken during such a work, median', quantile(taken, 0.5), ''),
  ];
}

async function steps(rounds: number): Promise<readonly Figure[]> {
  const found = await durableSteps(rounds);
  const p50 = (list: readonly number[]): number => quantile(list, 0.5);
  const times = (name: string, own: readonly number[], target: number): Figure => {
    const value = p50(found.dbos) / p50(own);
    return { name, value, unit: '×', target, met: value >= target };
  };
  const both = (name: string, list: readonly number[]): readonly Figure[] => [
    yardstick(`${name}, p50`, p50(list), 'ms'),
    yardstick(`${name}, p99`, quantile(list, 0.99), 'ms'),
  ];
  return [
    times('durable step, PostgreSQL: as fast as DBOS on the same server, at least', found.postgres, 2),
    times('durable step, LMDB: as fast as DBOS on PostgreSQL, at least', found.lmdb, 5),
    ...both('step of DBOS on PostgreSQL', found.dbos),
    ...both('durable step on PostgreSQL', found.postgres),
    ...both('durable step on LMDB', found.lmdb),
    ...both('step that is not durable', found.plain),
    ...both('a compare-and-set by itself, PostgreSQL', found.postgresWrite),
    ...both('a compare-and-set by itself, LMDB', found.lmdbWrite),
    ...both('floor: a page written over and flushed', found.floor.flush),
    ...both('floor: a row put and flushed by LMDB alone', found.floor.lmdb),
    ...both('floor: a row inserted and committed by pg alone', found.floor.insert),
    ...both('floor: a statement that does nothing, by pg alone', found.floor.roundTrip),
    yardstick('durable step, LMDB: of its floor', p50(found.lmdb) / p50(found.floor.lmdb), '×'),
    yardstick('durable step, PostgreSQL: of its floor', p50(found.postgres) / p50(found.floor.insert), '×'),
    yardstick('step of DBOS: of its floor', p50(found.dbos) / p50(found.floor.insert), '×'),
  ];
}

function yardstick(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, met: null };
}
