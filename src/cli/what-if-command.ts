import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { StoredDecision } from '../cluster-decisions.ts';
import type { Cluster } from '../cluster.ts';
import { NotFoundError } from '../cluster.ts';
import { executionId, rackName } from '../core/ids.ts';
import type { AffinityWeights } from '../placement/affinity.ts';
import type { ObjectiveWeights } from '../placement/orchestration/contract.ts';
import type { LatencyFirstRecord } from '../placement/orchestration/latency-first-record.ts';
import { replayLatencyFirst } from '../placement/orchestration/latency-first-record.ts';
import type { PlanRecord } from '../placement/orchestration/plan-record.ts';
import { replayPlan } from '../placement/orchestration/plan-record.ts';
import type { PlacementPolicy } from '../placement/placement-policy.ts';
import { utilityParameters } from '../placement/placement-policy.ts';
import { replay } from '../placement/replay.ts';
import type { StoreOption } from './options.ts';
import { telling } from './unreadable.ts';
import { collect, jsonOption, positiveNumber, storeOption, wholeNumber, withCluster } from './options.ts';
import { countText } from './table.ts';
import { columnsOf, wrapped } from './terminal.ts';

interface Flags extends StoreOption {
  readonly weights?: AffinityWeights;
  readonly threshold?: number;
  readonly policy?: 'weighted' | 'utility';
  readonly without: readonly string[];
  readonly utilizationMax?: number;
  readonly latencyMax?: number;
  readonly objectives?: ObjectiveWeights;
  readonly last: number;
  readonly json: boolean;
}

/** What a recorded decision would have been. */
interface Answer {
  readonly key: string;
  readonly kind: 'same' | 'different' | 'notReplayed';
  readonly text: string;
}

/** `godwit what-if`: recorded decisions, decided again by the same code under other rules. */
export function addWhatIfCommand(program: Command): void {
  program
    .command('what-if [subject]')
    .description('decide recorded decisions again, with other weights, another policy, or without a host')
    .option('--weights <o,a,c>', 'of original affinity, availability and cost, as 0.5,0.4,0.1', parseWeights)
    .option('--threshold <score>', 'below which an execution looks around', parseShare)
    .option('--policy <name>', 'weighted or utility', parsePolicy)
    .option('--without <place>', 'a host or a rack that would not have been there; repeatable', collect, [])
    .option('--utilization-max <share>', "the orchestrator's limit, as 0.7", parseShare)
    .option('--latency-max <ms>', 'racks this far away are no target for the orchestrator', positiveNumber)
    .option(
      '--objectives <l,c,e,m>',
      "the planner's weights of latency, cost, energy and moves",
      parseObjectives,
    )
    .option('--last <count>', 'without a subject: so many of the newest', wholeNumber(1, 10_000), 100)
    .addOption(storeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe subject is an execution (x-…) or a migration (m-…); without one, the newest decisions are counted.' +
        '\n\nExample:\n  godwit what-if x-3f9c21aa07d4 --weights 0.3,0.6,0.1 --without r1-h2',
    )
    .action(run);
}

function parseWeights(text: string): AffinityWeights {
  const [originalAffinity, resourceAvailability, executionCost, ...more] = text.split(',').map(Number);
  const all = [originalAffinity, resourceAvailability, executionCost];
  const sum = all.reduce<number>((total, weight) => total + (weight ?? Number.NaN), 0);
  if (
    more.length > 0 ||
    originalAffinity === undefined ||
    resourceAvailability === undefined ||
    executionCost === undefined ||
    all.some((weight) => weight === undefined || weight < 0) ||
    !(Math.abs(sum - 1) < 1e-6)
  ) {
    throw new InvalidArgumentError(
      `Expected three numbers from 0 that sum to 1, as 0.5,0.4,0.1; found '${text}'.`,
    );
  }
  return { originalAffinity, resourceAvailability, executionCost };
}

function parseObjectives(text: string): ObjectiveWeights {
  const [latency, cost, energy, churn, ...more] = text.split(',').map(Number);
  const isWeight = (value: number | undefined): value is number => value !== undefined && value >= 0;
  if (more.length === 0 && isWeight(latency) && isWeight(cost) && isWeight(energy) && isWeight(churn))
    return { latency, cost, energy, churn };
  throw new InvalidArgumentError(`Expected four numbers from 0, as 1,50,0.5,1; found '${text}'.`);
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError(`Expected a number from 0 to 1, found '${text}'.`);
}

function parsePolicy(text: string): 'weighted' | 'utility' {
  if (text === 'weighted' || text === 'utility') return text;
  throw new InvalidArgumentError(`Expected weighted or utility, found '${text}'.`);
}

