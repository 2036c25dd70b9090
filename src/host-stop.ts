import { address } from './actors/addresses.ts';
import { after } from './actors/host-name.ts';
import type { HouseParts } from './actors/house.ts';
import type { ExecutionId } from './core/ids.ts';

/** How long a stopping host waits for the end of its lease, and for its actors. */
export const stopGraceMs = 5_000;
const lastCheckpointsMaxMs = 5_000;
const lookAgainMs = 20;

/**
 * A clean stop: nothing new comes in, everything that runs here is checkpointed once more, and the lease is given up.
 *
 * @param ended resolves when the host has ended
 */
export async function stopInOrder(parts: HouseParts, ended: Promise<unknown>): Promise<void> {
  const { kernel, identity, clock } = parts;
  parts.closeDoors();
  await lastCheckpoints(parts);
  kernel.lookup(address.role(identity.name, 'lease'))?.tell({ kind: 'end' });
  await Promise.race([ended, after(clock, stopGraceMs)]);
}

async function lastCheckpoints({
  board,
  book,
  kernel,
  identity,
  clock,
  directory,
}: HouseParts): Promise<void> {
  const running = book.cells().filter(({ state }) => state.phase === 'running');
  const revisions = new Map(
    running.map(({ execution }) => [execution, directory.register(execution)?.revision]),
  );
  const checkpoints = kernel.lookup(address.role(identity.name, 'checkpoints'));
  for (const execution of revisions.keys()) checkpoints?.tell({ kind: 'soon', execution });
  const deadlineMs = clock.monotonicMs() + lastCheckpointsMaxMs;
  const isPending = ([execution, revision]: readonly [ExecutionId, number | undefined]): boolean =>
    board.laneOf(execution) !== null && directory.register(execution)?.revision === revision;
  while ([...revisions].some(isPending) && clock.monotonicMs() < deadlineMs) await after(clock, lookAgainMs);
}
