import type { Fault } from '../../simulator/cluster/faults.ts';
import { faultText } from './cluster-faults.ts';
import { messageOf } from '../../core/errors.ts';
import type { ReadOptions } from './options.ts';

/** Runs that it may take to leave faults out, and real ms. */
const runsMax = 60;
const realMaxMs = 10_000;

/** Runs a test once. @throws what the test fails with */
export type RunSeed = (options: ReadOptions) => Promise<void>;

/** What a failure is left with. */
export type Fewest = Pick<ReadOptions, 'faults' | 'movesEveryMs'>;

/**
 * Looks for the fewest of the drawn faults with which a test still fails in the same way, and whether it does so without moves.
 *
 * @param nowMs monotonic, real
 * @returns null when the failure did not come again: then something else than the seed has a part in it
 */
export async function fewestFaults(
  options: ReadOptions,
  failure: unknown,
  run: RunSeed,
  nowMs: () => number,
): Promise<Fewest | null> {
  const untilMs = nowMs() + realMaxMs;
  let runs = 0;
  const { movesEveryMs } = options;
  const fails = async (faults: readonly Fault[], everyMs = movesEveryMs): Promise<boolean> => {
    runs += 1;
    try {
      await run({ ...options, faults, movesEveryMs: everyMs });
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
  const needsMoves = movesEveryMs !== null && !(await fails(least, null));
  return { faults: least, movesEveryMs: needsMoves ? movesEveryMs : null };
}

/** What is said of it after its message. */
export function fewestText(fewest: Fewest | null, seed: number): string {
  if (fewest === null)
    return 'Run again with the same seed, the test did not fail in this way: something else than the seed has a part in it.';
  const { faults, movesEveryMs } = fewest;
  const moves = movesEveryMs === null ? 'null' : `{ everyMs: ${movesEveryMs} }`;
  const list =
    faults.length === 0
      ? ['faults: [],']
      : ['faults: [', ...faults.map((fault) => `  ${faultText(fault)},`), '],'];
  return [
    'With these options it fails in the same way:',
    ...[`seed: ${seed},`, `moves: ${moves},`, ...list].map((line) => `  ${line}`),
  ].join('\n');
}

/** Failures are of one kind when they are told in the same words, but for numbers and names of hosts. */
function kindOf(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n');
  return first.replaceAll(/h\d+\.[0-9a-f]+|\d+(?:\.\d+)*/g, '#');
}
