import type { OwnershipState } from '../protocols/ownership/ownership.ts';
import type { Claim, OwnerChange } from '../protocols/ownership/register.ts';
import type { Barrier } from './ports.ts';

/** Each is a point where a test may hold a host: see docs/testing.md. */
const heldKinds = {
  start: true,
  migration: true,
  takeBack: true,
  recovery: true,
  checkpoint: true,
  prove: true,
  settle: true,
  seat: true,
} as const satisfies Record<Claim['kind'] | OwnerChange['kind'] | 'seat', true>;

export const heldWrites: readonly string[] = Object.keys(heldKinds);

/**
 * A write of the registry that a test may hold: before it is sent, as a thread that stands still there would, or once
 * it was answered and before anybody here has heard of it.
 *
 * @param what kind of the write: the points are `before:WHAT` and `after:WHAT`
 * @param subject whose row it is
 */
export function heldWrite<Answer>(
  barrier: Barrier,
  what: string,
  subject: string,
  write: () => Promise<Answer>,
): Promise<Answer> {
  const [before, after] = [`before:${what}`, `after:${what}`] as const;
  if (!barrier.stopsAt(before) && !barrier.stopsAt(after)) return write();
  const passed = (point: string): Promise<void> =>
    new Promise((goOn) => {
      if (barrier.stopsAt(point)) barrier.stop(point, subject, goOn);
      else goOn();
    });
  return passed(before)
    .then(write)
    .then((answer) => passed(after).then(() => answer));
}

/** What an execution's register is written for: the kind of the claim, or of the owner's change. */
export function writeOf(state: OwnershipState): string {
  if (state.phase === 'claiming') return state.claim.kind;
  if (state.phase === 'running') return state.change?.kind ?? state.phase;
  return state.phase === 'settling' ? 'settle' : state.phase;
}
