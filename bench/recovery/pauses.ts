import type { Field } from './field.ts';

export interface Pauses {
  readonly minutes: number;
  readonly stops: number;
  /** Times that somebody ended the lease of a host, which was alive. */
  readonly takeovers: number;
  readonly freezes: number;
  readonly faults: readonly string[];
}

const victim = 'r1-h1';
const pauseMs = 200;
const everyMs = 1_000;
/** Each of them would take a whole core. */
const spinning = 2;
const actEachMs = 500;

/**
 * A host whose lane always runs, and which stands still for 200 ms of every second: the whole process stopped from outside, and,
 * in its own time, its main thread alone (see `main-thread-stalls.mjs`).
 */
export async function pauses(field: Field, minutes: number): Promise<Pauses> {
  const untilMs = minutes * 60_000;
  const spinners = await field.startMany(
    victim,
    'busyPulse',
    Array.from({ length: spinning }, () => [actEachMs, untilMs]),
  );
  const { process: child } = field.local.host(victim);
  const endMs = performance.now() + untilMs;
  let stops = 0;
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, everyMs - pauseMs));
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    child.kill('SIGCONT');
    stops += 1;
  }
  const results = await Promise.all(spinners.map((one) => field.cluster.outcome(one) as Promise<number>));
  const expectations = spinners.map((execution, index) => ({ execution, acts: results[index] as number }));
  return {
    minutes,
    stops,
    takeovers: field.seen('leaseEnded').length,
    freezes: field.seen('hostFrozen').length,
    faults: field.faults(expectations),
  };
}
