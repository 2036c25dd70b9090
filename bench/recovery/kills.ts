import type { ExecutionId } from '../../src/core/ids.ts';
import type { Field } from './field.ts';

export interface Kills {
  /** From each kill, of each execution that was there: its first act elsewhere. */
  readonly delaysMs: readonly number[];
  /** What the witness found wrong: empty when nothing was lost, doubled, repeated or skipped. */
  readonly faults: readonly string[];
}

const executions = 20;
const everyMs = 200;
/** So many that nobody ends before its host is killed and it has gone on elsewhere. */
const acts = 60;
/** Renewals come each second: kills are spread over it. */
const phaseMaxMs = 1_000;
const recoveredMaxMs = 60_000;

/** Kills one host after the other, each with executions that act five times in a second, and starts it again. */
export async function kills(field: Field, count: number): Promise<Kills> {
  const all: ExecutionId[] = [];
  const delaysMs: number[] = [];
  const names = field.local.hosts.map(({ name }) => name);
  for (let round = 0; round < count; round += 1) {
    const victim = names[round % names.length] as string;
    const begun = await field.startMany(
      victim,
      'pulse',
      Array.from({ length: executions }, (_, index) => [(index * everyMs) / executions, everyMs, acts]),
    );
    all.push(...begun);
    const haveActed = (): boolean => begun.every((one) => field.actsOf(one).length > 0);
    await field.until('all have begun to act', haveActed, recoveredMaxMs);
    await new Promise((resolve) => setTimeout(resolve, (phaseMaxMs * (round + 0.5)) / count));
    const before = await field.cluster.executions();
    const there = new Set(before.filter(({ host }) => host === victim).map(({ execution }) => execution));
    const owned = begun.filter((execution) => there.has(execution));
    const generations = new Map(before.map(({ execution, generation }) => [execution, generation]));
    const killedMs = await field.kill(victim);
    const firstElsewhere = (execution: ExecutionId): number | null =>
      field
        .actsOf(execution)
        .find(({ act, atMs }) => atMs > killedMs && act.generation > (generations.get(execution) ?? 0))
        ?.atMs ?? null;
    // Those of earlier rounds may have been at their end when it was killed.
    const isDone = (execution: ExecutionId): boolean =>
      field.actsOf(execution).at(-1)?.act.iteration === acts;
    const areElsewhere = (): boolean => owned.every((one) => firstElsewhere(one) !== null || isDone(one));
    await field.until('all act elsewhere', areElsewhere, recoveredMaxMs);
    delaysMs.push(
      ...owned.flatMap((execution) => {
        const atMs = firstElsewhere(execution);
        return atMs === null ? [] : [atMs - killedMs];
      }),
    );
    await field.local.startHost(victim, 'r1');
    // Whoever loses two hosts within seconds comes under suspicion, and is recovered alone: that is not what is measured.
    await Promise.all(begun.map((execution) => field.cluster.outcome(execution)));
  }
  return { delaysMs, faults: field.faults(all.map((execution) => ({ execution, acts }))) };
}
