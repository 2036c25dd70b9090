import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Case, StoreKind } from './matrix/cases.ts';
import { casesOf, nameOf, stores } from './matrix/cases.ts';
import { isAsked, tableOf } from './matrix/report.ts';
import { StoreServers } from './matrix/servers.ts';
import type { Outcome } from './matrix/trial.ts';
import { runTrial } from './matrix/trial.ts';
import type { StormReport } from './storm/storm.ts';
import { storm } from './storm/storm.ts';

const usage = `Usage: npm run faults -- matrix [WORD…] [--store lmdb,postgres,nats] [--jobs N] [--json FILE]
       npm run faults -- storm [--minutes 30] [--seed N] [--store lmdb] [--json FILE]

matrix: real hosts, one of which is struck at each point of the protocols in each way, judged from outside. Each WORD keeps
those cases in whose store, role, point or strike it stands: 'matrix target cut'.
storm: random faults for so long, under load, on one store after the other. The same seed deals the same faults at the same times.

Exit code: 0 when nothing was wrong, 1 when something was, 2 when this was not understood.`;

const traceLinesMax = 200;

interface Asked {
  readonly command: 'matrix' | 'storm';
  readonly kinds: readonly StoreKind[];
  readonly words: readonly string[];
  readonly jobs: number;
  readonly minutes: number;
  readonly seed: number;
  readonly json: string | null;
}

function asked(): Asked {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      store: { type: 'string' },
      jobs: { type: 'string', default: '3' },
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      json: { type: 'string' },
    },
  });
  const [command, ...words] = positionals;
  if (command !== 'matrix' && command !== 'storm')
    throw new Error(`expected 'matrix' or 'storm', found ${command ?? 'nothing'}`);
  const kinds = (values.store ?? (command === 'matrix' ? stores.join(',') : 'lmdb')).split(',');
  const unknown = kinds.filter((kind) => !stores.some((store) => store === kind));
  if (unknown.length > 0)
    throw new Error(`--store: expected some of ${stores.join(',')}, found ${unknown.join(',')}`);
  return {
    command,
    kinds: kinds as StoreKind[],
    words,
    jobs: numberOf('jobs', values.jobs, 1),
    minutes: numberOf('minutes', values.minutes, 0.1),
    seed: numberOf('seed', values.seed, 0),
    json: values.json ?? null,
  };
}

function numberOf(option: string, text: string, least: number): number {
  if (Number(text) >= least) return Number(text);
  throw new Error(`--${option}: expected a number from ${least}, found ${text}`);
}

/** Runs so many cases at a time, in their order. */
async function runAll(
  cases: readonly Case[],
  jobs: number,
  servers: StoreServers,
  onDone: (outcome: Outcome) => void,
): Promise<void> {
  const waiting = [...cases];
  const worker = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
      onDone(await runTrial(one, servers));
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

async function matrix({ kinds, words, jobs, json }: Asked): Promise<boolean> {
  const servers = new StoreServers();
  const fromMs = performance.now();
  const outcomes: Outcome[] = [];
  const missing: string[] = [];
  let wanted = 0;
  const report = (): boolean => {
    for (const kind of new Set(outcomes.map((outcome) => outcome.case.store)))
      console.log(`\n${tableOf(kind, outcomes)}`);
    const failed = outcomes.filter(({ fault }) => fault !== null);
    const minutes = ((performance.now() - fromMs) / 60_000).toFixed(1);
    console.log(
      `\n${outcomes.length} of ${wanted} cases in ${minutes} min, ${jobs} at a time: ${failed.length} failed.`,
    );
    for (const why of missing) console.log(`Not run: ${why}`);
    if (json !== null)
      writeFileSync(json, `${JSON.stringify({ minutes: Number(minutes), outcomes, missing }, null, 2)}\n`);
    return failed.length === 0 && missing.length === 0 && outcomes.length === wanted;
  };
  process.once('SIGINT', () => {
    report();
    process.exit(130);
  });
  const all: Case[] = [];
  for (const kind of kinds) {
    const why = await StoreServers.missing(kind);
    if (why === null) all.push(...casesOf(kind).filter((one) => isAsked(one, words)));
    else missing.push(`${kind}, since ${why}`);
  }
  wanted = all.length;
  await runAll(all, jobs, servers, (outcome) => {
    outcomes.push(outcome);
    const { case: one, ms, fault, trace } = outcome;
    const verdict = fault === null ? 'right' : `WRONG: ${fault}`;
    console.log(`${outcomes.length}/${wanted}  ${nameOf(one)}: ${verdict} (${(ms / 1_000).toFixed(1)} s)`);
    if (fault !== null) console.log(trace.split('\n').slice(0, traceLinesMax).join('\n'));
  });
  await servers.dispose();
  return report();
}

async function storms({ kinds, minutes, seed, json }: Asked): Promise<boolean> {
  const servers = new StoreServers();
  const reports: (StormReport & { readonly store: StoreKind })[] = [];
  for (const store of kinds) {
    const why = await StoreServers.missing(store);
    if (why !== null) throw new Error(`${store} cannot be had: ${why}`);
    const say = (line: string): void => console.log(`${store}  ${line}`);
    const report = await storm({ store, seed, lengthMs: minutes * 60_000, say }, servers);
    reports.push({ ...report, store });
    const { blows, executions, acts, moves, recoveries, releases, late, faults, trace } = report;
    say(
      `Seed ${seed}: ${blows} faults, ${executions} executions, ${acts} acts, ${moves} moves, ${recoveries} recoveries, ${releases} releases from quarantine, ${late} late acts refused by their fence; ${faults.length} wrong.`,
    );
    for (const fault of faults) console.log(fault);
    if (trace !== '' && json === null) console.log(trace);
  }
  await servers.dispose();
  if (json !== null) writeFileSync(json, `${JSON.stringify(reports, null, 2)}\n`);
  return reports.every(({ faults }) => faults.length === 0);
}

try {
  const found = asked();
  const isRight = found.command === 'matrix' ? await matrix(found) : await storms(found);
  process.exit(isRight ? 0 : 1);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exit(2);
}
