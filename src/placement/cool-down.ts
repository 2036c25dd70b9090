/**
 * What is left of an execution's cool-down, in ms; 0 when it may move again. It belongs to the execution: every move
 * starts it, whoever asked.
 *
 * Several may know of the last move: the host's own clock since the execution arrived, the wall time in its register,
 * the orchestrator's books. The youngest move counts. An age a little below 0 comes from clocks that differ, and means
 * just now; one that is more than a cool-down below 0, or no number, comes from a clock that nobody can believe, and is
 * passed over.
 *
 * @param agesMs time since the last move, as each of them says; null where one knows of none
 */
export function coolDownLeftMs(agesMs: readonly (number | null)[], coolDownMs: number): number {
  let leftMs = 0;
  for (const ageMs of agesMs) {
    if (ageMs === null || !(ageMs >= -coolDownMs)) continue;
    leftMs = Math.max(leftMs, Math.min(coolDownMs, coolDownMs - ageMs));
  }
  return leftMs;
}
