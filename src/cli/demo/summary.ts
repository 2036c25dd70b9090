import { quantile } from 'simple-statistics';
import { executionId } from '../../core/ids.ts';
import { decodeValue } from '../../methods/snapshot/index.ts';
import type { ClusterEvent, EventDetail } from '../../protocols/messages.ts';
import { accountOf } from '../../testing/witness-account.ts';
import type { Fault, Verdict } from '../../testing/witness-verdict.ts';
import { judge } from '../../testing/witness-verdict.ts';
import type { LoggedAct } from '../../testing/witness-log.ts';
import type { JobOutcome } from './job.ts';
import type { PlainResult } from './plain.ts';
import type { PlannedExecution } from './plan.ts';

/** How the main job went, as seen from outside. */
export interface Summary {
  readonly executions: number;
  readonly moves: {
    readonly byAffinity: number;
    readonly byOrchestrator: number;
    readonly byDrain: number;
    readonly byOperator: number;
  };
  /** The first migration that somebody decided; null when nobody did. */
  readonly explained: string | null;
  readonly pausesMs: { readonly p50: number; readonly p99: number; readonly most: number };
  readonly recovered: number;
  readonly lost: number;
  readonly runTwice: number;
  readonly repeated: number;
  readonly skipped: number;
  readonly different: readonly string[];
  readonly failed: readonly string[];
  readonly acts: number;
  readonly elapsedMs: number;
  /** The same work with moving switched off; null when it was not run. */
  readonly baselineMs: number | null;
  readonly plainCpuMs: number;
  readonly ok: boolean;
}

type Detail<Kind extends EventDetail['kind']> = Extract<EventDetail, { readonly kind: Kind }>;

function detailsOf<Kind extends EventDetail['kind']>(
  events: readonly ClusterEvent[],
  kind: Kind,
): readonly Detail<Kind>[] {
  return events.map(({ detail }) => detail).filter((detail): detail is Detail<Kind> => detail.kind === kind);
}

/** Compares the outcome with the plain run and with what the witness saw. */
export function summarise(
  plan: readonly PlannedExecution[],
  outcome: JobOutcome,
  plain: readonly PlainResult[],
  log: readonly LoggedAct[],
  baselineMs: number | null,
): Summary {
  const { executions, results, events, elapsedMs } = outcome;
  const moved = detailsOf(events, 'moved');
  const by = (who: string): number => moved.filter(({ reason }) => reason.by === who).length;
  const recovered = detailsOf(events, 'recovered');
  const faults = verdicts(plan, outcome, plain, log).flatMap((verdict) => verdict.faults);
  const count = (kind: Fault['kind']): number => faults.filter((fault) => fault.kind === kind).length;
  const different = plan.flatMap(({ title }, index) => {
    const result = results[index];
    const expected = plain[index];
    if (result?.kind !== 'returned' || expected === undefined) return [];
    return Buffer.compare(Buffer.from(result.value), Buffer.from(expected.value)) === 0 ? [] : [title];
  });
  const failed = plan.flatMap(({ title }, index) => {
    const result = results[index];
    return result?.kind === 'returned' ? [] : [`${title}: ${result?.message ?? 'no result'}`];
  });
  const lost = count('lost') + (executions.length - results.length);
  const runTwice = count('ranTwice') + count('unannounced');
  return {
    executions: executions.length,
    moves: {
      byAffinity: by('affinity'),
      byOrchestrator: by('orchestrator'),
      byDrain: by('drain'),
      byOperator: by('operator'),
    },
    explained: moved.find(({ reason }) => reason.decision !== '')?.migration ?? null,
    pausesMs: quantiles(moved.map(({ pauseMs }) => pauseMs)),
    recovered: recovered.length,
    lost,
    runTwice,
    repeated: count('repeated'),
    skipped: count('skipped'),
    different,
    failed,
    acts: log.length,
    elapsedMs,
    baselineMs,
    plainCpuMs: plain.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    ok: faults.length === 0 && lost === 0 && different.length === 0 && failed.length === 0,
  };
}

/** The search tells the witness nothing: it never awaits. Its result speaks for it. */
function verdicts(
  plan: readonly PlannedExecution[],
  { executions, events }: JobOutcome,
  plain: readonly PlainResult[],
  log: readonly LoggedAct[],
): readonly Verdict[] {
  const expectations = plan.flatMap(({ method }, index) => {
    const execution = executions[index] ?? executionId('none');
    const result = plain[index];
    if (method === 'search' || result === undefined) return [];
    return [{ execution, acts: (decodeValue(result.value) as { readonly acts: number }).acts }];
  });
  return judge(log, accountOf(events), expectations);
}

function quantiles(values: readonly number[]): Summary['pausesMs'] {
  if (values.length === 0) return { p50: 0, p99: 0, most: 0 };
  return { p50: quantile([...values], 0.5), p99: quantile([...values], 0.99), most: Math.max(...values) };
}

export function summaryText(summary: Summary): string {
  const { moves, pausesMs, elapsedMs, baselineMs } = summary;
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const lines = [
    `executions   ${summary.executions}, each compared with a plain Node run (${seconds(summary.plainCpuMs)} of one core)`,
    `moves        ${moves.byAffinity} by affinity (load), ${moves.byOrchestrator} by the orchestrator (racks), ${moves.byDrain} by the drain, ${moves.byOperator} by an operator`,
    `pauses       p50 ${pausesMs.p50.toFixed(1)} ms, p99 ${pausesMs.p99.toFixed(1)} ms, longest ${pausesMs.most.toFixed(1)} ms`,
    `recovered    ${summary.recovered}`,
    `witness      ${summary.acts} acts: ${summary.lost} lost, ${summary.runTwice} run twice, ${summary.repeated} repeated, ${summary.skipped} skipped`,
    `different    ${summary.different.length === 0 ? 'none' : summary.different.join(', ')}`,
    `time         ${seconds(elapsedMs)} with moves, a kill and a drain` +
      (baselineMs === null ? '' : `; ${seconds(baselineMs)} with moving switched off, undisturbed`),
  ];
  for (const failure of summary.failed) lines.push(`failed       ${failure}`);
  lines.push(summary.ok ? 'Nothing was lost, and nothing was run twice.' : 'SOMETHING IS WRONG: see above.');
  return lines.join('\n');
}
