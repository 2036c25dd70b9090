import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Case, StoreKind } from './matrix/cases.ts';
import { casesOf, nameOf, stores } from './matrix/cases.ts';
import { isAsked, tableOf } from './matrix/report.ts';
import { StoreServers } from './matrix/servers.ts';
import type { Outcome } from './matrix/trial.ts';
import { runTrial } from './matrix/trial.ts';

const usage = `Usage: npm run faults -- matrix [WORD…] [--store lmdb,postgres,nats] [--jobs N] [--json FILE]

Runs real hosts, strikes one of them at each point of the protocols in each way, and judges from outside. Each WORD
keeps those cases in whose store, role, point or strike it stands: 'matrix target cut'. Exit code: 0 when nothing was wrong.`;

const traceLinesMax = 200;

interface Asked {
  readonly kinds: readonly StoreKind[];
  readonly words: readonly string[];
  readonly jobs: number;
  readonly json: string | null;
}

function asked(): Asked {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      store: { type: 'string', default: stores.join(',') },
      jobs: { type: 'string', default: '3' },
      json: { type: 'string' },
    },
  });
  const [command, ...words] = positionals;
  const jobs = Number(values.jobs);
  const kinds = values.store.split(',');
  const unknown = kinds.filter((kind) => !stores.some((store) => store === kind));
  if (command !== 'matrix') throw new Error(`expected 'matrix', found ${command ?? 'nothing'}`);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new Error(`--jobs: expected a whole number from 1, found ${values.jobs}`);
  if (unknown.length > 0)
    throw new Error(`--store: expected some of ${stores.join(',')}, found ${unknown.join(',')}`);
  return { kinds: kinds as StoreKind[], words, jobs, json: values.json ?? null };
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

try {
  const isRight = await matrix(asked());
  process.exit(isRight ? 0 : 1);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exit(2);
}
