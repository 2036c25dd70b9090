import { GodwitError } from '../core/errors.ts';
import type { HostIdentity } from '../core/execution.ts';
import type { HostName, IncarnationId } from '../core/ids.ts';
import type { Clock } from '../core/ports.ts';
import { stepObserver } from '../protocols/lease/observer-step.ts';
import type { ObserverState } from '../protocols/lease/observer.ts';
import type { LeaseRow } from '../protocols/lease/row.ts';
import type { LeaseTiming } from '../protocols/lease/timing.ts';
import type { Table } from './ports.ts';

/** Another live host has this name. */
export class HostNameTakenError extends GodwitError {
  override readonly name = 'HostNameTakenError';
  readonly code = 'HOST_NAME_TAKEN';
  readonly retryable = true;

  constructor(name: HostName, holder: HostIdentity) {
    super(
      `Host name '${name}' is taken: ${holder.incarnation} at ${holder.address} is alive. ` +
        'Stop it, or start this host under another name (--name).',
    );
  }
}

/**
 * A name belongs to one live incarnation at a time. An earlier start that was killed still has its lease: it is watched
 * until it is over, and ended as any observer would.
 */
export async function awaitEarlierStart(
  name: HostName,
  leases: Table<LeaseRow>,
  timing: LeaseTiming,
  clock: Clock,
): Promise<void> {
  const observers = new Map<IncarnationId, ObserverState>();
  const seen = new Map<IncarnationId, number>();
  for (;;) {
    const sentAtMs = clock.monotonicMs();
    const namesakes = (await leases.list()).filter(
      ({ row }) => row.host.name === name && row.phase === 'live',
    );
    if (namesakes.length === 0) return;
    for (const { row, revision } of namesakes) {
      const { incarnation } = row.host;
      if ((seen.get(incarnation) ?? row.renewals) !== row.renewals)
        throw new HostNameTakenError(name, row.host);
      seen.set(incarnation, row.renewals);
      const state = observers.get(incarnation) ?? { incarnation, timing, phase: 'unseen' };
      const nowMs = clock.monotonicMs();
      const stepped = stepObserver(state, { kind: 'found', row, revision, sentAtMs, nowMs });
      observers.set(incarnation, stepped.state);
      for (const effect of stepped.effects) {
        if (effect.kind === 'endLease') await leases.cas(incarnation, effect.expectedRevision, effect.row);
      }
    }
    await after(clock, timing.observeEveryMs);
  }
}

export function after(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}
