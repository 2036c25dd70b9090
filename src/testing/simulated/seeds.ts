import type { Fault } from '../../simulator/cluster/faults.ts';
import { faultText } from './cluster-faults.ts';
import { messageOf } from '../../core/errors.ts';
import type { ReadOptions } from './options.ts';

/** Runs that it may take to leave faults out, and real ms. */
const runsMax = 60;
const realMaxMs = 10_000;

/** Runs a test once. @throws what the test fails with */
export type RunSeed = (options: ReadOptions) => Promise<void>;

/**
 * Looks for the fewest of the drawn faults with which a test still fails in the same way.
 *
 * @param nowMs monotonic, real
 * @returns null when the failure did not come again: then something else than the seed has a part in it
 */
export async function fewestFaults(
  options: ReadOptions,
  failure: unknown,
  run: RunSeed,
  nowMs: () => number,
): Promise<readonly Fault[] | null> {
  const untilMs = nowMs() + realMaxMs;
  let runs = 0;
  const fails = async (faults: readonly Fault[]): Promise<boolean> => {
    runs += 1;
    try {
      await run({ ...options, faults });
      return false;
    } catch (error) {
      return kindOf(error) === kindOf(failure);
    }
  };
  let least = options.faults;
  if (!(await fails(least))) return null;
  for (let size = least.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < least.length && runs < runsMax && nowMs() < untilMs;) {
      const fewer = least.toSpliced(at, size);
      if (await fails(fewer)) least = fewer;
      else at += size;
    }
  }
  return least;
}

/** What is said of it after its message. */
export function fewestText(faults: readonly Fault[] | null, options: ReadOptions): string {
  if (faults === null)
    return 'Run again with the same seed, the test did not fail in this way: something else than the seed has a part in it.';
  const moves = options.movesEveryMs === null ? 'null' : `{ everyMs: ${options.movesEveryMs} }`;
  const list =
    faults.length === 0
      ? ['faults: [],']
      : ['faults: [', ...faults.map((fault) => `  ${faultText(fault)},`), '],'];
  return [
    'With these options it fails in the same way:',
    ...[`seed: ${options.seed},`, `moves: ${moves},`, ...list].map((line) => `  ${line}`),
  ].join('\n');
}

/** Failures are of one kind when they are told in the same words, but for numbers and names of hosts. */
function kindOf(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n');
  return first.replaceAll(/h\d+\.[0-9a-f]+|\d+(?:\.\d+)*/g, '#');
}
