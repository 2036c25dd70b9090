import type { Command } from 'commander';
import type { MigrationRecord } from '../actors/decisions.ts';
import type { Cluster } from '../cluster.ts';
import { NotFoundError } from '../cluster.ts';
import { executionId } from '../core/ids.ts';
import type { DecisionRecord } from '../placement/decision-record.ts';
import { explain } from '../placement/explanation.ts';
import type { StoreOption } from './options.ts';
import { telling } from './unreadable.ts';
import { jsonOption, storeOption, withCluster } from './options.ts';
import { bytesText, countText } from './table.ts';
import { columnsOf, wrappedLines } from './terminal.ts';

interface Flags extends StoreOption {
  readonly all: boolean;
  readonly json: boolean;
}

/** A move, or a decision whose move was not made. */
interface Explained {
  readonly migration: MigrationRecord | null;
  readonly decision: DecisionRecord | null;
}

/** `godwit explain`: why an execution was moved, from what was stored when it was decided. */
export function addExplainCommand(program: Command): void {
  program
    .command('explain <subject>')
    .description('say why an execution was moved: the numbers, the alternatives, and what came of it')
    .option('--all', 'every move that is remembered, not only the newest', false)
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe subject is an execution (x-…), which is explained by its newest move, or a migration (m-…).' +
        '\n\nExample:\n  godwit explain x-3f9c21aa07d4',
    )
    .action(run);
}

async function run(subject: string, flags: Flags): Promise<void> {
  const found = await withCluster(flags, (cluster) => telling(cluster, find(cluster, subject)));
  const shown = flags.all ? found : found.slice(-1);
  if (flags.json) return console.log(JSON.stringify(shown));
  const columns = columnsOf(process.stdout);
  console.log(shown.map((one) => wrappedLines(textOf(one), columns)).join('\n\n'));
  const more = found.length - shown.length;
  if (more > 0) console.error(`${countText(more, 'earlier move')}: add --all to see each.`);
}

async function find({ decisions }: Cluster, subject: string): Promise<readonly Explained[]> {
  if (subject.startsWith('m-')) {
    const migration = await decisions.migration(subject);
    if (migration === null) {
      throw new NotFoundError(
        `No migration '${subject}' is remembered. \`godwit events\` names those of the hosts that are up.`,
      );
    }
    return [await withDecision(migration, decisions)];
  }
  const execution = executionId(subject);
  const migrations = await decisions.migrationsOf(execution);
  const made = await Promise.all(migrations.map((migration) => withDecision(migration, decisions)));
  const carriedOut = new Set(migrations.map(({ reason }) => reason.decision));
  const others = (await decisions.of(execution)).filter(({ key }) => !carriedOut.has(key));
  const all = [...made, ...others.map(({ record }) => ({ migration: null, decision: record }))];
  if (all.length === 0) {
    throw new NotFoundError(
      `No move of '${subject}' is remembered: it never moved, or there is no such execution. ` +
        '`godwit ps --all` lists executions with their moves.',
    );
  }
  return all.toSorted((a, b) => atOf(a) - atOf(b));
}

async function withDecision(migration: MigrationRecord, decisions: Cluster['decisions']): Promise<Explained> {
  const { decision: key } = migration.reason;
  return { migration, decision: key === '' ? null : await decisions.at(key) };
}

function atOf({ migration, decision }: Explained): number {
  return decision?.atWallMs ?? migration?.atWallMs ?? 0;
}

function textOf({ migration, decision }: Explained): string {
  const paragraphs = decision === null ? [] : [...explain(decision)];
  if (migration === null) return [...paragraphs, 'No move came of it.'].join('\n');
  if (decision === null) paragraphs.push(askedText(migration));
  return [...paragraphs, outcomeText(migration, decision)].join('\n');
}

/** A move that nobody weighed: an operator's, or a drain's. */
function askedText({ execution, from, to, reason, atWallMs }: MigrationRecord): string {
  const at = new Date(atWallMs).toISOString();
  const by: Readonly<Record<MigrationRecord['reason']['by'], string>> = {
    operator: 'An operator asked for it',
    drain: `${from} was drained, and ${to} had most room of the hosts that it knew`,
    affinity: 'An affinity actor asked for it, and its decision is not stored any more',
    orchestrator: 'The orchestrator ordered it, and its decision is not stored any more',
  };
  return `${execution} was asked to move from ${from} to ${to} at ${at}. ${by[reason.by]}: ${reason.text}.`;
}

function outcomeText({ migration, outcome, to }: MigrationRecord, decision: DecisionRecord | null): string {
  if (outcome.kind === 'failed')
    return `What came of it: migration ${migration} to ${to} failed: ${outcome.reason}.`;
  const expected =
    decision === null
      ? ''
      : ` (expected: ${number(decision.expected.pauseMs)} ms, ${bytesText(Math.round(decision.expected.bytes))})`;
  return (
    `What came of it: migration ${migration} to ${to} paused it for ${number(outcome.pauseMs)} ms and sent ` +
    `${bytesText(outcome.bytes)}${expected}.`
  );
}

function number(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(1);
}
