import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Figure } from './figure.ts';
import { quantile } from './figure.ts';
import { crowd } from './recovery/crowd.ts';
import { Field } from './recovery/field.ts';
import { kills } from './recovery/kills.ts';
import { pauses } from './recovery/pauses.ts';
import type { Candidate } from './stores/candidates.ts';
import { folder, jetStream, postgres } from './stores/candidates.ts';

const hosts = 3;
const names = ['lmdb', 'postgres', 'nats'];

/**
 * Real hosts with shipped defaults that die, and a witness outside of them: how long until what they ran acts elsewhere, of a few
 * and of very many; with `--busy`, whether a host that is merely slow is taken for dead.
 */
export async function bench(args: readonly string[]): Promise<{ readonly figures: readonly Figure[] }> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', multiple: true, default: names },
      kills: { type: 'string', default: '10' },
      executions: { type: 'string', default: '10000' },
      busy: { type: 'string', default: '0' },
    },
  });
  const figures: Figure[] = [];
  for (const store of values.store) {
    const minutes = Number(values.busy);
    if (minutes > 0) figures.push(...(await busy(store, minutes)));
    else {
      if (Number(values.kills) > 0) figures.push(...(await few(store, Number(values.kills))));
      if (Number(values.executions) > 0) figures.push(...(await many(store, Number(values.executions))));
    }
  }
  return { figures };
}

async function few(store: string, count: number): Promise<readonly Figure[]> {
  const { delaysMs, faults } = await inField(store, {}, (field) => kills(field, count));
  for (const fault of faults) console.error(fault);
  const [p50, p99] = [quantile(delaysMs, 0.5) / 1_000, quantile(delaysMs, 0.99) / 1_000];
  return [
    { name: `${store}: host killed, runs elsewhere, p50`, value: p50, unit: 's', target: 4, met: p50 <= 4 },
    { name: `${store}: host killed, runs elsewhere, p99`, value: p99, unit: 's', target: 8, met: p99 <= 8 },
    yardstick(`${store}: kills`, count, 'kills'),
    none(`${store}: lost, doubled, repeated or skipped`, faults.length, 'acts'),
  ];
}

async function many(store: string, count: number): Promise<readonly Figure[]> {
  const { executions, endedMs, claimedMs, actedMs } = await inField(store, {}, (field) =>
    crowd(field, count),
  );
  const lastS = Math.max(...claimedMs, ...actedMs) / 1_000;
  return [
    {
      name: `${store}: ${executions} of a dead host, the last one runs after`,
      value: lastS,
      unit: 's',
      target: 20,
      met: lastS <= 20,
    },
    yardstick(`${store}: of that, until its lease was ended`, endedMs / 1_000, 's'),
    yardstick(`${store}: half of them run after`, quantile(actedMs, 0.5) / 1_000, 's'),
  ];
}

async function busy(store: string, minutes: number): Promise<readonly Figure[]> {
  const stalls = new URL('bench/recovery/main-thread-stalls.mjs', `${pathToFileURL(process.cwd()).href}/`);
  const environment = { 'r1-h1': { NODE_OPTIONS: `--import=${fileURLToPath(stalls)}` } };
  const { stops, takeovers, freezes, faults } = await inField(store, environment, (field) =>
    pauses(field, minutes),
  );
  for (const fault of faults) console.error(fault);
  return [
    none(`${store}: takeovers of a busy host with pauses, in ${minutes} min`, takeovers, 'takeovers'),
    yardstick(`${store}: pauses of the whole process`, stops, 'pauses'),
    yardstick(`${store}: times that a host froze`, freezes, 'freezes'),
    none(`${store}: lost, doubled, repeated or skipped`, faults.length, 'acts'),
  ];
}

function yardstick(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, met: null };
}

function none(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: 0, met: value === 0 };
}

async function inField<Result>(
  store: string,
  environment: Readonly<Record<string, Readonly<Record<string, string>>>>,
  run: (field: Field) => Promise<Result>,
): Promise<Result> {
  const { url, dispose } = await candidate(store);
  try {
    const field = await Field.start(url, hosts, environment);
    try {
      return await run(field);
    } finally {
      await field.end();
    }
  } finally {
    await dispose();
  }
}

async function candidate(store: string): Promise<Candidate> {
  if (store === 'lmdb') return folder();
  if (store === 'postgres') return postgres();
  if (store !== 'nats') throw new Error(`--store ${store}: expected one of ${names.join(', ')}.`);
  const [first, ...others] = await jetStream();
  for (const other of others) await other.dispose();
  if (first === undefined) throw new Error('There is no nats-server here: put one on the PATH.');
  return first;
}