async function run(subject: string | undefined, flags: Flags): Promise<void> {
  const decisions = await withCluster(flags, (cluster) =>
    telling(cluster, find(cluster, subject, flags.last)),
  );
  const answers = decisions.map((decision) => answerTo(decision, flags));
  if (flags.json) return console.log(JSON.stringify(answers));
  const columns = columnsOf(process.stdout);
  const told = subject === undefined ? answers.filter(({ kind }) => kind === 'different') : answers;
  for (const { text } of told) console.log(wrapped(text, columns, 2));
  const count = (kind: Answer['kind']): number => answers.filter((answer) => answer.kind === kind).length;
  const skipped = count('notReplayed') === 0 ? '' : `, ${count('notReplayed')} not replayed`;
  console.error(
    `${countText(answers.length, 'decision')}: ${count('same')} the same, ${count('different')} different${skipped}.`,
  );
}

async function find(
  { decisions }: Cluster,
  subject: string | undefined,
  last: number,
): Promise<readonly StoredDecision[]> {
  if (subject === undefined) {
    const newest = await decisions.newest(last);
    if (newest.length > 0) return newest;
    throw new NotFoundError(
      'No decision is remembered: nothing has been moved by affinity or orchestrator yet.',
    );
  }
  if (!subject.startsWith('m-')) {
    const found = await decisions.of(executionId(subject));
    if (found.length > 0) return found;
    throw new NotFoundError(
      `No decision about '${subject}' is remembered. Moves that operators and drains ask for are not weighed.`,
    );
  }
  const migration = await decisions.migration(subject);
  if (migration === null) throw new NotFoundError(`No migration '${subject}' is remembered.`);
  const key = migration.reason.decision;
  const record = key === '' ? null : await decisions.at(key);
  if (record !== null) return [{ key, record }];
  throw new NotFoundError(
    `${subject} was asked for by ${migration.reason.by} (${migration.reason.text}): nothing was weighed, so there is nothing to decide again.`,
  );
}

function answerTo({ key, record }: StoredDecision, flags: Flags): Answer {
  if (record.kind === 'orchestration')
    return orchestrationAnswer(key, record as LatencyFirstRecord | PlanRecord, flags);
  const policy = changedPolicy(record.policy, flags);
  const again = replay(record, { weights: flags.weights ?? null, policy, without: flags.without });
  if (again.kind === 'refused') return { key, kind: 'notReplayed', text: again.reason };
  return { key, kind: again.kind === 'same' ? 'same' : 'different', text: again.text };
}

function changedPolicy(
  recorded: PlacementPolicy,
  { policy: kind, threshold }: Flags,
): PlacementPolicy | null {
  if (kind === undefined && threshold === undefined) return null;
  const { weights, hysteresis, coolDownMs, movesPerRoundMax, churn } = recorded;
  const common = {
    weights,
    hysteresis,
    coolDownMs,
    movesPerRoundMax,
    churn,
    threshold: threshold ?? recorded.threshold,
  };
  if ((kind ?? recorded.kind) === 'weighted') return { kind: 'weighted', ...common };
  const utility = recorded.kind === 'utility' ? recorded.utility : utilityParameters;
  return { kind: 'utility', ...common, utility };
}

function orchestrationAnswer(key: string, record: LatencyFirstRecord | PlanRecord, flags: Flags): Answer {
  if (record.policy.name === 'latency-first')
    return latencyFirstAnswer(key, record as LatencyFirstRecord, flags);
  const again = replayPlan(record as PlanRecord, record.subject, {
    weights: flags.objectives ?? null,
    without: flags.without,
  });
  return comparedWith(key, record, again?.to ?? null, 'no plan would have moved it');
}

function latencyFirstAnswer(key: string, record: LatencyFirstRecord, flags: Flags): Answer {
  const again = replayLatencyFirst(record, {
    utilizationMax: flags.utilizationMax ?? null,
    latencyMaxMs: flags.latencyMax ?? null,
    without: flags.without.map(rackName),
  });
  const to = again?.kind === 'move' ? again.to : null;
  const why = again === null ? 'its rack would not have been over the limit' : 'no rack would have qualified';
  return comparedWith(key, record, to, why);
}

function comparedWith(
  key: string,
  { subject, chosen }: { readonly subject: string; readonly chosen: string },
  to: string | null,
  whyNot: string,
): Answer {
  if (to === null) return { key, kind: 'different', text: `${subject} would have stayed: ${whyNot}.` };
  if (to === chosen)
    return { key, kind: 'same', text: `${subject} would have gone to ${chosen}, as it did.` };
  return { key, kind: 'different', text: `${subject} would have gone to ${to}, not to ${chosen}.` };
}
