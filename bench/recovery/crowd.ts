import type { Field } from './field.ts';

/** What came of a host that died with many executions. */
export interface CrowdRecovery {
  readonly executions: number;
  /** From the kill, in milliseconds: the dead host's lease was ended. */
  readonly endedMs: number;
  /** From the kill, of each: claimed by another host. */
  readonly claimedMs: readonly number[];
  /** From the kill, of those that were due meanwhile: their first act elsewhere. */
  readonly actedMs: readonly number[];
}

const hourMs = 3_600_000;
/** One of so many is due to act soon after the kill, all others sleep for an hour. */
const dueEach = 10;
/** From the kill to when they are due: before any lease can have ended. */
const dueAfterMs = 1_000;
const victim = 'r1-h1';
const recoveredMaxMs = 180_000;

/**
 * A host dies that carries many executions, as real fleets have them: nearly all sleep. A tenth of them, picked evenly,
 * is due right after the kill, so each of these acts when it has been recovered, and shows when that was.
 */
export async function crowd(field: Field, count: number): Promise<CrowdRecovery> {
  const beganMs = performance.now();
  const sleeping = count - Math.floor(count / dueEach);
  await field.startMany(
    victim,
    'pulse',
    Array.from({ length: sleeping }, () => [hourMs, hourMs, 1]),
  );
  const eachMs = (performance.now() - beganMs) / sleeping;
  // By the time that the first ones took, twice: they are to stand, and to have been checkpointed, before they are due.
  const dueAtMs = Date.now() + 2 * eachMs * (count - sleeping) + 5_000;
  const due = await field.startMany(
    victim,
    'alarm',
    Array.from({ length: count - sleeping }, () => [dueAtMs]),
  );
  console.error(`${count} started in ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`);
  const spareMs = dueAtMs - dueAfterMs - Date.now();
  if (spareMs < 0) throw new Error('Starting took so long that some were due before the kill.');
  await new Promise((resolve) => setTimeout(resolve, spareMs));
  // With shipped defaults some may have moved away from the host that was busy starting them.
  const before = await field.cluster.executions();
  const owned = new Set(before.filter(({ host }) => host === victim).map(({ execution }) => execution));
  const orphaned = due.filter((execution) => owned.has(execution));
  const killedMs = await field.kill(victim);
  const isLater = ({ atMs }: { readonly atMs: number }): boolean => atMs > killedMs;
  await field.until(
    'all are recovered',
    () => field.count('recovered') >= owned.size && orphaned.every((one) => field.actsOf(one).some(isLater)),
    recoveredMaxMs,
  );
  // The last one may have been claimed a moment ago, or be on a move.
  const untilMs = performance.now() + recoveredMaxMs;
  let running = 0;
  do {
    const stands = await field.cluster.executions();
    running = stands.filter(({ host, phase }) => host !== victim && phase === 'running').length;
  } while (running < count && performance.now() < untilMs);
  if (running < count) throw new Error(`${running} of ${count} run on other hosts after all were recovered.`);
  return {
    executions: owned.size,
    endedMs: (field.seen('leaseEnded')[0]?.atMs ?? Number.NaN) - killedMs,
    claimedMs: field.seen('recovered').map(({ atMs }) => atMs - killedMs),
    actedMs: orphaned.map((one) => (field.actsOf(one).find(isLater)?.atMs ?? Number.NaN) - killedMs),
  };
}
