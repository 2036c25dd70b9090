import type { WitnessedAct } from '../../src/simulator/cluster/witness.ts';

/**
 * What the acts show of never two: within a generation each count comes once and follows the one before, whichever host
 * acts; a higher generation goes back to a checkpoint, and the lower one never acts again.
 */
export function faultsOf(acts: readonly WitnessedAct[]): readonly string[] {
  const faults: string[] = [];
  let last: WitnessedAct | null = null;
  for (const act of acts) {
    const { epoch, generation } = act.tenure;
    if (last !== null) {
      const before = last.tenure;
      if (generation < before.generation)
        faults.push(`generation ${generation} acts after ${before.generation}`);
      if (generation === before.generation && act.count !== last.count + 1)
        faults.push(
          `${act.count} follows ${last.count} in generation ${generation}, by ${act.by} at ${act.atMs}`,
        );
      if (epoch < before.epoch) faults.push(`epoch ${epoch} acts after ${before.epoch}`);
      if (generation > before.generation && act.count > last.count + 1)
        faults.push(`${act.count} after a rewind, where ${last.count} was the last`);
    }
    last = act;
  }
  return faults;
}
